#include "elegans/train/timespans.hpp"

#include <gmock/gmock.h>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

TEST(Timespans, Median) {
  const auto of = [](std::vector<double> values) { return median(values); };
  EXPECT_EQ(of({}), 0);
  EXPECT_EQ(of({3}), 3);
  EXPECT_EQ(of({5, 1, 3}), 3);
  EXPECT_EQ(of({5, 1, 3, 2}), 2.5);
  EXPECT_EQ(of({1, 1, 1, 9}), 1);
  EXPECT_EQ(of({1.5e308, 1.7e308}), 1.6e308);
}

TEST(Timespans, OfTheFirstStepIsTheMedian) {
  EXPECT_THAT(timespans(std::vector<double>{2, 4, 9}, std::nullopt), ElementsAre(4, 2, 4, 9));
  EXPECT_THAT(timespans(std::vector<double>{2, 4}, 0.0), ElementsAre(0, 2, 4));
  EXPECT_THAT(timespans({}, std::nullopt), ElementsAre(1));
  EXPECT_THAT(timespans({}, std::nullopt, 60), ElementsAre(60));
  EXPECT_THAT(timespans({}, 5.0, 60), ElementsAre(5));
}

TEST(Timespans, UnitIsTheMedianOfTheStepsTrainedOn) {
  Dataset data = numbered({3, 5});
  data.recordings[0].dt = {60, 59, 61};
  data.recordings[1].dt = {1, 1, 1, 1, 1};
  data.sequences = {{0, 0, 2}, {0, 1, 2}};  // a step in two windows counts once
  EXPECT_EQ(time_unit(data), 60);
  divide_timespans(data, 60);
  EXPECT_THAT(data.dt(0), ElementsAre(1, 59.0 / 60));
}

TEST(TimespansErrors, NoUnit) {
  Dataset data = numbered({3});
  data.recordings[0].dt = {0, 0, 1};
  EXPECT_EQ(message_of<ConfigError>([&] { time_unit(data); }),
            "time_unit: the median Δt of the training part is 0; expected more than 0. More than half of the steps "
            "have the time "
            "stamp of the step before: check the time column and the group column, or switch the time unit off.");
  data.sequences.clear();
  EXPECT_EQ(message_of<ConfigError>([&] { time_unit(data); }),
            "median_dt: the training part is empty; expected at least one step. Change the split.");
  EXPECT_EQ(message_of<ConfigError>([&] { divide_timespans(data, 0); }),
            "divide_timespans: unit is 0; expected a finite number above 0.");
}

}  // namespace
}  // namespace elegans::train
