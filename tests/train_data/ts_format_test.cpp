#include "elegans/train/ts_format.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

Dataset read(const std::string& text) {
  std::istringstream in(text);
  return read_ts(in, "data.ts");
}
std::string format_error(const std::string& text) {
  return message_of<FormatError>([&] { read(text); });
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

TEST(TsFormatErrors, Header) {
  EXPECT_EQ(format_error(""), "data.ts: the file has no @data; expected a header of tags that ends with @data.");
  EXPECT_EQ(format_error("@classLabel true a\n@data\n"),
            "data.ts: the header has no @problemname; expected one before @data.");
  EXPECT_EQ(format_error("@problemName x\n@data\n"),
            "data.ts: the header has no @classlabel; expected one before @data.");
  EXPECT_EQ(format_error("1,2:a\n"),
            "data.ts, line 1: the line is '1,2:a'; expected a tag that begins with '@', or @data before cases.");
  EXPECT_EQ(format_error("@problemNane x\n"),
            "data.ts, line 1: the tag is 'problemnane'; expected a tag of the .ts format. Did you mean 'problemname'?");
  EXPECT_EQ(format_error("@problemName x\n@PROBLEMNAME y\n"),
            "data.ts, line 2: the tag '@problemname' is there twice; expected each tag once. Take one of them out.");
  EXPECT_EQ(format_error("@targetLabel true\n"),
            "data.ts, line 1: @targetLabel (a regression) is not supported; expected @classLabel.");
  EXPECT_EQ(format_error("@timeStamps true\n" + header),
            "data.ts: @timestamps is true; expected false: this reader does not support it.");
  EXPECT_EQ(format_error("@missing true\n" + header),
            "data.ts: @missing is true; expected false: this reader does not support it.");
  EXPECT_EQ(format_error("@equalLength maybe\n" + header), "data.ts: @equallength is 'maybe'; expected true or false.");
  EXPECT_EQ(format_error("@dimensions 1.5\n" + header),
            "data.ts: @dimensions is '1.5'; expected a whole number, 1 or more.");
  EXPECT_THAT(format_error("@seriesLength 0\n" + header), testing::StartsWith("data.ts: @serieslength is '0'"));
  EXPECT_EQ(format_error("@univariate true\n@dimensions 2\n" + header),
            "data.ts: @dimensions is 2; expected 1, for @univariate is true.");
  EXPECT_EQ(format_error("@problemName x\n@classLabel false\n@data\n"),
            "data.ts: @classLabel is 'false'; expected \"true\" and the names of the classes.");
  EXPECT_EQ(format_error("@problemName x\n@classLabel true\n@data\n"),
            "data.ts: @classLabel lists no class; expected \"true\" and the names of the classes.");
}

TEST(TsFormatErrors, ClassListedTwice) {
  EXPECT_EQ(format_error("@problemName x\n@classLabel true a b a\n@data\n"),
            "data.ts: @classLabel is listing 'a' twice; expected each class once.");
}

TEST(TsFormatErrors, Cases) {
  EXPECT_EQ(format_error(header), "data.ts: the file has no case; expected one a line after @data.");
  EXPECT_EQ(format_error(header + "1,2\n"),
            "data.ts, line 4: the case has no ':'; expected channels, and behind the last ':' the class.");
  EXPECT_EQ(format_error(header + "1,2:rnu\n"),
            "data.ts, line 4: the class is 'rnu'; expected one that @classLabel lists. Did you mean 'run'?");
  EXPECT_EQ(format_error(header + "1,2:3,x:run\n"),
            "data.ts, line 4: value 2 of channel 2 is 'x'; expected a finite number.");
  EXPECT_EQ(format_error(header + "1,?:run\n"),
            "data.ts, line 4: value 2 of channel 1 is '?'; expected a finite number.");
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
            "data.ts, line 5: the number of channels is 2; expected 3, as @dimensions says.");
  EXPECT_EQ(format_error("@equalLength true\n" + header + "1,2:run\n1:run\n"),
            "data.ts, line 6: the case is 1 steps long; expected 2, as the first case is.");
  EXPECT_EQ(format_error("@seriesLength 3\n" + header + "1,2:run\n"),
            "data.ts, line 5: the case is 2 steps long; expected 3, as @seriesLength says.");
}

}  // namespace
}  // namespace elegans::train
