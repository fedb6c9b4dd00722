#pragma once
// The .ts format of the time series classification archives, as far as classification needs it.
//
//   # comment
//   @problemName JapaneseVowels
//   @timeStamps false
//   @missing false
//   @univariate false
//   @dimensions 12
//   @equalLength false
//   @classLabel true 1 2 3 4 5 6 7 8 9
//   @data
//   1.86,1.89:-0.21,-0.19:…:1        a case a line: channels parted by ':', their values by ',', the class last
//
// Each case becomes a recording ("case 1", …) with the target of a whole recording; features are "channel 1", …; Δt
// is 1. Tags may be in any order and case. Labels are indices of the names that @classLabel lists, in its order.
//
// FormatError names file and line: an unknown or repeated tag, a missing @problemName, @classLabel or @data, time
// stamps, missing values or regression targets (not supported), a value that is not a finite number, channels of
// different length in a case, another number of channels than @dimensions or the first case, a length other than
// @seriesLength, a class that is not listed, no case.

#include <filesystem>
#include <iosfwd>
#include <string>

#include "elegans/train/dataset.hpp"

namespace elegans::train {

Dataset read_ts(const std::filesystem::path& file);  // and FileError

// The same from a stream; `source` is the file's name in messages.
Dataset read_ts(std::istream& in, const std::string& source);

}  // namespace elegans::train
