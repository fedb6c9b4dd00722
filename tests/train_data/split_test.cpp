#include "elegans/train/split.hpp"

#include <gmock/gmock.h>

#include <set>

#include "elegans/base/error.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

std::vector<double> all_features(const Dataset& part) {
  std::vector<double> all;
  for (std::size_t s = 0; s < part.size(); ++s) all.insert(all.end(), part.features(s).begin(), part.features(s).end());
  return all;
}

TEST(SplitByTime, HoldsBackTheEndOfEveryRecording) {
  const Parts parts = split_by_time(numbered({10, 4}), {.fractions = {.validation = 0.2, .test = 0.3}});
  EXPECT_THAT(all_features(parts.train), ElementsAre(0, 1, 2, 3, 4, 100, 101));
  EXPECT_THAT(all_features(parts.validation), ElementsAre(5, 6, 102));
  EXPECT_THAT(all_features(parts.test), ElementsAre(7, 8, 9, 103));
  EXPECT_THAT(parts.test.dt(0), ElementsAre(1 + 7.0 / 4, 3, 1 + 9.0 / 4));  // the first keeps its own
  EXPECT_THAT(parts.test.targets(0), ElementsAre(-7, -8, -9));
  EXPECT_TRUE(is_whole(parts.test));
  EXPECT_NO_THROW(validate(parts.train));
}

TEST(SplitByTime, RecordingsTooShortHaveNoLaterPart) {
  const Parts parts = split_by_time(numbered({10, 1}), {.fractions = {.test = 0.2}});
  EXPECT_EQ(parts.train.size(), 2U);
  EXPECT_EQ(parts.test.size(), 1U);
  EXPECT_EQ(parts.validation.size(), 0U);
}

TEST(SplitByTime, OfTheWholeWithoutTimeStampsIsByOrder) {
  const Parts parts =
      split_by_time(numbered({3, 5, 2}), {.fractions = {.validation = 0.2, .test = 0.3}, .scope = TimeScope::whole});
  EXPECT_THAT(all_features(parts.train), ElementsAre(0, 1, 2, 100, 101));
  EXPECT_THAT(all_features(parts.validation), ElementsAre(102, 103));
  EXPECT_THAT(all_features(parts.test), ElementsAre(104, 200, 201));
}

TEST(SplitByTime, OfTheWholeFollowsTheClock) {
  Dataset data = numbered({4, 4});
  data.recordings[0].time = {10, 20, 30, 40};
  data.recordings[1].time = {5, 15, 30, 30};
  const Parts parts = split_by_time(data, {.fractions = {.test = 0.25}, .scope = TimeScope::whole});
  // The border falls on 30, and all steps of that stamp are on its later side.
  EXPECT_THAT(all_features(parts.train), ElementsAre(0, 1, 100, 101));
  EXPECT_THAT(all_features(parts.test), ElementsAre(2, 3, 102, 103));
  EXPECT_THAT(parts.test.recordings[0].time, ElementsAre(30, 40));
}

TEST(SplitByTime, NoWindowHoldsStepsOfTwoParts) {
  const Parts parts = split_by_time(numbered({20}), {.fractions = {.test = 0.5}});
  const Dataset train = windows(parts.train, {.length = 4, .stride = 1}),
                test = windows(parts.test, {.length = 4, .stride = 1});
  for (const double x : all_features(train)) EXPECT_LT(x, 10);
  for (const double x : all_features(test)) EXPECT_GE(x, 10);
}

TEST(SplitByTimeErrors, Texts) {
  const auto error = [](const Dataset& data, const TimeSplit& split) {
    return message_of<ConfigError>([&] { split_by_time(data, split); });
  };
  EXPECT_EQ(
      error(numbered({4}), {.fractions = {.test = 0.1}}),
      "split_by_time: the test part is empty; expected at least one sequence. Ask for a larger fraction (--test), or "
      "bring more data.");
  EXPECT_THAT(error(numbered({4}), {.fractions = {.validation = 0.1}}),
              testing::StartsWith("split_by_time: the validation part is empty"));
  EXPECT_THAT(error(numbered({1}), {.fractions = {.test = 0.9}}),
              testing::StartsWith("split_by_time: the training part is empty"));
  EXPECT_EQ(error(numbered({4}), {.fractions = {.test = 1}}),
            "split_by_time: a fraction is 1; expected 0 or more and less than 1.");
  EXPECT_EQ(error(numbered({4}), {.fractions = {.validation = 0.5, .test = 0.5}}),
            "split_by_time: the sum of the fractions is 1; expected less than 1. Leave something to train on.");
  EXPECT_EQ(error(windows(numbered({4}), {.length = 2}), {.fractions = {.test = 0.5}}),
            "split_by_time: the data set is cut into windows already; expected whole recordings. Split first, then cut "
            "each part "
            "into windows.");
  EXPECT_EQ(
      error(labelled({"a", "b"}), {.fractions = {.test = 0.5}}),
      "split_by_time: the target belongs to a whole recording; expected a target at every step. Split by group or at "
      "random.");
}

