#pragma once
// Cross-validation: every sequence is tested on once, by a model that has not seen it.
//
//   for (const Parts& parts : folds(data, {.count = 5, .validation = 0.1, .seed = 7}))
//     scores.push_back(train_and_evaluate(parts));
//
// By sequence:  sequences are drawn into `count` folds of equal size (give or take one), by class where asked for.
// By group:     whole recordings of one name (people, machines) stay in one fold.
// In time:      each recording is cut into count + 1 blocks of equal length; fold i trains on the blocks before block
//               i + 1 and tests on it, so that nothing is learnt from the future.
//
// The same seed gives the same folds on every machine. (scikit-learn's KFold, StratifiedKFold, GroupKFold and
// TimeSeriesSplit.)

#include <cstdint>
#include <vector>

#include "elegans/train/split.hpp"

namespace elegans::train {

enum class FoldBy { sequence, group, time };

struct FoldOptions {
  std::size_t count = 5;  // 2 or more
  FoldBy by = FoldBy::sequence;
  double validation =
      0;  // share of what is trained on, to choose the best epoch by: the last steps in time, else drawn
  std::uint64_t seed = 0;
  Stratify stratify = Stratify::no;  // by sequence alone
};

// Of each fold the parts, where the test part is the fold. ConfigError where an option is out of its range, a part
// would be empty (fewer sequences, groups or steps than folds), or `data` does not fit (split.hpp: windows cannot be
// cut in time, stratifying needs one class a sequence).
std::vector<Parts> folds(const Dataset& data, const FoldOptions& options);

}  // namespace elegans::train
