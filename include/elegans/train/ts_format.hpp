#pragma once
// The .ts format of the time series archives (UEA and UCR for classification, TSER for regression).
//
//   # comment
//   @problemName Japanese Vowels
//   @timeStamps false
//   @missing false
//   @univariate false
//   @dimensions 12
//   @equalLength false
//   @classLabel true 1 2 3 4 5 6 7 8 9        or  @targetLabel true  for numbers,  @classLabel false  for neither
//   @data
//   1.86,1.89:-0.21,?:…:1            a case a line: channels parted by ':', their values by ',', the target last
//   (0,1.86),(0.5,1.89):(0.2,-0.21):…:1       the same with @timeStamps true: pairs of time and value
//
// Each case becomes a recording ("case 1", …) with the target of a whole recording; features are "channel 1", …. Tags may
// be in any order and case, and of them only @classLabel or @targetLabel must be there. Labels are indices of the names
// that @classLabel lists, in its order; a case may write them in letters of another case.
//
// Without time stamps Δt is 1 and the channels of a case are of one length. With them (seconds, or ISO 8601), each
// channel has stamps of its own, of one kind and increasing: the steps of a case are all stamps that occur in it, and a
// channel that has none of its own there is missing. What is missing, "?" or NaN in the file too, is treated as
// TsOptions say, whatever @missing says.
//
// FormatError names file and line: an unknown or repeated tag, neither or both kinds of target, no @data, a value that
// is not a finite number, channels of different length in a case, another number of channels than @dimensions or the
// first case, a case (with time stamps: a channel) of another length than @seriesLength or, with @equalLength, the
// first, a stamp that cannot be read, is of another kind or does not come after the one before, a class that is not
// listed, a target that is no number, no case; and what treat_missing refuses.

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

struct TsOptions {
  Missing missing = Missing::error;
  std::vector<std::string> sporadic = {};  // Roles::sporadic
  std::optional<double> first_dt = {};  // Δt of a case's first step, with time stamps; nothing: the case's median Δt
};

Dataset read_ts(const std::filesystem::path& file, const TsOptions& options = {});  // and FileError

// The same from a stream; `source` is the file's name in messages.
Dataset read_ts(std::istream& in, const std::string& source, const TsOptions& options = {});

}  // namespace elegans::train
