#include "elegans/train/cells.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <locale>

namespace elegans::train {
namespace {

TEST(Cells, KnowsTheMarkersOfMissingValues) {
  for (const char* text : {"", "  ", "NA", "NaN", "nan", "?", "null", " NA\t"}) EXPECT_TRUE(is_missing(text)) << text;
  for (const char* text : {"0", "N/A", "na", "NULL", "none", "-", "??", "-nan"}) EXPECT_FALSE(is_missing(text)) << text;
}

TEST(Cells, ReadsDecimalNumbers) {
  const std::pair<const char*, double> numbers[] = {{"0", 0},        {"-1.5", -1.5},  {"+2", 2},    {".5", 0.5},
                                                    {"-.5e1", -5.0}, {"1e-3", 0.001}, {"7.", 7.0},  {" 3\t", 3},
                                                    {"1E3", 1000},   {"0.1", 0.1},    {"+.5", 0.5}, {"1e-400", 0}};
  for (const auto& [text, value] : numbers) EXPECT_EQ(parse_number(text), value) << text;
}

TEST(Cells, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"", " ", "abc", "1,5", "1 2", "0x10", "1e", "--1", "+-1", "+", "-", ".", "1.2.3", "12px", "٣"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Cells, HandsOutInfinitiesForTheCallerToRefuse) {
  for (const char* text : {"inf", "-inf", "Infinity", "1e999", "-1e999"}) {
    const auto value = parse_number(text);
    ASSERT_TRUE(value) << text;
    EXPECT_TRUE(std::isinf(*value)) << text;
  }
  EXPECT_TRUE(std::isnan(parse_number("-nan").value_or(0)));
}

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(Cells, DoesNotDependOnTheLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number("1,5"), std::nullopt);
  std::locale::global(before);
}

}  // namespace
}  // namespace elegans::train
