#include "elegans/train/ts_format.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <sstream>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

Dataset read(const std::string& text, const TsOptions& options = {}) {
  std::istringstream in(text);
  return read_ts(in, "data.ts", options);
}
std::string format_error(const std::string& text, const TsOptions& options = {}) {
  return message_of<FormatError>([&] { read(text, options); });
}

const std::string header = "@problemName Test\n@classLabel true walk run\n@data\n";

TEST(TsFormat, ReadsCasesOfUnevenLength) {
  const Dataset data = read(
      "# comment\n\n@problemName Test\r\n@timeStamps false\n@missing false\n@univariate false\n@dimensions 2\n"
      "@equalLength false\n@CLASSLABEL TRUE walk run\n@Data\n"
      "1,2,3:4,5,6:run\n# comment\n 7 , 8e-1 :9,-1: walk \n");
  EXPECT_THAT(data.schema.features, ElementsAre("channel 1", "channel 2"));
  EXPECT_THAT(data.schema.classes, ElementsAre("walk", "run"));
  EXPECT_EQ(data.schema.target_at, TargetAt::whole_recording);
  ASSERT_EQ(data.size(), 2U);
  EXPECT_THAT(data.features(0), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(data.features(1), ElementsAre(7, 9, 0.8, -1));
  EXPECT_THAT(data.labels(0), ElementsAre(1));
  EXPECT_THAT(data.labels(1), ElementsAre(0));
  EXPECT_THAT(data.dt(1), ElementsAre(1, 1));
  EXPECT_EQ(data.recordings[1].name, "case 2");
  EXPECT_EQ(data.recordings[1].place(0), "data.ts, line 13");
}

TEST(TsFormat, CountsChannelsByTheFirstCase) { EXPECT_EQ(read(header + "1:2:3:run\n").feature_count(), 3U); }

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(TsFormat, ReadsNumbersToPredictAndCasesWithoutATarget) {
  const Dataset numbers = read("@problemName Beijing PM 2.5\n@targetlabel true\n@data\n1,2:3,4:0.5\n5:6:-7e1\n");
  EXPECT_THAT(numbers.schema.targets, ElementsAre("target"));
  EXPECT_FALSE(numbers.schema.classifies());
  EXPECT_THAT(numbers.targets(0), ElementsAre(0.5));
  EXPECT_THAT(numbers.targets(1), ElementsAre(-70));
  const Dataset without = read("@classLabel false\n@univariate true\n@data\n1,2,3\n");
  EXPECT_TRUE(without.schema.targets.empty());
  EXPECT_THAT(without.features(0), ElementsAre(1, 2, 3));
}

TEST(TsFormat, NamesOfClassesMayDifferInCase) {
  EXPECT_THAT(read("@classLabel true Walk run\n@data\n1:walk\n2:RUN\n").labels(1), ElementsAre(1));
  EXPECT_THAT(read("@classLabel true a A\n@data\n1:A\n").labels(0), ElementsAre(1));
  EXPECT_THAT(format_error("@classLabel true aa aA\n@data\n1:AA\n"), testing::HasSubstr("the class is 'AA'"));
}

TEST(TsFormat, MissingValues) {
  const std::string text = "@missing true\n" + header + "1,?,3:4,NaN,6:run\n7,8:9,?:walk\n";
  EXPECT_THAT(read(text, {.missing = Missing::forward_fill}).features(0), ElementsAre(1, 4, 1, 4, 3, 6));
  const Dataset dropped = read(text, {.missing = Missing::drop});
  EXPECT_THAT(dropped.features(0), ElementsAre(1, 4, 3, 6));
  EXPECT_THAT(dropped.dt(0), ElementsAre(1, 2));
  const Dataset inputs = read(text, {.missing = Missing::as_inputs});
  EXPECT_THAT(inputs.schema.sporadic, ElementsAre("channel 1", "channel 2"));
  EXPECT_THAT(inputs.features(1), ElementsAre(7, 9, 8, testing::NanSensitiveDoubleEq(nan)));
  EXPECT_THAT(read(text, {.missing = Missing::as_inputs, .sporadic = {"channel 2", "channel 1"}}).schema.sporadic,
              ElementsAre("channel 1", "channel 2"));
  EXPECT_THAT(format_error(header + "?:run\n", {.missing = Missing::forward_fill}),
              testing::HasSubstr("data.ts, line 4: feature 'channel 1' is missing in the first step"));
  EXPECT_THAT(format_error(header + "1,:run\n", {.missing = Missing::drop}),
              testing::HasSubstr("value 2 of channel 1 is ''; expected a finite number"));
}

const std::string timed = "@timeStamps true\n" + header;

TEST(TsFormat, TimeStampsOfEachChannel) {
  const Dataset data =
      read(timed + "(0,1),( 0.5 , 2 ),(2,3):(0.5,4),(3,?):run\n(7,1):(7,2):walk\n", {.missing = Missing::as_inputs});
  EXPECT_THAT(data.recordings[0].time, ElementsAre(0, 0.5, 2, 3));
  const auto none = testing::NanSensitiveDoubleEq(nan);
  EXPECT_THAT(data.features(0), ElementsAre(1, none, 2, 4, 3, none, none, none));
  EXPECT_THAT(data.dt(0), ElementsAre(1, 0.5, 1.5, 1));
  EXPECT_THAT(data.dt(1), ElementsAre(1)) << "the median of the file";
  EXPECT_THAT(read(timed + "(0,1),(3,1):run\n", {.first_dt = 0}).dt(0), ElementsAre(0, 3));
  EXPECT_THAT(read(timed + "(0,?),(1,2),(3,4):run\n", {.missing = Missing::drop, .first_dt = 7}).dt(0),
              ElementsAre(7, 2))
      << "the first step that is left";
  const Dataset dates = read(timed + "(2020-01-01 10:00:00,1),(2020-01-01 10:00:00,25,2):run\n");
  EXPECT_THAT(dates.dt(0), ElementsAre(0.25, 0.25)) << "a colon and a comma may stand in a time";
  EXPECT_THAT(dates.features(0), ElementsAre(1, 2));
}

TEST(TsFormatErrors, TimeStamps) {
  EXPECT_EQ(format_error(timed + "1,2:run\n"),
            "data.ts, line 5: pair 1 of channel 1 is '1'; expected (time,value), as @timeStamps is true.");
  EXPECT_EQ(
      format_error(timed + "(x,2):run\n"),
      "data.ts, line 5: the time of pair 1 of channel 1 is 'x'; expected seconds, or a calendar time. Write it as "
      "2015-02-04 17:51:00.");
  EXPECT_EQ(
      format_error(timed + "(1,2),(1,3):run\n"),
      "data.ts, line 5: the time of pair 2 of channel 1 is not after the one before; expected times that increase.");
  EXPECT_THAT(format_error(timed + "(1,2):(2020-01-01,3):run\n"), testing::HasSubstr("of another kind than the first"));
  EXPECT_THAT(format_error(timed + "(1,2:run\n"), testing::HasSubstr("pair 1 of channel 1 is '(1,2'"));
  EXPECT_THAT(format_error(timed + "(1,y):run\n"), testing::HasSubstr("value 1 of channel 1 is 'y'"));
  EXPECT_THAT(format_error(timed + "(1,2):(2,3):run\n"),
              testing::HasSubstr("feature 'channel 2' is missing; expected"));
  EXPECT_THAT(format_error("@seriesLength 2\n" + timed + "(1,2):run\n"),
              testing::HasSubstr("channel 1 is 1 steps long; expected 2, as @seriesLength says"));
  EXPECT_THAT(format_error("@targetLabel true\n@data\n1:?\n"), testing::HasSubstr("the target is '?'"));
  EXPECT_THAT(message_of<ConfigError>([] { read(timed + "(1,2):run\n", {.first_dt = -1}); }),
              testing::HasSubstr("TsOptions: first_dt is -1"));
}

TEST(TsFormatErrors, Header) {
  EXPECT_EQ(format_error(""), "data.ts: the file has no @data; expected a header of tags that ends with @data.");
  EXPECT_EQ(format_error("@problemName x\n@data\n"),
            "data.ts: the header has neither @classLabel nor @targetLabel; expected one of them before @data. "
            "@classLabel false tells of cases without.");
  EXPECT_EQ(format_error("1,2:a\n"),
            "data.ts, line 1: the line is '1,2:a'; expected a tag that begins with '@', or @data before cases.");
  EXPECT_EQ(format_error("@problemNane x\n"),
            "data.ts, line 1: the tag is 'problemnane'; expected a tag of the .ts format. Did you mean 'problemname'?");
  EXPECT_EQ(format_error("@problemName x\n@PROBLEMNAME y\n"),
            "data.ts, line 2: the tag '@problemname' is there twice; expected each tag once. Take one of them out.");
  EXPECT_EQ(format_error("@targetLabel true\n" + header),
            "data.ts: @targetLabel is true beside @classLabel; expected one of the two.");
  EXPECT_EQ(format_error("@equalLength maybe\n" + header), "data.ts: @equallength is 'maybe'; expected true or false.");
  EXPECT_EQ(format_error("@dimensions 1.5\n" + header),
            "data.ts: @dimensions is '1.5'; expected a whole number, 1 or more.");
  EXPECT_THAT(format_error("@seriesLength 0\n" + header), testing::StartsWith("data.ts: @serieslength is '0'"));
  EXPECT_EQ(format_error("@univariate true\n@dimensions 2\n" + header),
            "data.ts: @dimensions is 2; expected 1, for @univariate is true.");
  EXPECT_EQ(format_error("@problemName x\n@classLabel maybe\n@data\n"),
            "data.ts: @classLabel is 'maybe'; expected \"true\" and the names of the classes, or \"false\".");
  EXPECT_EQ(format_error("@problemName x\n@classLabel true\n@data\n"),
            "data.ts: @classLabel lists no class; expected \"true\" and the names of the classes.");
}

TEST(TsFormatErrors, ClassListedTwice) {
  EXPECT_EQ(format_error("@problemName x\n@classLabel true a b a\n@data\n"),
            "data.ts: @classLabel is listing 'a' twice; expected each class once.");
}

TEST(TsFormatErrors, Cases) {
  EXPECT_EQ(format_error(header), "data.ts: the file has no case; expected one a line after @data.");
  EXPECT_EQ(
      format_error(header + "1,2\n"),
      "data.ts, line 4: the case has no ':' before a target; expected channels, and behind the last ':' the target.");
  EXPECT_EQ(format_error(header + "1,2:rnu\n"),
            "data.ts, line 4: the class is 'rnu'; expected one that @classLabel lists. Did you mean 'run'?");
  EXPECT_EQ(format_error(header + "1,2:3,x:run\n"),
            "data.ts, line 4: value 2 of channel 2 is 'x'; expected a finite number.");
  EXPECT_EQ(
      format_error(header + "1,?:run\n"),
      "data.ts, line 4: value 2 of channel 1 is '?'; expected a finite number. Fill missing values with the last one "
      "(--missing forward-fill), let them be inputs (--missing inputs), or leave such steps out (--missing drop).");
  EXPECT_EQ(format_error(header + "1,inf:run\n"),
            "data.ts, line 4: value 2 of channel 1 is 'inf'; expected a finite number.");
  EXPECT_EQ(format_error(header + "1,:run\n"),
            "data.ts, line 4: value 2 of channel 1 is ''; expected a finite number.");
  EXPECT_EQ(format_error(header + "1::run\n"),
            "data.ts, line 4: value 1 of channel 2 is ''; expected a finite number.");
  EXPECT_EQ(format_error(header + ":run\n"), "data.ts, line 4: value 1 of channel 1 is ''; expected a finite number.");
  EXPECT_EQ(format_error(header + "1,2:3:run\n"),
            "data.ts, line 4: channel 2 is 1 steps long; expected 2, as channel 1 is.");
  EXPECT_EQ(format_error(header + "1:2:run\n1:run\n"),
            "data.ts, line 5: the number of channels is 1; expected 2, as the first case has.");
  EXPECT_EQ(format_error("@dimensions 3\n" + header + "1:2:run\n"),
            "data.ts, line 5: the number of channels is 2; expected 3, as the header says.");
  EXPECT_EQ(format_error("@equalLength true\n" + header + "1,2:run\n1:run\n"),
            "data.ts, line 6: the case is 1 steps long; expected 2, as the first case is.");
  EXPECT_EQ(format_error("@seriesLength 3\n" + header + "1,2:run\n"),
            "data.ts, line 5: the case is 2 steps long; expected 3, as @seriesLength says.");
}

}  // namespace
}  // namespace elegans::train
