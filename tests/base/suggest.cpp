#include "elegans/base/suggest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace elegans {
namespace {

using Names = std::vector<std::string>;

TEST(Suggest, NamesThatAreNear) {
  EXPECT_EQ(suggest("learning_rat", Names{"learning_rate", "momentum"}), "Did you mean 'learning_rate'?");
  EXPECT_EQ(suggest("unit", Names{"units", "knit", "other"}), "Did you mean 'units' or 'knit'?");
}

// A swap of neighbours is one mistake.
TEST(Suggest, SwappedLetters) {
  EXPECT_EQ(suggest("tiem", Names{"time", "tank", "temperature"}), "Did you mean 'time'?");
  EXPECT_EQ(suggest("hte", Names{"the", "x"}), "Did you mean 'the'?");
}

TEST(Suggest, AllWhereNoneIsNear) {
  EXPECT_EQ(suggest("voltage", Names{}), "There are none.");
  EXPECT_EQ(suggest("voltage", Names{"t"}), "Known is 't'.");
  EXPECT_EQ(suggest("voltage", Names{"t", "y"}), "Known are 't' or 'y'.");
  Names many;
  for (int i = 0; i < 25; ++i) many.push_back("x" + std::to_string(i));
  const std::string text = suggest("voltage", many);
  EXPECT_NE(text.find("'x18' or 'x19', and 5 more."), std::string::npos) << text;
  EXPECT_EQ(text.find("x20"), std::string::npos);
}

TEST(Suggest, NamesOfAnyLength) {
  const std::string huge(1000, 'a');
  EXPECT_LT(suggest(huge, Names{huge}).size(), 200u);
}

}  // namespace
}  // namespace elegans
