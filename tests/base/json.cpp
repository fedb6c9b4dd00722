#include "elegans/base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/message_of.hpp"

using namespace elegans;
using elegans::testing::message_of;
using nlohmann::json;
using ::testing::ElementsAre;
using namespace std::string_view_literals;

namespace {

std::string complaint(std::string_view text, const JsonOptions& options = {}) {
  return message_of<FormatError>([&] { parse_json(text, "policy.json", options); });
}

// The message of a getter called on the object that `text` holds, whose keys are all known but "unit".
template <class Call>
std::string getter_complaint(const char* text, Call&& call) {
  const json value = parse_json(text, "policy.json");
  return message_of<FormatError>([&] {
    call(JsonObject(value, "policy.json", {"units", "rate", "cell", "on", "shape"}));
  });
}

}  // namespace

TEST(ParseJson, AgreesWithNlohmannOnWhatIsValid) {
  for (const auto text :
       {"{}", "[]", "null", "true", "0", "-0.5e-3", "\"\"", "18446744073709551615", "-9223372036854775808",
        R"({"a": [1, -2, 3.5, true, false, null, "é\u00e9\ud83d\ude00\n"], "b": {"c": {"d": []}}, "": {}})",
        " \t\r\n[ [ ] , { \"x\" : [ 1 , 2 , { } ] , \"y\" : 2 } ] \n", "1.7976931348623157e308", "4.9e-324"}) {
    EXPECT_EQ(parse_json(text, "x"), json::parse(text)) << text;
  }
}

TEST(ParseJson, SaysWhereAndWhatIsNotJson) {
  EXPECT_EQ(
      complaint(""),
      "policy.json, line 1, column 0: this is not JSON: unexpected end of input; expected '[', '{', or a literal.");
  EXPECT_EQ(
      complaint("{\"a\": 1,\n  'b': 2}"),
      "policy.json, line 2, column 3: this is not JSON: invalid literal; last read: '1,<U+000A>  ''; expected string "
      "literal.");
  EXPECT_EQ(complaint("{\"é\": nul}"),
            "policy.json, line 1, column 10: this is not JSON: invalid literal; last read: '\"é\": nul}'.");
  EXPECT_EQ(complaint("[1, 2"),
            "policy.json, line 1, column 5: this is not JSON: unexpected end of input; expected ']'.");
  EXPECT_EQ(
      complaint("{} x"),
      "policy.json, line 1, column 4: this is not JSON: invalid literal; last read: '{} x'; expected end of input.");
}

TEST(ParseJson, RefusesWhatRfc8259DoesNotAllow) {
  for (const auto text : {"[1,]",          "{\"a\":1,}",    "[01]",        "[+1]",       "[.5]",
                          "[1.]",          "[1e]",          "{a:1}",       "{} {}",      "// c\n{}",
                          "[NaN]",         "[Infinity]",    "[-Infinity]", "[\"\x01\"]", "[\"\\x41\"]",
                          "[\"\\ud800\"]", "[\"\\udc00\"]", "['a']",       "[0x10]",     "[\"a\nb\"]",
                          "{\"a\"}",       "{1:2}",         "]",           "[}",         "\xEF\xBB"}) {
    EXPECT_THAT(complaint(text), ::testing::HasSubstr("this is not JSON")) << text;
  }
}

TEST(ParseJson, RefusesAKeyGivenTwice) {
  EXPECT_EQ(complaint("{\"a\": 1,\n \"a\": 2}"),
            "policy.json, line 2, column 4: key 'a' is given twice; expected each key once. Remove one of the two.");
  EXPECT_THAT(complaint(R"([{"x": {"k": [], "\u006b": 1}}])"), ::testing::HasSubstr("key 'k' is given twice"));
  EXPECT_NO_THROW(parse_json(R"({"a": {"a": 1}, "b": {"a": 1}})", "x"));
}

