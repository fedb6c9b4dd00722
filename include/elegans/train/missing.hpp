#pragma once
// Values that are not there: NaN among the features of recordings.
//
//   t   x    y          forward_fill    drop        as_inputs
//   0   1    5          1  5            1  5        1  5   seen 1  elapsed 0
//   1   2    -          2  5                        2  5        0          1
//   2   3    7          3  7            3  7        3  7        1          0
//                                       (Δt 2)
//
// Readers of files take the same choice; treat_missing is for data that a program fills itself (with time stamps merged
// by merge_channels, say).

#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

// Whole recordings that may hold NaN, whatever Schema::sporadic says, become a valid data set.
//
//   error         FormatError names the first value that is missing
//   forward_fill  a feature keeps its last value of the same recording; FormatError where its first step has none
//   drop          steps that lack a value are left out, and Δt of the next spans the gap; the first step that is left
//                 has the Δt that the first one had; recordings without a step left are left out, too; FormatError where
//                 no recording is left
//   as_inputs     NaN stays, in the features that Schema::sporadic lists then: those of `sporadic`, or, where that is
//                 empty, all that lack a value somewhere. FormatError for one that is missing in another feature
//
// A class or target of a step that is dropped goes with it.
Dataset treat_missing(Dataset data, Missing missing, const std::vector<std::string>& sporadic = {});

// forward_fill for channels that begin at different times: what lies at the beginning of a recording, before every feature
// has had a value, is left out. Recordings without a step left are, too; FormatError where none is left.
Dataset fill_forward_once_seen(Dataset data);

// The last thing to do before training: sporadic features become what the network sees of them, three inputs each, and
// Schema::features their names (model/sporadic.hpp). Features are standardised before, and Δt divided by the time unit.
// Without sporadic features the data stay as they are.
Dataset missing_as_inputs(Dataset data);

}  // namespace elegans::train
