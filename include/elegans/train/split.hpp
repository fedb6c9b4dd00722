#pragma once
// Training, validation and test part of a data set.
//
// By time:   the last steps of every recording, or the last steps of all, are held back. Splits recordings, before
//            windows are cut, so that no window holds steps of two parts. The first step of a later part keeps its Δt.
// By group:  whole recordings, by name.
// At random: whole sequences. Of recordings this is a split by group whose groups are drawn; of windows that overlap
//            it lets steps of the test part into training (some published protocols do so): split first where that
//            matters.
//
// A fraction of 0 asks for no such part. A part that is asked for and would be empty is a ConfigError, and so is an
// empty training part.

#include <cstdint>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

struct Parts {
  Dataset train;
  Dataset validation;
  Dataset test;
};

struct Fractions {
  double validation = 0;
  double test = 0;
};

enum class TimeScope {
  // Of each recording: its last steps, rounded to whole ones, are the test part; those before, validation.
  every_recording,
  // Of all steps by time stamp (by their order in the file without time stamps): recordings are cut where the border
  // falls, and steps of equal stamp stay together, in the later part.
  whole,
};

struct TimeSplit {
  Fractions fractions = {};
  TimeScope scope = TimeScope::every_recording;
};

// Throws ConfigError also where `data` holds windows, or targets that belong to a whole recording.
Parts split_by_time(const Dataset& data, const TimeSplit& split);

struct GroupSplit {
  std::vector<std::string> validation = {};  // names of recordings
  std::vector<std::string> test = {};
};

// All other recordings are trained on. Throws ConfigError also for a name that no recording has, with the nearest.
Parts split_by_group(const Dataset& data, const GroupSplit& split);

enum class Stratify {
  no,
  by_class,  // each class has its share in every part; needs one class a sequence
};

struct RandomSplit {
  Fractions fractions = {};
  std::uint64_t seed = 0;
  Stratify stratify = Stratify::no;
};

// The same seed gives the same parts on every machine. Within a part, sequences keep their order.
Parts split_at_random(const Dataset& data, const RandomSplit& split);

}  // namespace elegans::train