TEST(ParseJson, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(
      complaint("[1e999]"),
      "policy.json, line 1, column 7: number '1e999' is too large; expected a finite number of at most about 1.8e308.");
  EXPECT_EQ(complaint("[18446744073709551616]"),
            "policy.json, line 1, column 22: integer 18446744073709551616 does not fit into 64 bits; expected an "
            "integer from "
            "-9223372036854775808 to 18446744073709551615.");
  EXPECT_THAT(complaint("-9223372036854775809"), ::testing::HasSubstr("does not fit into 64 bits"));
}

TEST(ParseJson, RefusesZeroBytesAndBadUtf8) {
  EXPECT_EQ(complaint("{}\n\0garbage"sv),
            "policy.json, line 2, column 1: there is a zero byte; expected text. Is it a text file, and all of it?");
  EXPECT_EQ(
      complaint("[\"a\xFF\"]"),
      "policy.json, line 1, column 4: this is not JSON: invalid string: ill-formed UTF-8 byte; last read: '\"a\\xff'.");
}

TEST(ParseJson, BoundsTheDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(64), "x"));
  EXPECT_EQ(complaint(nested(65)),
            "policy.json, line 1, column 65: objects and lists are nested too deeply; expected at most 64 inside one "
            "another.");
  EXPECT_THAT(complaint(R"({"a":{"b":{}}})", {.max_depth = 2}), ::testing::HasSubstr("at most 2 inside one another"));
  EXPECT_THAT(complaint(std::string(10'000'000, '[')), ::testing::HasSubstr("nested too deeply"));
}

TEST(ParseJson, KeepsHostileTextOutOfTheMessage) {
  const std::string message = complaint("{\"" + std::string(1000000, 'x') + "\x1B[2J\": 1, ?");
  EXPECT_LT(message.size(), 400u);
  EXPECT_EQ(message.find('\x1B'), std::string::npos);
}

TEST(ToJsonText, ReadsBackTheSame) {
  const json value = {{"b", 0.1},
                      {"a", {1, 2.0, -3}},
                      {"é", "\n\x7F"},
                      {"tiny", 5e-324},
                      {"u", std::numeric_limits<std::uint64_t>::max()}};
  EXPECT_EQ(parse_json(to_json_text(value), "x"), value);
  EXPECT_EQ(parse_json(to_json_text(value, 2), "x"), value);
  EXPECT_EQ(to_json_text({{"b", 1}, {"a", 2}}), R"({"a":2,"b":1})");
}

TEST(ToJsonText, RefusesWhatJsonCannotSay) {
  EXPECT_EQ(message_of<ConfigError>([] {
              to_json_text({{"a", {1.0, std::numeric_limits<double>::quiet_NaN()}}});
            }),
            "JSON: a number is nan; expected a finite number. JSON has no way to write it.");
  EXPECT_EQ(message_of<ConfigError>([] {
              to_json_text({{"a", "\xFF"}});
            }),
            "JSON: text is '\\xff'; expected UTF-8. Convert it before it is written.");
  EXPECT_THROW(to_json_text({{"\xFF", 1}}), ConfigError);
}

TEST(JsonObject, ReadsEachKind) {
  const json value = parse_json(R"({"units": 28, "rate": 1e-3, "cell": "cfc", "on": true, "shape": [2, 3]})", "x");
  const JsonObject object(value, "x", {"units", "rate", "cell", "on", "shape", "other"});
  EXPECT_EQ(object.integer("units", {.at_least = 1, .at_most = 28}), 28);
  EXPECT_EQ(object.number("rate", {.above = 0}), 1e-3);
  EXPECT_EQ(object.number("units"), 28.0);
  EXPECT_EQ(object.text("cell"), "cfc");
  EXPECT_EQ(object.choice("cell", {"ltc", "cfc"}), "cfc");
  EXPECT_TRUE(object.boolean("on"));
  EXPECT_THAT(object.integers("shape", {.at_least = 0}), ElementsAre(2, 3));
  EXPECT_THAT(object.numbers("shape"), ElementsAre(2.0, 3.0));
  EXPECT_TRUE(object.has("units"));
  EXPECT_FALSE(object.has("other"));
  EXPECT_EQ(object.at("on"), json(true));
}

