// Channels with clocks of their own, merged into steps.

#include "elegans/train/merge_channels.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "elegans/base/error.hpp"
#include "elegans/train/read_csv.hpp"
#include "support/temporary_folder.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using elegans::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::NanSensitiveDoubleEq;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const auto none = NanSensitiveDoubleEq(nan);

TEST(MergeChannels, StepsAreTheUnionOfTheStamps) {
  const std::vector<Channel> channels{{"speed", {0, 0.2, 0.1}, {1, 3, 2}}, {"load", {0, 0.15, 0.3}, {5, 7, nan}}};
  const Dataset data = merge_channels(channels);
  EXPECT_THAT(data.schema.features, ElementsAre("speed", "load"));
  EXPECT_THAT(data.schema.sporadic, ElementsAre("speed", "load"));
  EXPECT_THAT(data.recordings[0].time, ElementsAre(0, 0.1, 0.15, 0.2));
  EXPECT_THAT(data.features(0), ElementsAre(1, 5, 2, none, none, 7, 3, none));
  EXPECT_THAT(merge_channels(channels, {.missing = Missing::forward_fill}).features(0),
              ElementsAre(1, 5, 2, 5, 2, 7, 3, 7));
  EXPECT_EQ(merge_channels(channels, {.first_dt = 0.5}).dt(0)[0], 0.5);
}

// What lies before the first sample of a channel cannot be filled.
TEST(MergeChannels, ForwardFillBeginsWhereEveryChannelHasASample) {
  const std::vector<Channel> channels{{.name = "early", .time = {0, 1, 2, 3}, .values = {10, 11, 12, 13}},
                                      {.name = "late", .time = {1.5, 3}, .values = {20, 21}}};
  const Dataset data = merge_channels(channels, {.missing = Missing::forward_fill});
  EXPECT_THAT(data.features(0), ElementsAre(11, 20, 12, 20, 13, 21)) << "at 1.5, 2 and 3";
  EXPECT_THAT(data.dt(0), ElementsAre(0.75, 0.5, 1)) << "the median of 1, 0.5, 0.5 and 1 first";
  EXPECT_THAT(merge_channels(channels, {.missing = Missing::forward_fill, .first_dt = 0}).dt(0),
              ElementsAre(0, 0.5, 1));
  EXPECT_THAT(merge_channels(channels, {.missing = Missing::drop, .first_dt = 7}).dt(0), ElementsAre(7));
}

TEST(MergeChannels, SamplesOfAlmostTheSameTimeAreOneStep) {
  const std::vector<Channel> channels{{"a", {0, 0.010, 0.011, 0.020}, {1, 2, 3, 4}},
                                      {"b", {0.004, 0.013, 0.026}, {5, 6, 7}}};
  const Dataset data = merge_channels(channels, {.tolerance = 0.005});
  EXPECT_THAT(data.recordings[0].time, ElementsAre(0, 0.010, 0.011, 0.020, 0.026))
      << "a second sample of a channel begins a step, and what follows belongs to that";
  EXPECT_THAT(data.features(0), ElementsAre(1, 5, 2, none, 3, 6, 4, none, none, 7));
}

