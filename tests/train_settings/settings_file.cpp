#include "elegans/train/settings_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

using namespace elegans;
using namespace elegans::train;
using elegans::testing::message_of;
using elegans::testing::TemporaryFolder;
using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;

namespace {

std::string complaint(const std::string& text) {
  return message_of<FormatError>([&] { read_toml(text, "train.toml"); });
}

std::string writer_complaint(const json& settings) {
  return message_of<ConfigError>([&] { to_toml(settings); });
}

std::string repeated(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST(ReadToml, BecomesTheSameJson) {
  const json expected = json::parse(R"({
    "cell": "cfc", "seed": 7, "hex": 255, "rate": 0.001, "big": 9223372036854775807, "small": -9223372036854775808, "on": true,
    "targets": ["y", "é\t\"\\"], "mixed": [1, "a", [2.5, {"k": 1}]], "text": "line 1\nline 2",
    "data": {"split": {"test": 0.2}, "path": "C:\\d"}, "layer": [{"units": 28}, {"units": 1}], "a.b": {"c": {"d": []}}})");
  EXPECT_EQ(read_toml(R"(# hyper-parameters
cell = "cfc"
seed = +7
hex = 0xF_F
rate = 1e-3
)" + std::string("big = 9_223_372_036_854_775_807\nsmall = -9223372036854775808\n") +
                          R"(on = true
targets = ["y", "\u00e9\t\"\\"]  # trailing
mixed = [1, "a", [2.5, { k = 1 }]]
text = """
line 1
line 2"""
"a.b".c.d = [ ]
data.path = 'C:\d'
[data.split]
test = 0.2
[[layer]]
units = 28
[[layer]]
units = 1
)",
                      "x")
                .dump(),
            expected.dump());
}

TEST(ReadToml, IsEmptyWhereTheTextIs) { EXPECT_EQ(read_toml("\n# nothing\n", "x"), json::object()); }

TEST(ReadToml, SaysWhereAndWhatIsNotToml) {
  EXPECT_THAT(complaint("a = 1\nb = = 2\n"), HasSubstr("train.toml, line 2, column 5: this is not TOML: "));
  EXPECT_THAT(complaint("a = [1, 2"), HasSubstr("train.toml, line 1, column 10: this is not TOML: "));
  EXPECT_THAT(complaint("a = \"\xFF\""), HasSubstr("this is not TOML: "));
  EXPECT_THAT(complaint("a = \"\x01\""), HasSubstr("this is not TOML: "));
  EXPECT_THAT(complaint("{\"a\": 1}"), HasSubstr("this is not TOML: "));
  EXPECT_THAT(complaint("seed = 9223372036854775808"), HasSubstr("this is not TOML: "));
  EXPECT_THAT(complaint("rate = 1e999"), HasSubstr("train.toml, line 1, column "));
}

TEST(ReadToml, RefusesAKeyGivenTwice) {
  EXPECT_THAT(complaint("a = 1\na = 2\n"), HasSubstr("train.toml, line 2, column 5: this is not TOML: "));
  EXPECT_THAT(complaint("[a]\nx = 1\n[a]\n"), HasSubstr("line 3"));
  EXPECT_THAT(complaint("a = 1\n[a]\n"), HasSubstr("line 2"));
  EXPECT_THAT(complaint("a = { b = 1, b = 2 }"), HasSubstr("this is not TOML: "));
  EXPECT_THAT(complaint("\"a\" = 1\na = 2\n"), HasSubstr("this is not TOML: "));
}

TEST(ReadToml, RefusesWhatSettingsCannotHold) {
  const std::string date =
      "there is a date or a time; expected text, a number, true, false, a list or a table. Write it between "
      "double quotes.";
  EXPECT_EQ(complaint("\nstart = 2024-01-02T03:04:05Z"), "train.toml, line 2, column 9: " + date);
  EXPECT_EQ(complaint("a = [2024-01-02]"), "train.toml, line 1, column 6: " + date);
  EXPECT_EQ(complaint("a = 03:04:05"), "train.toml, line 1, column 5: " + date);
  EXPECT_EQ(complaint("rate = -inf"),
            "train.toml, line 1, column 8: a number is inf or nan; expected a finite number.");
  EXPECT_EQ(complaint("rate = nan"), "train.toml, line 1, column 8: a number is inf or nan; expected a finite number.");
}

