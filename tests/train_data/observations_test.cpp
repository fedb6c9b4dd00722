#include "elegans/train/observations.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

TEST(Observations, InTheModelsOrderOneAtATime) {
  std::istringstream in("t,speed,note,angle\n0,1,x,2\n0.5,3,y,4\n");
  ObservationReader rows(in, "standard input", {.features = {"angle", "speed"}, .time = "t", .first_dt = 0.25});
  ASSERT_TRUE(rows.next());
  EXPECT_THAT(rows.features(), ElementsAre(2, 1));
  EXPECT_EQ(rows.dt(), 0.25);
  EXPECT_EQ(in.tellg(), 27);  // the second row is not read yet
  ASSERT_TRUE(rows.next());
  EXPECT_THAT(rows.features(), ElementsAre(4, 3));
  EXPECT_EQ(rows.dt(), 0.5);
  EXPECT_EQ(rows.line(), 3U);
  EXPECT_FALSE(rows.next());
}

TEST(Observations, WithoutTimeEveryStepTakesOne) {
  std::istringstream in("a\n1\n2\n");
  ObservationReader rows(in, "standard input", {.features = {"a"}, .first_dt = 60});
  rows.next();
  EXPECT_EQ(rows.dt(), 1);
  rows.next();
  EXPECT_EQ(rows.dt(), 1);
}

TEST(Observations, MissingValues) {
  std::istringstream filled("t,a\n0,1\n1,?\n2,3\n"), dropped("t,a\n0,1\n1,?\n2,3\n");
  ObservationReader rows(filled, "in", {.features = {"a"}, .time = "t", .missing = Missing::forward_fill});
  rows.next();
  rows.next();
  EXPECT_THAT(rows.features(), ElementsAre(1));
  EXPECT_EQ(rows.dt(), 1);
  ObservationReader fewer(dropped, "in", {.features = {"a"}, .time = "t", .missing = Missing::drop});
  fewer.next();
  fewer.next();
  EXPECT_THAT(fewer.features(), ElementsAre(3));
  EXPECT_EQ(fewer.dt(), 2);
}

TEST(Observations, InterleavedGroupsHaveClocksFeaturesAndKeptNumbersOfTheirOwn) {
  std::istringstream in("g,t,a\nx,0,1\ny,100,7\nx,2,?\ny,103,\nx,2.5,4\n");
  ObservationReader rows(
      in, "in", {.features = {"a"}, .time = "t", .group = "g", .missing = Missing::forward_fill, .first_dt = 0.25});
  const auto expect = [&](const char* group, double dt, double feature, std::vector<double> kept) {
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.group(), group);
    EXPECT_EQ(rows.dt(), dt);
    EXPECT_THAT(rows.features(), ElementsAre(feature));
    EXPECT_THAT(rows.kept(), testing::ElementsAreArray(kept));
    rows.keep(std::vector<double>{static_cast<double>(rows.line())});
  };
  expect("x", 0.25, 1, {});
  expect("y", 0.25, 7, {});
  expect("x", 2, 1, {2});
  expect("y", 3, 7, {3});
  expect("x", 0.5, 4, {4});
  EXPECT_FALSE(rows.next());
  EXPECT_EQ(rows.forgotten(), 0U);
}

TEST(Observations, ForgetTheGroupThatWasSilentForLongest) {
  std::istringstream in("g,t\nx,0\ny,0\nx,1\nz,0\nx,2\ny,5\n");
  ObservationReader rows(in, "in", {.features = {"t"}, .group = "g", .groups = 2});
  std::string begun;
  while (rows.next()) {
    begun += rows.kept().empty() ? rows.group() : "-";
    rows.keep(std::vector<double>{1});
  }
  // z took the place of y, which had been silent since line 3.
  EXPECT_EQ(begun, "xy-z-y");
  EXPECT_EQ(rows.forgotten(), 2U) << "y, and in the end z";
}

TEST(Observations, RowsThatThrowOrAreRefusedLeaveNoTrace) {
  std::istringstream in("t,a\n2015-01-01Z,9\n0,1\n1,x\n2,5\n1,6\n,7\n3,?\n4\n5,8\n");
  ObservationReader rows(in, "in", {.features = {"a"}, .time = "t", .missing = Missing::forward_fill});
  EXPECT_THROW(rows.next(), FormatError) << "2015-01-01Z is no stamp";
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.dt(), 1);
  EXPECT_THROW(rows.next(), FormatError) << "x";
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.dt(), 2) << "since line 3";
  rows.refuse();
  ASSERT_TRUE(rows.next()) << "1 is after 0, and 2 was refused";
  EXPECT_EQ(rows.dt(), 1);
  EXPECT_THROW(rows.next(), FormatError) << "no stamp";
  EXPECT_EQ(rows.line(), 7U);
  ASSERT_TRUE(rows.next());
  EXPECT_THAT(rows.features(), ElementsAre(6)) << "the 5 was refused";
  EXPECT_EQ(rows.dt(), 2);
  EXPECT_THROW(rows.next(), FormatError) << "too short";
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.dt(), 2);
  EXPECT_FALSE(rows.next());
}

