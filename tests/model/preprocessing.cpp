#include "elegans/model/preprocessing.hpp"

#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "support/message_of.hpp"

namespace elegans::model {
namespace {

using elegans::testing::message_of;
using ::testing::HasSubstr;

const Preprocessing regression{
    .features = {"a", "b"}, .targets = {"y"}, .inputs = {{1, -2}, {2, 0.5}}, .outputs = {{10}, {4}}, .time_unit = 0.5};

TEST(Preprocessing, StandardisesRowsAndBack) {
  const std::array<double, 2> x{5, -1};
  std::array<double, 2> z{};
  standardise(regression.inputs, std::span<const double>(x), std::span<double>(z));
  EXPECT_EQ(z, (std::array<double, 2>{2, 2}));
  std::array<double, 2> back{};
  unstandardise(regression.inputs, std::span<const double>(z), std::span<double>(back));
  EXPECT_EQ(back, x);
}

// 0.1f is not 0.1: arithmetic in f64 followed by one rounding is what the trainer does with its f64 data.
TEST(Preprocessing, ComputesInDoubleAndRoundsOnce) {
  const Scaling scaling{{0.1}, {0.3}};
  const std::array<double, 1> x{0.7};
  std::array<float, 1> z{};
  standardise(scaling, std::span<const double>(x), std::span<float>(z));
  EXPECT_EQ(z[0], static_cast<float>((0.7 - 0.1) / 0.3));
}

TEST(Preprocessing, LeavesNumbersAloneWithoutAScaling) {
  const std::array<float, 3> x{1, 2, 3};
  std::array<float, 3> z{};
  standardise(Scaling{}, std::span<const float>(x), std::span<float>(z));
  EXPECT_EQ(z, x);
}

TEST(Preprocessing, ScoresBecomeProbabilities) {
  std::array<double, 3> scores{1000, 1000 + std::log(2.0), -1e308};
  softmax(std::span<double>(scores));
  // 1000 + ln 2 is rounded to 2^-44.
  EXPECT_NEAR(scores[0], 1.0 / 3, 1e-13);
  EXPECT_NEAR(scores[1], 2.0 / 3, 1e-13);
  EXPECT_EQ(scores[2], 0);
}

TEST(Preprocessing, SurvivesItsConfiguration) {
  Preprocessing p = regression;
  p.task = Task::classification;
  p.answer_at = AnswerAt::whole_recording;
  p.columns = {.time = "t", .group = "who", .missing = Missing::drop, .first_dt = 0, .median_dt = 0.25};
  const Preprocessing back = preprocessing_from_config(to_config(p), "test");
  EXPECT_EQ(back.task, p.task);
  EXPECT_EQ(back.answer_at, p.answer_at);
  EXPECT_EQ(back.features, p.features);
  EXPECT_EQ(back.targets, p.targets);
  EXPECT_EQ(back.columns, p.columns);
  p.columns.first_dt = {};
  EXPECT_EQ(preprocessing_from_config(to_config(p), "test").columns, p.columns) << "the median";
  EXPECT_EQ(message_of<FormatError>([] {
              preprocessing_from_config(
                  {{"task", "regresion"}, {"answer_at", "last_step"}, {"features", {}}, {"targets", {}}},
                  "m.safetensors");
            }),
            "m.safetensors: key 'task' is \"regresion\"; expected a known name. Did you mean 'regression'?");
  nlohmann::json config = to_config(p);
  config["missing"] = "forward-fill";
  EXPECT_EQ(message_of<FormatError>([&] { preprocessing_from_config(config, "m.safetensors"); }),
            "m.safetensors: key 'missing' is \"forward-fill\"; expected a known name. Did you mean 'forward_fill'?");
}

TEST(Preprocessing, OfFormatVersion1HasNoColumns) {
  const Preprocessing p = preprocessing_from_config(
      {{"task", "regression"}, {"answer_at", "last_step"}, {"features", {"a"}}, {"targets", {"y"}}}, "test", 1);
  EXPECT_EQ(p.columns, Columns{});
  nlohmann::json config = to_config(p);
  EXPECT_THAT(message_of<FormatError>([&] { preprocessing_from_config(config, "test", 1); }),
              HasSubstr("test: key 'group' is unknown"));
  config.erase("missing");
  EXPECT_THAT(message_of<FormatError>([&] { preprocessing_from_config(config, "test"); }),
              HasSubstr("test: key 'missing' is missing"));
}

TEST(Preprocessing, KeepsItsHorizon) {
  Preprocessing p = regression;
  EXPECT_FALSE(to_config(p).contains("horizon")) << "files without a forecast are as before";
  p.horizon = 5;
  const nlohmann::json config = to_config(p);
  EXPECT_EQ(preprocessing_from_config(config, "test").horizon, 5U);
  EXPECT_THAT(message_of<FormatError>([&] { preprocessing_from_config(config, "test", 3); }),
              HasSubstr("test: key 'horizon' is unknown"));
  nlohmann::json none = config;
  none["horizon"] = 0;
  EXPECT_THAT(message_of<FormatError>([&] { preprocessing_from_config(none, "test"); }),
              HasSubstr("test: key 'horizon' is 0; expected an integer ≥ 1"));
}

TEST(Preprocessing, ForeseesFeaturesWithAHorizonAlone) {
  const auto message = [](const auto& change) {
    Preprocessing p = regression;
    change(p);
    return message_of<ConfigError>([&] { validate(p, 2, 1, "save_model"); });
  };
  Preprocessing forecast = regression;
  forecast.targets = {"b"};
  forecast.horizon = 2;
  EXPECT_NO_THROW(validate(forecast, 2, 1, "save_model"));
  EXPECT_EQ(message([](auto& p) { p.targets = {"b"}; }),
            "save_model: the target 'b' is a feature, too; expected a column of its own, unless it is foreseen. Set "
            ".horizon to how many steps ahead that is.");
  EXPECT_THAT(
      message([](auto& p) { p.horizon = 1; }),
      HasSubstr(
          "the target 'y' is unknown; expected one of the features, for it is foreseen. Did you mean 'a' or 'b'?"));
  EXPECT_EQ(message([](auto& p) {
              p.targets = {"b"};
              p.horizon = 1;
              p.answer_at = AnswerAt::last_step;
            }),
            "save_model: horizon is 1; expected 0 unless numbers are answered at every step.");
}

TEST(Preprocessing, MustFitTheNetwork) {
  EXPECT_NO_THROW(validate(regression, 2, 1, "test"));
  EXPECT_NO_THROW(validate({}, 2, 1, "test"));
  const auto message = [](const auto& change, std::int64_t inputs = 2, std::int64_t outputs = 1) {
    Preprocessing p = regression;
    change(p);
    return message_of<ConfigError>([&] { validate(p, inputs, outputs, "save_model"); });
  };
  const auto nothing = [](Preprocessing&) {};
  EXPECT_EQ(message(nothing, 3),
            "save_model: the number of features is 2; expected 3, one for each input of the network.");
  EXPECT_EQ(message(nothing, 2, 4),
            "save_model: the number of targets is 1; expected 4, one for each output of the network.");
  EXPECT_EQ(message([](auto& p) {
              p.features = {"a", "a"};
            }),
            "save_model: the name 'a' among features is given twice; expected each name once. Rename one of the two.");
  EXPECT_EQ(message([](auto& p) { p.inputs.mean = {1}; }),
            "save_model: the scaling of inputs is of 1 means and 2 deviations; expected as many of each.");
  EXPECT_THAT(
      message([](auto& p) { p.inputs.std[1] = 0; }),
      HasSubstr("the scaling of inputs, column 1 ('b') is mean -2 and standard deviation 0; expected finite numbers"));
  EXPECT_THAT(
      message([](auto& p) { p.inputs.std[1] = 1e38; }),
      HasSubstr("column 1 ('b') is mean -2 and standard deviation 1e+38; expected ten deviations from the mean to be "
                "numbers that a float can hold. Use "
                "another unit for this column."));
  EXPECT_EQ(message([](auto& p) { p.columns.group = "b"; }),
            "save_model: the column 'b' is both a feature and that of time or groups; expected one role a column.");
  EXPECT_EQ(message([](auto& p) { p.columns.first_dt = -1; }),
            "save_model: columns.first_dt is -1; expected a finite number of seconds, 0 or more. Or leave it out.");
  EXPECT_THAT(message([](auto& p) { p.time_unit = 0; }),
              HasSubstr("time_unit is 0; expected a finite number of seconds above 0"));
  EXPECT_THAT(message([](auto& p) {
                p.classes = {"u", "v"};
              }),
              HasSubstr("the number of classes is 2; expected 0 for a regression"));
  EXPECT_THAT(message([](auto& p) { p.task = Task::classification; }),
              HasSubstr("the scaling of outputs is of 1 columns; expected none for a classification"));
}

}  // namespace
}  // namespace elegans::model