TEST(JsonObject, UsesTheFallbackOfAMissingKeyOnly) {
  const json value = parse_json(R"({"units": "abc"})", "x");
  const JsonObject object(value, "x", {"units", "other"});
  EXPECT_EQ(object.integer("other", {}, 7), 7);
  EXPECT_EQ(object.number("other", {}, 0.5), 0.5);
  EXPECT_EQ(object.text("other", "t"), "t");
  EXPECT_EQ(object.choice("other", {"a"}, "b"), "b");
  EXPECT_FALSE(object.boolean("other", false));
  EXPECT_THROW(object.integer("units", {}, 7), FormatError);
}

TEST(JsonObject, ComplainsOfTheWrongKindOrRange) {
  const auto units = [](const JsonObject& object) { object.integer("units", {.at_least = 1}); };
  EXPECT_EQ(getter_complaint(R"({"units": "abc"})", units),
            "policy.json: key 'units' is \"abc\"; expected an integer ≥ 1.");
  EXPECT_EQ(getter_complaint(R"({"units": 0})", units), "policy.json: key 'units' is 0; expected an integer ≥ 1.");
  EXPECT_EQ(getter_complaint(R"({"units": 2.0})", units), "policy.json: key 'units' is 2.0; expected an integer ≥ 1.");
  EXPECT_EQ(getter_complaint(R"({"units": true})", units),
            "policy.json: key 'units' is true; expected an integer ≥ 1.");
  EXPECT_EQ(getter_complaint(R"({"units": 18446744073709551615})", units),
            "policy.json: key 'units' is 18446744073709551615; expected an integer ≥ 1.");
  EXPECT_EQ(getter_complaint(R"({"units": 9})",
                             [](const JsonObject& o) { o.integer("units", {.at_least = 1, .at_most = 8}); }),
            "policy.json: key 'units' is 9; expected an integer from 1 to 8.");
  EXPECT_EQ(getter_complaint(R"({"units": 9})", [](const JsonObject& o) { o.integer("units", {.at_most = 8}); }),
            "policy.json: key 'units' is 9; expected an integer ≤ 8.");
  EXPECT_EQ(getter_complaint("{}", units), "policy.json: key 'units' is missing; expected an integer ≥ 1.");

  EXPECT_EQ(getter_complaint(R"({"rate": 0})", [](const JsonObject& o) { o.number("rate", {.above = 0}); }),
            "policy.json: key 'rate' is 0; expected a number > 0.");
  EXPECT_EQ(
      getter_complaint(R"({"rate": 1})", [](const JsonObject& o) { o.number("rate", {.at_least = 0, .below = 1}); }),
      "policy.json: key 'rate' is 1; expected a number ≥ 0 and < 1.");
  EXPECT_EQ(getter_complaint(R"({"rate": -0.5})",
                             [](const JsonObject& o) { o.number("rate", {.at_least = 0, .at_most = 1}); }),
            "policy.json: key 'rate' is -0.5; expected a number ≥ 0 and ≤ 1.");
  EXPECT_EQ(getter_complaint(R"({"rate": null})", [](const JsonObject& o) { o.number("rate"); }),
            "policy.json: key 'rate' is null; expected a number.");

  EXPECT_EQ(getter_complaint(R"({"on": 1})", [](const JsonObject& o) { o.boolean("on"); }),
            "policy.json: key 'on' is 1; expected true or false.");
  EXPECT_EQ(getter_complaint(R"({"cell": {}})", [](const JsonObject& o) { o.text("cell"); }),
            "policy.json: key 'cell' is an object; expected text in double quotes.");
  EXPECT_EQ(getter_complaint(R"({"cell": "cfd"})",
                             [](const JsonObject& o) {
                               o.choice("cell", {"cfc", "ltc"});
                             }),
            "policy.json: key 'cell' is \"cfd\"; expected a known name. Did you mean 'cfc'?");
  EXPECT_EQ(getter_complaint(R"({"cell": 3})",
                             [](const JsonObject& o) {
                               o.choice("cell", {"cfc", "ltc"});
                             }),
            "policy.json: key 'cell' is 3; expected a name in double quotes. Known are 'cfc' or 'ltc'.");
  EXPECT_EQ(getter_complaint(R"({"shape": 3})", [](const JsonObject& o) { o.integers("shape", {.at_least = 0}); }),
            "policy.json: key 'shape' is 3; expected a list, each an integer ≥ 0.");
  EXPECT_EQ(
      getter_complaint(R"({"shape": [1, [], 2]})", [](const JsonObject& o) { o.integers("shape", {.at_least = 0}); }),
      "policy.json: key 'shape[1]' is an empty list; expected an integer ≥ 0.");
  EXPECT_EQ(getter_complaint(R"({"shape": [1, "2"]})", [](const JsonObject& o) { o.numbers("shape"); }),
            "policy.json: key 'shape[1]' is \"2\"; expected a number.");
  EXPECT_EQ(getter_complaint(R"({"shape": ["a", [1, 2]]})", [](const JsonObject& o) { o.texts("shape"); }),
            "policy.json: key 'shape[1]' is a list of 2; expected text in double quotes.");
  EXPECT_EQ(getter_complaint("{}", [](const JsonObject& o) { o.at("cell"); }),
            "policy.json: key 'cell' is missing; expected a value.");
}