TEST(Observations, TakeSecondsFromAColumn) {
  std::istringstream in("d,a\n0.5,1\n-1,2\n0,3\n");
  ObservationReader rows(in, "in", {.features = {"a"}, .dt = "d", .first_dt = 60});
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.dt(), 0.5);
  EXPECT_EQ(message_of<FormatError>([&] { rows.next(); }),
            "in, line 3: column 'd' is -1; expected seconds since the row before, at least 0.");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.dt(), 0);
}

// As time stamps would have it: the seconds of a row that is not used are part of the next Δt of its group.
TEST(Observations, SecondsOfAColumnSpanRowsThatAreNotUsed) {
  const std::string text = "dt,x\n1,0.1\n1,NA\n1,0.2\n0.5,0.3\n";
  for (const Missing missing : {Missing::error, Missing::drop}) {
    std::istringstream in(text);
    ObservationReader rows(in, "in", {.features = {"x"}, .dt = "dt", .missing = missing});
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.dt(), 1);
    if (missing == Missing::error) {
      EXPECT_THROW(rows.next(), FormatError);
    }
    ASSERT_TRUE(rows.next());
    EXPECT_THAT(rows.features(), ElementsAre(0.2));
    EXPECT_EQ(rows.dt(), 2);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.dt(), 0.5) << "since a row that was used";
  }
}

TEST(Observations, SecondsOfAColumnAddUpInTheirGroup) {
  std::istringstream in("g,d,x\na,4,NA\na,1,1\nb,1,1\na,2,2\nb,16,2\na,x,3\na,8,NA\na,1e39,4\na,32,5\nb,64,3\n");
  ObservationReader rows(in, "in", {.features = {"x"}, .dt = "d", .group = "g"});
  const auto expect = [&](const char* group, double dt) {
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.group(), group);
    EXPECT_EQ(rows.dt(), dt);
  };
  EXPECT_THROW(rows.next(), FormatError);
  expect("a", 1);  // before it there was nothing to count from
  expect("b", 1);
  expect("a", 2);
  rows.refuse();
  expect("b", 16);
  EXPECT_THROW(rows.next(), FormatError) << "x is no number of seconds, and adds none";
  EXPECT_THROW(rows.next(), FormatError) << "NA";
  expect("a", 1e39 + 10);
  rows.refuse();
  expect("a", 42);  // 2 + 8 + 32: 1e39 seconds are a slip
  expect("b", 64);
  EXPECT_FALSE(rows.next());
}

TEST(Observations, AHeaderWithoutRowsIsTheEnd) {
  std::istringstream in("t,a\n");
  ObservationReader rows(in, "in", {.features = {"a"}});
  EXPECT_FALSE(rows.next());
  EXPECT_FALSE(rows.next());
}

TEST(ObservationsErrors, Texts) {
  std::istringstream in("speed,angle\n1,x\n"), other("speed,angle\n1,2\n");
  ObservationReader rows(in, "standard input", {.features = {"angle"}});
  EXPECT_EQ(
      message_of<FormatError>([&] { rows.next(); }),
      "standard input, line 2: column 'angle' is 'x'; expected a number. Mend the cell, or leave the column out.");
  const auto next = [](const ObservationOptions& options) {
    std::istringstream in("speed,angle\n?,2\n");
    ObservationReader(in, "standard input", options).next();
  };
  const auto refused = [&](const ObservationOptions& options) {
    return message_of<FormatError>([&] { next(options); });
  };
  EXPECT_EQ(refused({.features = {"speed"}, .missing = Missing::forward_fill}),
            "standard input, line 2: column 'speed' is missing in the first row of its recording, where there is "
            "nothing to fill it with; expected a number. Mend the cell, cut the row, leave out rows with missing "
            "values, or let them be inputs.");
  EXPECT_EQ(refused({.features = {"angle"}, .group = "speed"}),
            "standard input, line 2: column 'speed' is missing ('?'); expected a group. Mend the cell, or leave out "
            "rows with missing values (only features are filled).");
  const auto wrong = [&](const ObservationOptions& options) { return message_of<ConfigError>([&] { next(options); }); };
  EXPECT_EQ(wrong({.features = {"angle"}, .time = "t", .dt = "d"}),
            "ObservationReader: dt is given beside time; expected one of the two.");
  EXPECT_EQ(wrong({.features = {"angle"}, .groups = 0}), "ObservationReader: groups is 0; expected 1 or more.");
  EXPECT_EQ(message_of<ConfigError>([&] { ObservationReader(other, "standard input", {.features = {"angl"}}); }),
            "standard input: the feature column 'angl' is not in the file; expected one of its 2 columns. Did you "
            "mean 'angle'?");
}

}  // namespace
}  // namespace elegans::train
