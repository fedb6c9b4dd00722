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

TEST(ObservationsErrors, Texts) {
  std::istringstream in("speed,angle\n1,x\n"), other("speed,angle\n1,2\n");
  ObservationReader rows(in, "standard input", {.features = {"angle"}});
  EXPECT_EQ(
      message_of<FormatError>([&] { rows.next(); }),
      "standard input, line 2: column 'angle' is 'x'; expected a number. Mend the cell, or leave the column out.");
  EXPECT_EQ(message_of<ConfigError>([&] { ObservationReader(other, "standard input", {.features = {"angl"}}); }),
            "standard input: the feature column 'angl' is not in the file; expected one of its 2 columns. Did you "
            "mean 'angle'?");
}

}  // namespace
}  // namespace elegans::train
