#include "elegans/train/forecast.hpp"

#include <gmock/gmock.h>

#include "elegans/base/error.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

// Two features, "x" and "v" = 10 x, of recordings of the given lengths; no targets.
Dataset unlabelled(const std::vector<std::size_t>& lengths) {
  Dataset data = numbered(lengths);
  for (Recording& recording : data.recordings) {
    std::vector<double> both;
    for (const double x : recording.features) both.insert(both.end(), {x, 10 * x});
    recording.features = both;
    recording.targets.clear();
  }
  return make_dataset({.features = {"x", "v"}}, std::move(data.recordings));
}

TEST(Forecast, MakesLaterFeaturesTheTargets) {
  const Dataset data = forecast(unlabelled({5, 2, 3}), {.horizon = 2});
  EXPECT_THAT(data.schema.targets, ElementsAre("x", "v"));
  ASSERT_EQ(data.size(), 2U);  // the recording of two steps is too short
  EXPECT_THAT(data.features(0), ElementsAre(0, 0, 1, 10, 2, 20));
  EXPECT_THAT(data.targets(0), ElementsAre(2, 20, 3, 30, 4, 40));
  EXPECT_THAT(data.dt(0), ElementsAre(1, 1.25, 1.5));
  EXPECT_EQ(data.recordings[1].name, "r2");
  EXPECT_THAT(data.targets(1), ElementsAre(202, 2020));
}

TEST(Forecast, OfSomeFeaturesAndInWindows) {
  const Dataset data = windows(forecast(unlabelled({6}), {.features = {"v"}}), {.length = 2, .stride = 3});
  EXPECT_THAT(data.schema.features, ElementsAre("x", "v"));
  EXPECT_THAT(data.schema.targets, ElementsAre("v"));
  EXPECT_THAT(data.targets(1), ElementsAre(40, 50));
}

TEST(ForecastErrors, Texts) {
  const auto error = [](const Dataset& data, const ForecastOptions& options) {
    return message_of<ConfigError>([&] { forecast(data, options); });
  };
  EXPECT_EQ(error(numbered({3}), {}),
            "forecast: the data set is with targets of its own; expected features alone. Read the file without "
            "targets: what is foreseen are features.");
  EXPECT_EQ(error(windows(unlabelled({6}), {.length = 2}), {}),
            "forecast: the data set is cut into windows or selected from one; expected whole recordings. Cut windows "
            "afterwards.");
  EXPECT_EQ(error(unlabelled({3}), {.horizon = 0}), "forecast: horizon is 0; expected 1 or more steps.");
  EXPECT_EQ(error(unlabelled({3}), {.features = {"vv"}}),
            "forecast: a feature is 'vv'; expected one of the data's. Did you mean 'v'?");
  EXPECT_EQ(error(unlabelled({3}), {.features = {"v", "v"}}),
            "forecast: the feature 'v' is named twice; expected distinct names.");
  EXPECT_EQ(error(unlabelled({3, 2}), {.horizon = 3}),
            "forecast: horizon is 3; expected less than 3, the steps of the longest recording.");
}

}  // namespace
}  // namespace elegans::train
