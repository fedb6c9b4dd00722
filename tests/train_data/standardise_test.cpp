#include "elegans/train/standardise.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::Each;
using testing::ElementsAre;

Dataset two_columns(std::vector<double> values) {
  Recording recording{.name = "r", .features = std::move(values)};
  recording.dt.assign(recording.features.size() / 2, 1);
  return make_dataset({.features = {"a", "b"}}, {recording});
}

TEST(Standardise, MeanAndDeviation) {
  const Standardisation s = standardise_features(two_columns({2, 10, 4, 10, 4, 10, 4, 10, 5, 10, 5, 10, 7, 10, 9, 10}));
  EXPECT_THAT(s.mean, ElementsAre(5, 10));
  EXPECT_THAT(s.std, ElementsAre(2, 1));  // the second column never changes
}

TEST(Standardise, AppliesAndInverts) {
  const Standardisation s{.mean = {5, 10}, .std = {2, 1}};
  std::vector<double> rows{9, 10, 1, 11};
  s.apply(rows);
  EXPECT_THAT(rows, ElementsAre(2, 0, -2, 1));
  s.invert(rows);
  EXPECT_THAT(rows, ElementsAre(9, 10, 1, 11));
}

TEST(Standardise, CountsAStepOnceHoweverManyWindowsHoldIt) {
  Dataset data = windows(numbered({5}), {.length = 3, .stride = 1});
  EXPECT_THAT(standardise_features(data).mean, ElementsAre(2));
  data.sequences.resize(1);  // steps 0, 1, 2 only
  EXPECT_THAT(standardise_features(data).mean, ElementsAre(1));
  EXPECT_NEAR(standardise_features(data).std[0], std::sqrt(2.0 / 3), 1e-15);
}

TEST(Standardise, Targets) {
  Dataset data = numbered({3});
  const Standardisation s = standardise_targets(data);
  EXPECT_THAT(s.mean, ElementsAre(-1));
  apply_to_targets(s, data);
  EXPECT_NEAR(data.targets(0)[0], std::sqrt(1.5), 1e-15);
  data.schema.target_at = TargetAt::whole_recording;
  data.recordings[0].targets = {7};
  EXPECT_THAT(standardise_targets(data).mean, ElementsAre(7));  // one row a recording
}

// Readers write 0 where a step has no target, and the weight says that it is none.
TEST(Standardise, TargetsOfWeightZeroAreNone) {
  Dataset data = numbered({4});
  data.recordings[0].targets = {0, 999, 0, 1001};
  data.recordings[0].weights = {0, 1, 0, 0.25};
  const Standardisation s = standardise_targets(data);
  EXPECT_THAT(s.mean, ElementsAre(1000));
  EXPECT_THAT(s.std, ElementsAre(1));
  data.recordings[0].weights = {0, 0, 0, 0};
  EXPECT_THAT(standardise_targets(data).mean, ElementsAre(0));
  EXPECT_THAT(standardise_targets(data).std, ElementsAre(1));
  EXPECT_THAT(standardise_features(data).mean, ElementsAre(1.5)) << "features are there all the same";

  Dataset whole = numbered({2, 3, 2});
  whole.schema.target_at = TargetAt::whole_recording;
  for (const std::size_t r : {0, 1, 2}) {
    whole.recordings[r].targets = {r == 1 ? 0.0 : 6.0 + static_cast<double>(r)};
    whole.recordings[r].weights = {r == 1 ? 0.0 : 1.0};
  }
  EXPECT_THAT(standardise_targets(whole).mean, ElementsAre(7));
  EXPECT_THAT(standardise_targets(whole).std, ElementsAre(1));
}

// A large offset: Σx² − (Σx)² would lose every digit. Values 1e9 + k, k = 0 … 9: variance (100 − 1) / 12 = 8.25.
TEST(Standardise, KeepsItsDigitsUnderALargeOffset) {
  std::vector<double> values;
  for (int k = 0; k < 10; ++k) values.insert(values.end(), {1e9 + k, 0.1});
  Dataset data = two_columns(values);
  const Standardisation s = standardise_features(data);
  EXPECT_EQ(s.mean[0], 1e9 + 4.5);
  EXPECT_NEAR(s.std[0], std::sqrt(8.25), 10 * std::numeric_limits<double>::epsilon());
  EXPECT_EQ(s.mean[1], 0.1);
  EXPECT_EQ(s.std[1], 1);
}

// A running mean alone stands still once (x − mean) / n rounds away: it would end 0.24 below.
TEST(Standardise, LongColumnsDoNotFreezeTheMean) {
  std::vector<double> values;
  for (int k = 0; k < 20000; ++k) values.insert(values.end(), {k < 10000 ? 1e12 : 1e12 + 1, 0});
  const Standardisation s = standardise_features(two_columns(values));
  EXPECT_EQ(s.mean[0], 1e12 + 0.5);
  EXPECT_NEAR(s.std[0], 0.5, 20000 * std::numeric_limits<double>::epsilon());  // 20000 additions
}

TEST(Standardise, StaysFiniteAtTheEdgesOfTheRange) {
  for (const double scale : {1e300, 1e-300, 8e307}) {
    Dataset data = two_columns({scale, 3, -scale, 3, scale, 3, -scale, 3});
    const Standardisation s = standardise_features(data);
    EXPECT_NEAR(s.std[0] / scale, 1, 1e-15);
    apply_to_features(s, data);
    EXPECT_THAT(data.recordings[0].features, Each(testing::Truly([](double x) { return std::isfinite(x); })));
    EXPECT_NEAR(data.features(0)[0], 1, 1e-15);
    EXPECT_EQ(data.features(0)[1], 0);
  }
}

TEST(StandardiseErrors, Texts) {
  const Standardisation s{.mean = {5, 10}, .std = {2, 1}};
  EXPECT_EQ(message_of<ShapeError>([&] {
              std::vector<double> rows(3);
              s.apply(rows);
            }),
            "standardise: the number of values is 3; expected a multiple of the 2 columns.");
  EXPECT_EQ(message_of<ShapeError>([&] {
              Dataset data = numbered({2});
              apply_to_features(s, data);
            }),
            "standardise: the number of features is 1; expected 2, as in the training part.");
  EXPECT_EQ(message_of<ShapeError>([&] {
              Dataset data = numbered({2});
              apply_to_targets(s, data);
            }),
            "standardise: the number of targets is 1; expected 2, as in the training part.");
  EXPECT_EQ(message_of<ConfigError>([] {
              standardise_targets(labelled({"a", "b"}));
            }),
            "standardise: the data set has no numeric targets; expected at least one. Standardise the features only.");
  EXPECT_EQ(message_of<ConfigError>([] {
              Dataset data = numbered({2});
              data.sequences.clear();
              standardise_features(data);
            }),
            "standardise: the training part is empty; expected at least one step. Change the split.");
  EXPECT_EQ(message_of<FormatError>([] {
              standardise_features(two_columns({1.7e308, 0, -1.7e308, 0}));
            }),
            "standardise: the spread of 'a' is beyond the range of a double. Use another unit for this column.");
}

}  // namespace
}  // namespace elegans::train