TEST(ReadToml, BoundsTheDepth) {
  const auto list = [](int depth) { return "a = " + repeated("[", depth) + repeated("]", depth); };
  const std::string too_deep =
      "train.toml, line 1, column 36: tables or lists are nested too deeply; expected at most 32 levels.";
  EXPECT_NO_THROW(read_toml(list(31), "x"));  // the table of all settings is a level, too
  EXPECT_EQ(complaint(list(32)), too_deep);
  EXPECT_THAT(complaint("\n[x" + repeated(".x", 31) + "]\n"), HasSubstr("nested too deeply"));
  EXPECT_NO_THROW(read_toml("[x" + repeated(".x", 30) + "]\n", "x"));
  EXPECT_NO_THROW(read_toml("a = [" + repeated("0.5, ", 1000) + "]", "x"));
  EXPECT_NO_THROW(read_toml("a = '" + repeated(".", 1000) + "' # " + repeated("[", 1000), "x"));
  EXPECT_NO_THROW(read_toml("a = \"\"\"" + repeated("[\n.\\\"", 1000) + "\"\"\"\"\"\n", "x"));
}

// toml++ alone ends these with an overflow of the stack: its tables are destroyed by recursion.
TEST(ReadToml, RefusesDepthBeforeItIsBuilt) {
  const std::string too_deep = "tables or lists are nested too deeply; expected at most 32 levels.";
  constexpr int far = 1'000'000;
  EXPECT_EQ(complaint("[a" + repeated(".a", far) + "]\n"), "train.toml, line 1: " + too_deep);
  EXPECT_EQ(complaint("\n\na" + repeated(" . a", far) + " = 1"), "train.toml, line 3: " + too_deep);
  EXPECT_EQ(complaint("','" + repeated(".','", far) + " = 1"), "train.toml, line 1: " + too_deep);
  EXPECT_EQ(complaint(R"("\",")" + repeated(R"(."\",")", far) + " = 1"), "train.toml, line 1: " + too_deep);
  EXPECT_EQ(complaint("x = \"\"\"\n\"\"\"\"\"\na" + repeated(".a", far) + " = 1"), "train.toml, line 3: " + too_deep);
  EXPECT_EQ(complaint("x = [\"\"\"\n\"\"\"\"\", { a" + repeated(".a", far) + " = 1 }]"),
            "train.toml, line 2: " + too_deep);
  EXPECT_EQ(complaint("# '\na" + repeated(".a", far) + " = 1"), "train.toml, line 2: " + too_deep);
  EXPECT_EQ(complaint("a = " + repeated("[", far)), "train.toml, line 1: " + too_deep);
  EXPECT_EQ(complaint("a = " + repeated("{ b.c = ", far)), "train.toml, line 1: " + too_deep);
  // Not closed: the rest of the text is a string, and toml++ says so.
  EXPECT_THAT(complaint("a = '''" + repeated(".a", far)), HasSubstr("this is not TOML: "));
}

TEST(ToToml, WritesWhatAPersonWouldWrite) {
  const json settings =
      json::parse(R"({"seed": 7, "rate": 0.1, "epochs": 1e16, "cell": "cfc", "data": {"targets": ["y", "z"], "csv": {}},
    "layers": [{"units": 28, "cell": "cfc"}, {}], "a b": {"c.d": true}, "whole": 2.0})");
  EXPECT_EQ(to_toml(settings),
            "cell = \"cfc\"\n"
            "epochs = 1e+16\n"
            "layers = [{ cell = \"cfc\", units = 28 }, {}]\n"
            "rate = 0.1\n"
            "seed = 7\n"
            "whole = 2.0\n"
            "\n"
            "[\"a b\"]\n"
            "\"c.d\" = true\n"
            "\n"
            "[data]\n"
            "targets = [\"y\", \"z\"]\n"
            "\n"
            "[data.csv]\n");
  EXPECT_EQ(to_toml(json::object()), "");
}

