#include "elegans/base/text.hpp"

#include <gtest/gtest.h>

using namespace elegans;
using namespace std::string_view_literals;

TEST(IsUtf8, AcceptsEachLength) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("\x00\x7F"sv));
  // First and last of two, three and four bytes, and the neighbours of the surrogates.
  for (const auto character : {"\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv,
                               "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(is_utf8(character)) << printable(character);
  }
}

TEST(IsUtf8, RefusesWhatTheStandardForbids) {
  for (const auto bad : {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x41"sv, "\xE0\x9F\xBF"sv,
                         "\xE1\x80"sv, "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv, "\xF0\x8F\xBF\xBF"sv, "\xF0\x90\x80"sv,
                         "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv, "good\xFE"sv}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Printable, EscapesWhatAMessageMustNotHold) {
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(printable("\x1B[31m\x7F\0"sv), "\\x1b[31m\\x7f\\x00");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");  // U+009B, which begins a terminal's command as ESC [ does
  EXPECT_EQ(printable("\xFF\xC3\xA9\xC3"), "\\xffé\\xc3");
  EXPECT_EQ(quote("Δt"), "'Δt'");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("éééé", 3), "éé…");
  EXPECT_LT(printable(std::string(1000000, 'x')).size(), 100u);
}