TEST(SplitByGroup, TakesRecordingsByName) {
  const Parts parts = split_by_group(numbered({1, 2, 1, 2}), {.validation = {"r2"}, .test = {"r1", "r0"}});
  EXPECT_THAT(all_features(parts.train), ElementsAre(300, 301));
  EXPECT_THAT(all_features(parts.validation), ElementsAre(200));
  EXPECT_THAT(all_features(parts.test), ElementsAre(0, 100, 101));
}

TEST(SplitByGroupErrors, Texts) {
  const auto error = [](const GroupSplit& split) {
    return message_of<ConfigError>([&] { split_by_group(numbered({1, 2}), split); });
  };
  EXPECT_EQ(error({.validation = {"r3"}}),
            "split_by_group: the group 'r3' is not in the data; expected one of its 2 groups. Did "
            "you mean 'r0' or 'r1'?");
  EXPECT_EQ(error({.validation = {"r1"}, .test = {"r1"}}),
            "split_by_group: the group 'r1' is listed for validation and for test; expected one part a group. Take it "
            "out of one "
            "of the two.");
  EXPECT_THAT(error({.validation = {"r1"}, .test = {"r0"}}),
              testing::StartsWith("split_by_group: the training part is empty"));
}

TEST(SplitAtRandom, PartsAreDisjointAndCoverEverything) {
  const Dataset data = numbered(std::vector<std::size_t>(100, 1));
  const Parts parts = split_at_random(data, {.fractions = {.validation = 0.1, .test = 0.25}, .seed = 3});
  EXPECT_EQ(parts.train.size(), 65U);
  EXPECT_EQ(parts.validation.size(), 10U);
  EXPECT_EQ(parts.test.size(), 25U);
  std::multiset<double> all;
  for (const Dataset* part : {&parts.train, &parts.validation, &parts.test})
    for (const double x : all_features(*part)) all.insert(x);
  EXPECT_EQ(all.size(), 100U);
  EXPECT_EQ(std::set<double>(all.begin(), all.end()).size(), 100U);
}

TEST(SplitAtRandom, TheSeedDecides) {
  const Dataset data = numbered(std::vector<std::size_t>(50, 1));
  const auto test_part = [&](std::uint64_t seed) {
    return all_features(split_at_random(data, {.fractions = {.test = 0.2}, .seed = seed}).test);
  };
  EXPECT_EQ(test_part(1), test_part(1));
  EXPECT_NE(test_part(1), test_part(2));
  const std::vector<double> part = test_part(1);
  EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
}

TEST(SplitAtRandom, StratifiedKeepsTheShareOfEveryClass) {
  std::vector<std::string> classes;
  for (int i = 0; i < 60; ++i) classes.push_back(i % 6 == 0 ? "rare" : "usual");
  const Parts parts = split_at_random(
      labelled(classes), {.fractions = {.validation = 0.2, .test = 0.3}, .seed = 5, .stratify = Stratify::by_class});
  const auto rare = [](const Dataset& part) {
    int count = 0;
    for (std::size_t s = 0; s < part.size(); ++s) count += part.labels(s)[0] == 0;
    return count;
  };
  EXPECT_EQ(rare(parts.train), 5);
  EXPECT_EQ(rare(parts.validation), 2);
  EXPECT_EQ(rare(parts.test), 3);
  EXPECT_EQ(parts.train.size(), 30U);
}

TEST(SplitAtRandom, TakesWindowsToo) {
  const Dataset data = windows(numbered({100}), {.length = 4, .stride = 1});
  const Parts parts = split_at_random(data, {.fractions = {.validation = 0.1}});
  EXPECT_EQ(parts.validation.size(), 10U);
  EXPECT_EQ(parts.train.size(), 87U);
  EXPECT_EQ(parts.train.steps(0), 4U);
}

TEST(SplitAtRandomErrors, Texts) {
  const auto error = [](const Dataset& data, const RandomSplit& split) {
    return message_of<ConfigError>([&] { split_at_random(data, split); });
  };
  EXPECT_EQ(
      error(numbered({1, 1}), {.fractions = {.test = 0.1}}),
      "split_at_random: the test part is empty; expected at least one sequence. Ask for a larger fraction (--test), "
      "or bring more data.");
  EXPECT_EQ(error(numbered({1, 1}), {.fractions = {.test = 0.5}, .stratify = Stratify::by_class}),
            "split_at_random: stratify is by_class; expected no, for a sequence has no single class here. Take the "
            "target of the "
            "last step or of the whole recording.");
  EXPECT_EQ(error(labelled({"a", "a", "a", "b"}), {.fractions = {.test = 0.5}, .stratify = Stratify::by_class}),
            "split_at_random: the training part of class 'b' is empty; expected at least one sequence. Ask for smaller "
            "fractions, "
            "or bring more data.");
  EXPECT_THAT(error(numbered({1}), {.fractions = {.test = -0.1}}),
              testing::StartsWith("split_at_random: a fraction is -0.1"));
}

}  // namespace
}  // namespace elegans::train
