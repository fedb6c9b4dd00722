#include "elegans/train/dataset.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Dataset, OneSequenceARecordingAtFirst) {
  const Dataset data = numbered({3, 1});
  ASSERT_EQ(data.size(), 2U);
  EXPECT_TRUE(is_whole(data));
  EXPECT_EQ(data.longest(), 3U);
  EXPECT_THAT(data.features(0), ElementsAre(0, 1, 2));
  EXPECT_THAT(data.features(1), ElementsAre(100));
  EXPECT_THAT(data.targets(0), ElementsAre(0, -1, -2));
}

TEST(Dataset, ViewsOfAWindow) {
  Dataset data = numbered({5});
  data.sequences = {{0, 1, 3}};
  EXPECT_FALSE(is_whole(data));
  EXPECT_THAT(data.features(0), ElementsAre(1, 2, 3));
  EXPECT_THAT(data.dt(0), ElementsAre(1.25, 1.5, 1.75));
  EXPECT_THAT(data.targets(0), ElementsAre(-1, -2, -3));
  data.schema.target_at = TargetAt::last_step;
  EXPECT_THAT(data.targets(0), ElementsAre(-3));
}

TEST(Dataset, SelectKeepsTheRecordingsThatAreNeeded) {
  Dataset data = numbered({4, 2, 3});
  data.sequences = {{0, 0, 2}, {0, 2, 2}, {1, 0, 2}, {2, 1, 2}};
  const std::size_t chosen[] = {3, 0, 3};
  const Dataset selected = select(data, chosen);
  ASSERT_EQ(selected.recordings.size(), 2U);
  EXPECT_THAT(selected.features(0), ElementsAre(201, 202));
  EXPECT_THAT(selected.features(1), ElementsAre(0, 1));
  EXPECT_THAT(selected.features(2), ElementsAre(201, 202));
  const std::size_t beyond[] = {4};
  EXPECT_EQ(message_of<ConfigError>([&] { select(data, beyond); }),
            "select: sequence 4 is not there; expected less than 4, the number of sequences.");
}

TEST(Dataset, CoversEachStepOnce) {
  Dataset data = numbered({4, 2});
  data.sequences = {{0, 0, 2}, {0, 1, 2}};
  std::vector<std::pair<std::size_t, std::size_t>> steps;
  for_each_step(data, [&](std::size_t r, std::size_t t) { steps.emplace_back(r, t); });
  EXPECT_THAT(steps, ElementsAre(std::pair(0, 0), std::pair(0, 1), std::pair(0, 2)));
}

TEST(DatasetErrors, NameRecordingAndStep) {
  const auto error = [](auto&& break_it) {
    return message_of<FormatError>([&] {
      Dataset data = numbered({3, 2});
      break_it(data);
      validate(data);
    });
  };
  EXPECT_EQ(error([](Dataset& d) { d.recordings[1].features[1] = std::nan(""); }),
            "validate: recording 'r1', step 1: feature 'x' is nan; expected a finite number.");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].targets[2] = std::numeric_limits<double>::infinity(); }),
            "validate: recording 'r0', step 2: target 'y' is inf; expected a finite number.");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].dt[1] = -1; }),
            "validate: recording 'r0', step 1: Δt is -1; expected a finite number of seconds, 0 or more. Sort the "
            "steps by time.");
  EXPECT_EQ(
      error([](Dataset& d) {
        d.recordings[0].time = {0, 2, 1};
      }),
      "validate: recording 'r0', step 2: the time is 1; expected a finite number, not before the step before. Sort the "
      "steps by time.");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].features.pop_back(); }),
            "validate: features of recording 'r0' is 2 values long; expected 3 (steps × features).");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].targets.clear(); }),
            "validate: targets of recording 'r0' is 0 values long; expected 3 (rows × targets).");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].time = {1}; }),
            "validate: time of recording 'r0' is 1 values long; expected 3 (one a step).");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].lines = {1}; }),
            "validate: lines of recording 'r0' is 1 values long; expected 3 (one a step).");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0].labels = {1}; }),
            "validate: labels of recording 'r0' is 1 values long; expected 0 (none without classes).");
  EXPECT_EQ(error([](Dataset& d) { d.recordings[0] = {.name = "r0"}; }),
            "validate: recording 'r0' is empty; expected at least one step. Leave it out.");
  EXPECT_EQ(error([](Dataset& d) {
              d.sequences.push_back({1, 1, 2});
            }),
            "validate: sequence 2 is steps 1 … 3 of recording 1; expected one or more steps within a recording.");
  EXPECT_THAT(error([](Dataset& d) { d.sequences[0].recording = 2; }),
              testing::StartsWith("validate: sequence 0 is steps"));
  EXPECT_THAT(error([](Dataset& d) { d.sequences[0].steps = 0; }),
              testing::StartsWith("validate: sequence 0 is steps"));
  EXPECT_EQ(error([](Dataset& d) { d.schema.features.clear(); }),
            "validate: the data set has no features; expected at least one.");
  EXPECT_EQ(error([](Dataset& d) {
              d.schema.features = {"x", "x"};
            }),
            "validate: the feature 'x' is listed twice; expected distinct names. Rename one.");
}

TEST(DatasetErrors, LabelsOutOfRange) {
  Dataset data = labelled({"a", "b", "a"});
  data.recordings[2].labels[0] = 2;
  EXPECT_EQ(message_of<FormatError>([&] { validate(data); }),
            "validate: recording 'r2', step 0: the label is 2; expected 0 … 1.");
  data.recordings[2].lines = {7, 8};
  data.recordings[2].source = "data.csv";
  data.recordings[2].labels[0] = -1;
  EXPECT_EQ(message_of<FormatError>([&] { validate(data); }),
            "validate: data.csv, line 7: the label is -1; expected 0 … 1.");
  data.sequences.pop_back();  // what no sequence holds is not looked at
  EXPECT_NO_THROW(validate(data));
}

}  // namespace
}  // namespace elegans::train
