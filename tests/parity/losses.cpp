// The reference's own numbers: every golden case of losses, in f64 and f32, on the scalar kernels and the best ones.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "golden_losses.hpp"
#include "support/goldens.hpp"
#include "support/message_of.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

class LossParity : public ::testing::TestWithParam<Kind> {};

TEST_P(LossParity, GoldenFile) {
  const auto file = testing::golden_file("losses.json");
  ELEGANS_SKIP_WITHOUT(file, "losses.json");
  const Bounds bounds = bounds_of(GetParam().dtype);
  ASSERT_GE(file->at("cases").size(), 70U);
  for (const json& golden : file->at("cases")) {
    const CaseResult result = run_loss_case(golden, GetParam().dtype, GetParam().target);
    ASSERT_EQ(result.comparisons.size(), 2U) << golden["name"];
    for (const Comparison& one : result.comparisons)
      EXPECT_LE(one.error, one.is_gradient ? bounds.gradient : bounds.value) << golden["name"] << ": " << one.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LossParity,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         [](const auto& info) { return info.param.name; });

// The mean of |1 − 0| and |2 − 4|, the second twice: (1 + 2 · 2) / 3.
json weighted_case() {
  return json::parse(R"({
    "name": "weighted", "loss": "mean_absolute_error", "config": {"reduction": "mean"},
    "inputs": {"predictions": {"shape": [2, 1], "data": [1, 2]}, "targets": {"shape": [2, 1], "data": [0, 4]},
               "sample_weight": {"shape": [2], "data": [1, 2]}},
    "value": {"shape": [], "data": [1.6666666666666667]}, "cotangent": {"shape": [], "data": [1]},
    "gradients": {"predictions": {"shape": [2, 1], "data": [0.3333333333333333, -0.6666666666666666]}}})");
}

std::vector<double> errors(const json& golden) {
  std::vector<double> errors;
  for (const Comparison& one : run_loss_case(golden, Dtype::f64, kernels::Target::scalar).comparisons)
    errors.push_back(one.error);
  return errors;
}

// The comparison must be able to fail.
TEST(GoldenLosses, NoticesAnotherNumber) {
  for (const double error : errors(weighted_case())) EXPECT_LE(error, 1e-15);
  json golden = weighted_case();
  golden["value"]["data"][0] = 1.66;
  golden["gradients"]["predictions"]["data"][1] = 0.5;
  EXPECT_GT(errors(golden)[0], 1e-3);
  EXPECT_GT(errors(golden)[1], 1e-3);
  golden = weighted_case();
  golden["inputs"].erase("sample_weight");
  EXPECT_GT(errors(golden)[0], 1e-3);
  golden = weighted_case();
  golden["cotangent"]["data"][0] = -2;
  EXPECT_GT(errors(golden)[1], 1e-3);
}

TEST(GoldenLosses, SaysWhatIsMissing) {
  json golden = weighted_case();
  golden["gradients"].erase("predictions");
  EXPECT_EQ(run_loss_case(golden, Dtype::f64, kernels::Target::scalar).not_compared,
            std::vector<std::string>{"predictions"});
  golden["loss"] = "ctc";
  EXPECT_EQ(testing::message_of<Missing>([&] { errors(golden); }), "loss 'ctc'");
}

TEST(GoldenLosses, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const auto& change) {
    json golden = weighted_case();
    change(golden);
    return testing::message_of<Error>([&] { errors(golden); });
  };
  EXPECT_EQ(refused([](json& golden) { golden["config"]["delta"] = 1; }),
            "loss 'mean_absolute_error': key 'delta' is unknown; expected a known key. Known is 'reduction'.");
  EXPECT_EQ(refused([](json& golden) { golden["inputs"].erase("targets"); }),
            "'targets': the array is missing; expected {\"shape\": [whole numbers], \"data\": [as many numbers]}.");
  EXPECT_EQ(
      refused([](json& golden) { golden["inputs"]["targets"]["data"].push_back(1); }),
      "'targets': the array is of shape [2,1] with 3 numbers; expected {\"shape\": [whole numbers], \"data\": [as "
      "many numbers]}.");
  EXPECT_EQ(refused([](json& golden) {
              golden["inputs"]["sample_weight"] = {{"shape", {3}}, {"data", {1, 2, 3}}};
            }),
            "mean_absolute_error: sample_weight is [3]; expected [2], or its first axes.");
  EXPECT_EQ(refused([](json& golden) { golden["inputs"] = 1; }), "'inputs' is missing or no object.");
}

}  // namespace
}  // namespace elegans::golden
