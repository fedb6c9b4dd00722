#include "elegans/train/jitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/train/windows.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

Dataset two_recordings(std::size_t steps) {
  std::vector<Recording> recordings;
  for (const std::int32_t label : {0, 1}) {
    Recording& recording = recordings.emplace_back();
    recording.name = label == 0 ? "a" : "b";
    recording.features.assign(2 * steps, 10.0 * label);
    recording.dt.assign(steps, 0.5);
    recording.labels = {label};
  }
  return make_dataset(
      {.features = {"x", "y"}, .targets = {"c"}, .classes = {"no", "yes"}, .target_at = TargetAt::whole_recording},
      std::move(recordings));
}

TEST(Jitter, KeepsAllButTheFeatures) {
  const Dataset copies = jitter(two_recordings(4), {.copies = 3, .seed = 1});
  ASSERT_EQ(copies.size(), 6u);
  for (std::size_t s = 0; s < copies.size(); ++s) {
    EXPECT_EQ(copies.labels(s)[0], static_cast<std::int32_t>(s % 2));
    EXPECT_EQ(copies.steps(s), 4u);
    EXPECT_EQ(copies.dt(s)[3], 0.5);
  }
}

// Of n numbers the deviation is off by no more than a few times 1/sqrt(2 n).
TEST(Jitter, HasTheDeviationsAskedFor) {
  const auto deviation = [](const Dataset& data, auto&& value) {
    double squares = 0, count = 0;
    for (std::size_t s = 0; s < data.size(); ++s)
      for (std::size_t i = 0; i < data.features(s).size(); ++i, ++count) {
        const double d = value(data.features(s), i) - (s % 2 == 0 ? 0 : 10);
        squares += d * d;
      }
    return std::sqrt(squares / count);
  };
  const auto at = [](auto features, std::size_t i) { return features[i]; };
  const auto first = [](auto features, std::size_t i) { return features[i % 2]; };
  const Dataset noise = jitter(two_recordings(500), {.copies = 10, .noise = 0.3, .seed = 2});
  EXPECT_NEAR(deviation(noise, at), 0.3, 0.3 * 5 / std::sqrt(2.0 * 20000));
  const Dataset offsets = jitter(two_recordings(3), {.copies = 5000, .noise = 0, .offset = 0.7, .seed = 2});
  EXPECT_NEAR(deviation(offsets, at), 0.7, 0.7 * 5 / std::sqrt(2.0 * 20000));
  EXPECT_EQ(deviation(offsets, at), deviation(offsets, first)) << "one offset for all steps";
}

TEST(Jitter, FollowsItsSeed) {
  const Dataset data = two_recordings(4);
  const auto features = [&](std::uint64_t seed) { return jitter(data, {.seed = seed}).recordings[3].features; };
  EXPECT_EQ(features(1), features(1));
  EXPECT_NE(features(1), features(2));
}

TEST(JitterErrors, SayWhatIsWrong) {
  const Dataset data = two_recordings(4);
  EXPECT_EQ(message_of<ConfigError>([&] { jitter(data, {.copies = 0}); }), "jitter: copies is 0; expected 1 or more.");
  EXPECT_THAT(message_of<ConfigError>([&] { jitter(data, {.copies = 1'000'000'000'000'000'000}); }),
              AllOf(HasSubstr("jitter: copies is 1000000000000000000; expected at most "),
                    HasSubstr(", which are 68719476736 numbers together")));
  EXPECT_THAT(message_of<ConfigError>([&] { jitter(data, {.noise = -1}); }), HasSubstr("noise is -1; expected"));
  EXPECT_THAT(message_of<ConfigError>([&] { jitter(windows(data, {.length = 2}), {}); }),
              HasSubstr("expected whole recordings. Cut windows afterwards."));
}

TEST(RepeatTargets, GivesEveryStepItsRecordingsTarget) {
  const Dataset data = repeat_targets(two_recordings(3));
  EXPECT_EQ(data.schema.target_at, TargetAt::every_step);
  EXPECT_THAT(std::vector<std::int32_t>(data.labels(1).begin(), data.labels(1).end()), ::testing::ElementsAre(1, 1, 1));
  EXPECT_THAT(message_of<ConfigError>([&] { repeat_targets(data); }), HasSubstr("given for every step already"));
}

}  // namespace
}  // namespace elegans::train