TEST(JsonObject, ComplainsOfUnknownKeysWithTheNearest) {
  EXPECT_EQ(getter_complaint(R"({"unit": 3})", [](const JsonObject&) {}),
            "policy.json: key 'unit' is unknown; expected a known key. Did you mean 'units'?");
  EXPECT_EQ(getter_complaint("[1]", [](const JsonObject&) {}),
            "policy.json: the whole is a list of 1; expected an object.");
}

TEST(JsonObject, NamesTheWayToAnInnerKey) {
  const json value = parse_json(R"({"model": {"cell": {"units": -1}, "layers": [{"units": 1}, {"unit": 2}]}})", "x");
  const JsonObject model = JsonObject(value, "policy.json", {"model"}).object("model", {"cell", "layers", "none"});
  EXPECT_EQ(message_of<FormatError>([&] { model.object("cell", {"units"}).integer("units", {.at_least = 1}); }),
            "policy.json: key 'model.cell.units' is -1; expected an integer ≥ 1.");
  EXPECT_EQ(message_of<FormatError>([&] { model.object("cell", {"size"}); }),
            "policy.json: key 'model.cell.units' is unknown; expected a key of 'model.cell'. Known is 'size'.");
  EXPECT_EQ(
      message_of<FormatError>([&] { model.objects("layers", {"units"}); }),
      "policy.json: key 'model.layers[1].unit' is unknown; expected a key of 'model.layers[1]'. Did you mean 'units'?");
  EXPECT_EQ(message_of<FormatError>([&] { model.object("layers", {}); }),
            "policy.json: key 'model.layers' is a list of 2; expected an object.");
  EXPECT_EQ(message_of<FormatError>([&] { model.object("none", {}); }),
            "policy.json: key 'model.none' is missing; expected an object.");
  EXPECT_STREQ(model.error("cell", "a cell that exists", "Make one.").what(),
               "policy.json: key 'model.cell' is an object; expected a cell that exists. Make one.");
  EXPECT_EQ(model.objects("layers", {"units", "unit"})[0].integer("units"), 1);
}