TEST(MergeChannels, TargetsCountWhereTheyAreKnown) {
  const std::vector<Channel> channels{{"x", {0, 1, 2}, {1, 2, 3}}, {"y", {1, 3}, {10, 30}}, {"z", {1}, {5}}};
  const Dataset data = merge_channels(channels, {.targets = {"z", "y"}});
  EXPECT_THAT(data.schema.features, ElementsAre("x"));
  EXPECT_THAT(data.weights(0), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(data.targets(0), ElementsAre(0, 0, 5, 10, 0, 0, 0, 0));
}

TEST(MergeChannelsErrors, Texts) {
  const auto refused = [](const std::vector<Channel>& channels, const MergeOptions& options = {}) {
    try {
      merge_channels(channels, options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refused({{"a", {0}, {1, 2}}}), "merge_channels, channel 'a': its values is 2; expected 1, one a time.");
  EXPECT_EQ(refused({{"a", {nan}, {1}}}),
            "merge_channels, channel 'a': sample 0 is 1 at nan; expected a finite number at a finite time.");
  EXPECT_EQ(refused({{"a", {0, 1, 1}, {1, 2, 3}}}),
            "merge_channels, channel 'a', sample 2: the sample of channel 'a' is of the same time as that in "
            "merge_channels, channel 'a', sample 1; expected one sample of a channel at a time. Take one of them out.");
  EXPECT_EQ(
      refused({{"a", {0}, {1}}, {"b", {1}, {1}}}, {.max_cells = 3}),
      "merge_channels, channel 'b', sample 0: the merged table is more than 1 rows of 2 channels; expected at most "
      "3 cells. Join samples of almost the same time (tolerance), or leave channels out.");
  EXPECT_THAT(refused({{"a", {0}, {1}}}, {.tolerance = -1}), HasSubstr("tolerance is -1; expected seconds, 0 or more"));
  EXPECT_THAT(refused({{"a", {0}, {1}}}, {.targets = {"b"}}), HasSubstr("the target channel 'b' is not there"));
  EXPECT_THAT(refused({{"a", {0}, {1}}}, {.targets = {"a"}}), HasSubstr("no channel is left for the features"));
  EXPECT_THAT(refused({{"a", {}, {}}}), HasSubstr("there is no sample"));
  EXPECT_THAT(refused({}), HasSubstr("no channel is left"));
}

Dataset read(const std::string& text, Roles roles) {
  roles.channel = "sensor";
  roles.value = "reading";
  std::istringstream in(text);
  return read_csv(in, "log.csv", roles);
}

const std::string log =
    "t,sensor,reading,who\n0,speed,1,a\n0,load,5,a\n0.3,speed,2,a\n0.5,state,up,a\n"
    "0.3,load,NA,a\n0.2,load,6,a\n7,speed,1,b\n7,state,down,b\n";

TEST(LongFormat, RowsAreSamplesOfChannels) {
  const Dataset data = read(log, {.time = "t", .targets = {"state"}, .group = "who", .missing = Missing::as_inputs});
  EXPECT_THAT(data.schema.features, ElementsAre("speed", "load"));
  EXPECT_THAT(data.schema.classes, ElementsAre("down", "up"));
  ASSERT_EQ(data.size(), 2U);
  EXPECT_THAT(data.features(0), ElementsAre(1, 5, none, 6, 2, none, none, none));
  EXPECT_THAT(data.dt(0), ElementsAre(0.2, 0.2, 0.1, 0.2)) << "differences are exact";
  EXPECT_THAT(data.weights(0), ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(data.labels(0)[3], 1);
  EXPECT_THAT(data.labels(1), ElementsAre(0));
  EXPECT_EQ(data.recordings[0].place(1), "log.csv, line 7");
  const Dataset whole = read(log, {.time = "t",
                                   .targets = {"state"},
                                   .features = {"speed"},
                                   .group = "who",
                                   .target_at = TargetAt::whole_recording,
                                   .missing = Missing::drop});
  EXPECT_THAT(whole.labels(0), ElementsAre(1));
  EXPECT_THAT(whole.features(0), ElementsAre(1, 2));
  // A sensor that never spoke is there, if it may be silent.
  const Dataset silent = read(
      log, {.time = "t", .features = {"speed", "mute"}, .missing = Missing::as_inputs, .sporadic = {"speed", "mute"}});
  EXPECT_THAT(silent.features(0), ElementsAre(1, none, 2, none, 1, none));
}

TEST(LongFormatErrors, Texts) {
  const auto refused = [](const std::string& rows, Roles roles = {.time = "t"}) {
    return message_of<FormatError>([&] { read("t,sensor,reading\n" + rows, roles); });
  };
  EXPECT_EQ(refused("0,a,1\n0,b,x\n"),
            "log.csv, line 3: the value of 'b' is 'x'; expected a finite number. Mend the cell; where it stands for no "
            "value, leave it empty.");
  EXPECT_EQ(refused("1,a,1\n0,a,2\n1.0,a,3\n"),
            "log.csv, line 4: the sample of channel 'a' is of the same time as that in log.csv, line 2; expected one "
            "sample of a channel at a time. Take one of them out.");
  EXPECT_EQ(
      refused("0,,1\n"),
      "log.csv, line 2: column 'sensor' is empty; expected the name of a channel. Mend the cell, or cut the row.");
  EXPECT_THAT(refused(",a,1\n"), HasSubstr("column 't' is empty; expected a time stamp"));
  EXPECT_THAT(refused("x,a,1\n"), HasSubstr("column 't' is 'x'; expected seconds as a finite number"));
  EXPECT_THAT(refused("0,a,1\n2020-01-01,b,1\n"),
              HasSubstr("line 3: the time stamp is '2020-01-01', of another kind than that in log.csv, line 2"));
  EXPECT_THAT(refused("0,a,NA\n"), HasSubstr("there is no sample"));
  EXPECT_THAT(refused("0,a,1\n0,y,1\n1,y,2\n", {.time = "t", .targets = {"y"}, .target_at = TargetAt::whole_recording}),
              HasSubstr("log.csv, line 4: the target 'y' is another than in log.csv, line 3; expected one target"));
  EXPECT_THAT(refused("0,a,1\n", {.time = "t", .targets = {"y"}}), HasSubstr("the target channel 'y' is not there"));
  const auto misused = [](const Roles& roles) {
    std::istringstream in("t,sensor,reading\n0,a,1\n");
    return message_of<ConfigError>([&] { read_csv(in, "log.csv", roles); });
  };
  EXPECT_THAT(misused({.channel = "sensor", .value = "reading"}), HasSubstr("time is empty; expected the column of"));
  EXPECT_THAT(misused({.time = "t", .channel = "sensor"}), HasSubstr("value is empty beside the other"));
  EXPECT_THAT(misused({.time = "t", .channel = "senor", .value = "reading"}), HasSubstr("Did you mean 'sensor'?"));
  EXPECT_THAT(misused({.time = "t", .channel = "sensor", .value = "sensor"}), HasSubstr("not distinct"));
  EXPECT_THAT(misused({.time = "t", .tolerance = 0.1}), HasSubstr("tolerance is 0.1; expected 0, where no channels"));
}

class SeveralFiles : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  TemporaryFolder folder_;
};

TEST_F(SeveralFiles, AreMergedByTime) {
  const auto imu = write("imu.csv", "t,who,ax,ay\n0,p,1,2\n0.01,p,3,\n0.5,q,9,9\n");
  const auto gps = write("gps.csv", "who,t,speed,slip\np,0.01,4,0\np,0.02,5,1\nq,0.5,6,1\n");
  const Dataset data = merge_csv({imu, gps}, {.time = "t",
                                              .targets = {"slip"},
                                              .group = "who",
                                              .target_kind = TargetKind::classes,
                                              .missing = Missing::as_inputs});
  EXPECT_THAT(data.schema.features, ElementsAre("ax", "ay", "speed"));
  EXPECT_THAT(data.features(0), ElementsAre(1, 2, none, 3, none, 4, none, none, 5));
  EXPECT_THAT(data.weights(0), ElementsAre(0, 1, 1));
  EXPECT_THAT(data.labels(0), ElementsAre(::testing::_, 0, 1));
  EXPECT_EQ(data.steps(1), 1U);
}

TEST_F(SeveralFiles, Errors) {
  const auto a = write("a.csv", "t,x\n0,1\n"), b = write("b.csv", "t,x\n0,1\n"), c = write("c.csv", "s,y\n0,1\n");
  EXPECT_THAT(message_of<ConfigError>([&] {
                merge_csv({a, b}, {.time = "t"});
              }),
              HasSubstr("b.csv: column 'x' is in "));
  EXPECT_THAT(message_of<ConfigError>([&] {
                merge_csv({a, c}, {.time = "t"});
              }),
              HasSubstr("c.csv: the time column 't' is not in the file"));
  EXPECT_THAT(message_of<ConfigError>([&] { merge_csv({a, c}, {}); }), HasSubstr("time is empty"));
  EXPECT_THAT(message_of<ConfigError>([] { merge_csv({}, {}); }), HasSubstr("empty"));
  EXPECT_THAT(message_of<ConfigError>([&] { merge_csv({a}, {.time = "t", .channel = "x", .value = "x"}); }),
              HasSubstr("asked of several files"));
}

}  // namespace
}  // namespace elegans::train
