#include "elegans/train/read_csv.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

Dataset read(const std::string& text, const Roles& roles = {}) {
  std::istringstream in(text);
  return read_csv(in, "folder/data.csv", roles);
}

std::string format_error(const std::string& text, const Roles& roles = {}) {
  return message_of<FormatError>([&] { read(text, roles); });
}
std::string config_error(const std::string& text, const Roles& roles = {}) {
  return message_of<ConfigError>([&] { read(text, roles); });
}

const std::string office =
    "date,light,co2,occupied\n"
    "2015-02-04 17:51:00,426,721.25,yes\n"
    "2015-02-04 17:51:59,429.5,714,yes\n"
    "2015-02-04 17:53:00,0,713.5,no\n"
    "2015-02-04 17:53:00,1,710,no\n";

TEST(ReadCsv, TakesRolesTimeAndClasses) {
  const Dataset data = read(office, {.time = "date", .targets = {"occupied"}});
  EXPECT_THAT(data.schema.features, ElementsAre("light", "co2"));
  EXPECT_THAT(data.schema.targets, ElementsAre("occupied"));
  EXPECT_THAT(data.schema.classes, ElementsAre("no", "yes"));
  ASSERT_EQ(data.recordings.size(), 1U);
  const Recording& recording = data.recordings[0];
  EXPECT_EQ(recording.name, "data.csv");
  EXPECT_EQ(recording.source, "folder/data.csv");
  EXPECT_THAT(recording.features, ElementsAre(426, 721.25, 429.5, 714, 0, 713.5, 1, 710));
  EXPECT_THAT(recording.dt, ElementsAre(59, 59, 61, 0));  // the first: the median of 59, 61, 0
  EXPECT_THAT(recording.time, ElementsAre(1423072260, 1423072319, 1423072380, 1423072380));
  EXPECT_THAT(recording.labels, ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(recording.targets, IsEmpty());
  EXPECT_THAT(recording.lines, ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(data.labels(0), ElementsAre(1, 1, 0, 0));
}

TEST(ReadCsv, WithoutTimeEveryStepTakesOne) {
  const Dataset data = read("x\n5\n6\n7\n", {.first_dt = 0});
  EXPECT_THAT(data.dt(0), ElementsAre(1, 1, 1));
  EXPECT_THAT(data.recordings[0].time, IsEmpty());
  EXPECT_THAT(data.labels(0), IsEmpty());
  EXPECT_THAT(data.targets(0), IsEmpty());
}

TEST(ReadCsv, FirstTimespanIsAnOption) {
  const std::string text = "t,x\n1,0\n1.5,0\n4,0\n";
  EXPECT_THAT(read(text, {.time = "t"}).dt(0), ElementsAre(1.5, 0.5, 2.5));
  EXPECT_THAT(read(text, {.time = "t", .first_dt = 0}).dt(0), ElementsAre(0, 0.5, 2.5));
  EXPECT_THAT(read(text, {.time = "t", .first_dt = 7}).dt(0), ElementsAre(7, 0.5, 2.5));
  EXPECT_EQ(config_error(text, {.time = "t", .first_dt = -1}),
            "Roles: first_dt is -1; expected a finite number of seconds, 0 or more. Leave it out for the recording's "
            "median Δt.");
}

TEST(ReadCsv, GroupsAreRecordingsAndMayBeInterleaved) {
  const Dataset data = read("who,t,x\nb,0,1\na,10,2\nb,1,3\na,14,4\nb,4,5\nc,0,6\n", {.time = "t", .group = "who"});
  ASSERT_EQ(data.recordings.size(), 3U);
  EXPECT_EQ(data.recordings[0].name, "b");
  EXPECT_EQ(data.recordings[1].name, "a");
  EXPECT_THAT(data.features(0), ElementsAre(1, 3, 5));
  EXPECT_THAT(data.features(1), ElementsAre(2, 4));
  EXPECT_THAT(data.dt(0), ElementsAre(2, 1, 3));
  EXPECT_THAT(data.dt(1), ElementsAre(4, 4));
  EXPECT_THAT(data.dt(2), ElementsAre(3));  // a single step: the median of 1, 3, 4
  EXPECT_THAT(data.recordings[0].lines, ElementsAre(2, 4, 6));
}

TEST(ReadCsv, ASingleStepInAllTakesOne) { EXPECT_THAT(read("t,x\n9,1\n", {.time = "t"}).dt(0), ElementsAre(1)); }

TEST(ReadCsv, FeaturesMayBeListedAndOthersIgnored) {
  EXPECT_THAT(read("a,b,c\n1,2,3\n", {.features = {"c", "a"}}).features(0), ElementsAre(3, 1));
  EXPECT_THAT(read("a,b,c\n1,x,3\n", {.ignore = {"b"}}).features(0), ElementsAre(1, 3));
  EXPECT_THAT(read("a,b\n1,x\n", {.features = {"a"}}).features(0), ElementsAre(1));  // b is not looked at
}

TEST(ReadCsv, TargetsAreNumbersIfTheFirstIsOne) {
  const Dataset data = read("x,y,z\n1,2,3\n4,5,6\n", {.targets = {"z", "y"}});
  EXPECT_THAT(data.schema.targets, ElementsAre("z", "y"));
  EXPECT_FALSE(data.schema.classifies());
  EXPECT_THAT(data.targets(0), ElementsAre(3, 2, 6, 5));
}

TEST(ReadCsv, NumbersCanBeClasses) {
  const Dataset data = read("x,y\n1,10\n1,9\n1,10\n", {.targets = {"y"}, .target_kind = TargetKind::classes});
  EXPECT_THAT(data.schema.classes, ElementsAre("9", "10"));  // by value
  EXPECT_THAT(data.labels(0), ElementsAre(1, 0, 1));
}

TEST(ReadCsv, TargetsOfTheLastStepAndOfTheWholeRecording) {
  const std::string text = "g,x,y\na,1,5\na,2,5\nb,3,6\n";
  const Dataset last = read(text, {.targets = {"y"}, .group = "g", .target_at = TargetAt::last_step});
  EXPECT_THAT(last.recordings[0].targets, ElementsAre(5, 5));
  EXPECT_THAT(last.targets(0), ElementsAre(5));
  const Dataset whole = read(text, {.targets = {"y"}, .group = "g", .target_at = TargetAt::whole_recording});
  EXPECT_THAT(whole.recordings[0].targets, ElementsAre(5));
  EXPECT_THAT(whole.targets(0), ElementsAre(5));
  EXPECT_THAT(whole.targets(1), ElementsAre(6));
}

TEST(ReadCsv, ForwardFillKeepsTheTimespans) {
  const Dataset data = read("g,t,x,z\na,0,1,5\nb,0,9,9\na,3,?,6\na,4,NA,\na,9,2,7\n",
                            {.time = "t", .group = "g", .missing = Missing::forward_fill});
  EXPECT_THAT(data.features(0), ElementsAre(1, 5, 1, 6, 1, 6, 2, 7));
  EXPECT_THAT(data.dt(0), ElementsAre(3, 3, 1, 5));
}

TEST(ReadCsv, DropLeavesRowsOutAndSpansTheGap) {
  const Dataset data = read("t,x,y\n0,?,1\n1,5,1\n3,,1\n4,6,NA\n?,6,1\n9,7,1\n",
                            {.time = "t", .targets = {"y"}, .missing = Missing::drop});
  EXPECT_THAT(data.features(0), ElementsAre(5, 7));
  EXPECT_THAT(data.dt(0), ElementsAre(8, 8));
  EXPECT_THAT(data.recordings[0].lines, ElementsAre(3, 7));
}

// The first row that is left is a first row, whichever reader leaves others out.
TEST(ReadCsv, DropKeepsTheFirstDtInBothFormats) {
  const Roles wide{.time = "t", .missing = Missing::drop, .first_dt = 7};
  Roles of_channels = wide;
  of_channels.channel = "c";
  of_channels.value = "v";
  EXPECT_THAT(read("t,x,y\n0,1,\n1,2,5\n3,4,6\n", wide).dt(0), ElementsAre(7, 2));
  EXPECT_THAT(read("t,c,v\n0,x,1\n1,x,2\n1,y,5\n3,x,4\n3,y,6\n", of_channels).dt(0), ElementsAre(7, 2));
}

TEST(ReadCsv, IgnoredColumnsMayMissValues) {
  EXPECT_THAT(read("x,note\n1,\n2,?\n", {.ignore = {"note"}, .missing = Missing::drop}).features(0), ElementsAre(1, 2));
}

TEST(ReadCsv, ReadsAFile) {
  EXPECT_EQ(message_of<FileError>([] { read_csv("there/is/none.csv", {}); }),
            "the file 'there/is/none.csv' cannot be opened (No such file or directory); expected a file that can be "
            "read. Check "
            "its name and permissions.");
  EXPECT_THAT(message_of<FileError>([] { read_csv(".", {}); }),
              testing::StartsWith("the file '.' cannot be opened (Is a directory)"));
}

TEST(ReadCsvErrors, Cells) {
  EXPECT_EQ(format_error("x,y\n1,2\nabc,3\n"),
            "folder/data.csv, line 3: column 'x' is 'abc'; expected a number. Mend the cell, or "
            "leave the column out.");
  EXPECT_EQ(format_error("x;y\n1,5;2\n"),
            "folder/data.csv, line 2: column 'x' is '1,5'; expected a number. Write numbers with a decimal point.");
  for (const char* infinite : {"inf", "-Infinity", "1e999", "-nan"})
    EXPECT_EQ(format_error(std::string("x\n") + infinite + "\n"),
              std::string("folder/data.csv, line 2: column 'x' is '") + infinite +
                  "'; expected a finite number. Mend the cell; where it stands for no value, leave it empty.");
}

TEST(ReadCsvErrors, MissingValues) {
  EXPECT_EQ(format_error("x,y\n1,\n"),
            "folder/data.csv, line 2: column 'y' is empty; expected a number. Mend the cell, fill missing "
            "values with the last one (--missing forward-fill), let them be inputs (--missing inputs), or leave such "
            "rows out "
            "(--missing drop).");
  EXPECT_EQ(
      format_error("x\nNaN\n"),
      "folder/data.csv, line 2: column 'x' is missing ('NaN'); expected a number. Mend the cell, fill "
      "missing values with the last one (--missing forward-fill), let them be inputs (--missing inputs), or leave such "
      "rows out (--missing drop).");
  EXPECT_EQ(format_error("g,x\na,1\nb,?\n", {.group = "g", .missing = Missing::forward_fill}),
            "folder/data.csv, line 3: column 'x' is missing in the first row of its recording, where there is nothing "
            "to fill it "
            "with; expected a number. Mend the cell, cut the row, leave out rows with missing "
            "values, or let them be inputs.");
  const char* others = ". Mend the cell, or leave out rows with missing values (only features are filled).";
  EXPECT_EQ(format_error("t,x\n0,1\n,2\n", {.time = "t", .missing = Missing::forward_fill}),
            std::string("folder/data.csv, line 3: column 't' is empty; expected a time stamp") + others);
  EXPECT_EQ(format_error("g,x\na,1\n?,2\n", {.group = "g", .missing = Missing::forward_fill}),
            std::string("folder/data.csv, line 3: column 'g' is missing ('?'); expected a group") + others);
  EXPECT_EQ(format_error("x,y\n1,a\n2,\n", {.targets = {"y"}}),
            std::string("folder/data.csv, line 3: column 'y' is empty; expected the name of a class") + others);
  EXPECT_EQ(format_error("x,y\n1,1\n2,\n", {.targets = {"y"}}),
            std::string("folder/data.csv, line 3: column 'y' is empty; expected a number") + others);
  EXPECT_EQ(format_error("x,y\n1,\n2,\n", {.targets = {"y"}}),
            std::string("folder/data.csv, line 2: column 'y' is empty; expected a target") + others);
  EXPECT_EQ(format_error("x,y\n1,\n,1\n", {.missing = Missing::drop}),
            "folder/data.csv: no row is left: each has a missing value; expected at least one row without. Ignore the "
            "columns that "
            "miss most values, or fill features with their last one.");
}

TEST(ReadCsvErrors, TimeStamps) {
  EXPECT_EQ(
      format_error("t,x\n1/1/1998,1\n", {.time = "t"}),
      "folder/data.csv, line 2: column 't' is '1/1/1998'; expected seconds as a finite number, or a calendar time that "
      "exists, as 2015-02-04 17:51:00.5 or 2015-02-04T17:51:00Z. Convert the column, or leave the time column out: "
      "every "
      "Δt is 1 then.");
  EXPECT_EQ(format_error("t,x\n5,1\n6,1\n\n5.5,1\n", {.time = "t"}),
            "folder/data.csv, line 5: column 't' is '5.5', before '6' of line 3; expected time stamps that never run "
            "backwards. "
            "Sort the rows by time, or name the group column that separates recordings.");
  EXPECT_EQ(format_error("g,t,x\na,5,1\nb,0,1\na,4,1\n", {.time = "t", .group = "g"}),
            "folder/data.csv, line 4: column 't' is '4', before '5' of line 2; expected time stamps that never run "
            "backwards. Sort "
            "the rows by time.");
  EXPECT_EQ(format_error("t,x\n2015-02-04,1\n2015-02-05T00:00Z,1\n", {.time = "t"}),
            "folder/data.csv, line 3: column 't' is '2015-02-05T00:00Z', a calendar time with a zone; expected a "
            "calendar time "
            "without a zone, as in line 2. Write all time stamps of a file in one way.");
  EXPECT_EQ(format_error("t,x\n1,1\n2015-02-05,1\n", {.time = "t"}),
            "folder/data.csv, line 3: column 't' is '2015-02-05', a calendar time without a zone; expected a number of "
            "seconds, as "
            "in line 2. Write all time stamps of a file in one way.");
  EXPECT_EQ(
      format_error("t,x\n-1e308,1\n1e308,1\n", {.time = "t"}),
      "folder/data.csv, line 3: the time since line 2 is infinite; expected a finite number of seconds. Check the time "
      "column.");
}

TEST(ReadCsvErrors, Roles) {
  const std::string text = "time,speed,angle\n0,1,2\n";
  EXPECT_EQ(
      config_error(text, {.time = "tme"}),
      "folder/data.csv: the time column 'tme' is not in the file; expected one of its 3 columns. Did you mean 'time'?");
  EXPECT_EQ(config_error(text, {.targets = {"velocity"}}),
            "folder/data.csv: the target column 'velocity' is not in the file; expected one of its 3 columns. Known "
            "are 'time', "
            "'speed' or 'angle'.");
  EXPECT_THAT(config_error(text, {.group = "sped"}), testing::HasSubstr("the group column 'sped' is not in the file"));
  EXPECT_THAT(config_error(text, {.ignore = {"sped"}}),
              testing::HasSubstr("the ignored column 'sped' is not in the file"));
  EXPECT_THAT(config_error(text, {.features = {"sped"}}),
              testing::HasSubstr("the feature column 'sped' is not in the file"));
  EXPECT_EQ(config_error(text, {.targets = {"angle"}, .features = {"speed", "angle"}}),
            "folder/data.csv: column 'angle' is both target and feature; expected one role a column. Take it out of "
            "one of the "
            "two.");
  EXPECT_EQ(config_error(text, {.features = {"speed", "speed"}}),
            "folder/data.csv: column 'speed' is listed twice as feature; expected one role a column. Take it out of "
            "one of the "
            "two.");
  EXPECT_EQ(config_error(text, {.time = "time", .targets = {"speed", "angle"}}),
            "folder/data.csv: no column is left for the features; expected at least one beside those of time, group, "
            "targets and "
            "the ignored ones.");
  EXPECT_EQ(config_error(text, {.targets = {"speed", "angle"}, .target_kind = TargetKind::classes}),
            "folder/data.csv: the number of target columns is 2; expected one column of class names. Train a model for "
            "each, or "
            "take the targets as numbers.");
}

TEST(ReadCsvErrors, TargetsThatChange) {
  const char* remedy =
      ", as in line 2 of the same recording. A recording has one target here: name the group column that "
      "separates recordings, or take a target at every step.";
  EXPECT_EQ(format_error("x,y\n1,walk\n2,walk\n3,run\n", {.targets = {"y"}, .target_at = TargetAt::whole_recording}),
            std::string("folder/data.csv, line 4: column 'y' is 'run'; expected 'walk'") + remedy);
  EXPECT_EQ(format_error("x,y\n1,0.5\n2,0.75\n", {.targets = {"y"}, .target_at = TargetAt::whole_recording}),
            std::string("folder/data.csv, line 3: column 'y' is '0.75'; expected '0.5'") + remedy);
  EXPECT_EQ(
      format_error("x,y\n1,1\n2,walk\n", {.targets = {"y"}}),
      "folder/data.csv, line 3: column 'y' is 'walk'; expected a number. Mend the cell, or leave the column out.");
}

}  // namespace
}  // namespace elegans::train