TEST(ToToml, IsReadBackTheSame) {
  std::string every_character;
  for (int c = 0; c < 128; ++c) every_character += static_cast<char>(c);
  const json settings = {
      {"text", every_character + "é😀"},
      {every_character, {{every_character, 1}}},
      {"", {{"", {{"", json::array()}}}}},
      {"numbers", {0.1, -0.0, 1e300, 5e-324, 1.7976931348623157e308, 123456789.0, 1e15, 1e16, 1e-7, 1.0 / 3.0, 2.0}},
      {"integers", {0, -1, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}},
      {"unsigned", std::uint64_t{4294967295}},
      {"mixed", {true, "x", json::array(), json::object(), {{"k", {1, 2}}}}},
      {"table", {{"empty", json::object()}, {"z", 1}, {"inner", {{"deep", {{"deeper", json::object()}}}}}}}};
  const json again = read_toml(to_toml(settings), "x");
  EXPECT_EQ(again, settings);
  EXPECT_EQ(again.dump(), settings.dump());  // 2.0 stays a number with a point
}

TEST(ToToml, RefusesWhatTomlCannotSay) {
  const std::string remedy = " Leave it out of the settings or write them as JSON.";
  EXPECT_EQ(writer_complaint({{"a", nullptr}}),
            "to_toml: a value is null; expected text, a number, true, false, a list or an object." + remedy);
  EXPECT_EQ(writer_complaint({{"a", std::numeric_limits<std::uint64_t>::max()}}),
            "to_toml: a value is 18446744073709551615; expected an integer below 2^63." + remedy);
  EXPECT_EQ(writer_complaint({{"a", std::numeric_limits<double>::infinity()}}),
            "to_toml: a value is inf; expected a finite number." + remedy);
  EXPECT_EQ(writer_complaint({{"a", {"\xFF"}}}), "to_toml: a value is '\\xff'; expected UTF-8." + remedy);
  EXPECT_EQ(writer_complaint({{"\xFF", 1}}), "to_toml: a value is '\\xff'; expected UTF-8." + remedy);
  EXPECT_EQ(writer_complaint(json::array()), "to_toml: settings is no object but array; expected an object.");
  json deep = 1;
  for (int i = 0; i < 33; ++i) deep = {{"a", deep}};
  EXPECT_EQ(writer_complaint(deep), "to_toml: a value is nested too deeply; expected at most 32 levels." + remedy);
  EXPECT_NO_THROW(read_toml(to_toml(deep["a"]), "x"));
}

TEST(ReadSettings, GoesByTheEnding) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return folder / name;
  };
  const json expected = {{"seed", 7}, {"data", {{"target", "y"}}}};
  EXPECT_EQ(read_settings(write("a.toml", "seed = 7\n[data]\ntarget = 'y'\n")), expected);
  EXPECT_EQ(read_settings(write("a.json", R"({"seed": 7, "data": {"target": "y"}})")), expected);

  EXPECT_EQ(message_of<ConfigError>([&] { read_settings(write("a.yaml", "")); }),
            (folder / "a.yaml").string() +
                ": its ending is '.yaml'; expected '.toml' or '.json'. Rename the file by what it holds.");
  EXPECT_EQ(
      message_of<FormatError>([&] { read_settings(write("b.json", "[1]")); }),
      (folder / "b.json").string() + ": the whole is array; expected an object. Put the settings between { and }.");
  EXPECT_THAT(
      message_of<FormatError>([&] { read_settings(write("b.json", "{\"a\": 1,\n\"a\": 1}")); }),
      EndsWith("b.json, line 2, column 3: key 'a' is given twice; expected each key once. Remove one of the two."));
  EXPECT_THAT(message_of<FormatError>([&] { read_settings(write("b.toml", "a = \n")); }),
              HasSubstr("b.toml, line 1, column "));
  EXPECT_THAT(
      message_of<FileError>([&] { read_settings(write("c.toml", std::string((1 << 20) + 1, '\n'))); }),
      EndsWith("c.toml: its size is 1048577 bytes; expected at most 1048576 bytes. Is it the file that was meant?"));
  EXPECT_THAT(message_of<FileError>([&] { read_settings(folder / "none.toml"); }), HasSubstr("cannot be opened"));
}
