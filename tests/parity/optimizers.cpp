// Optimizers and schedules against golden files, in f64 and f32, on the scalar kernels and the best ones.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "elegans/base/error.hpp"
#include "golden_optimizers.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

class OptimizerParity : public ::testing::TestWithParam<Kind> {
 protected:
  static void expect_cases(const std::filesystem::path& file, std::size_t at_least) {
    const json golden = json::parse(std::ifstream(file));
    const auto expect = [](const json& cases, auto run) {
      for (const json& one : cases)
        for (const Comparison& number : run(one, GetParam().dtype, GetParam().target).comparisons)
          EXPECT_LE(number.error, bounds_of(GetParam().dtype).value) << one["name"] << ": " << number.name;
    };
    ASSERT_GE(golden.at("cases").size(), at_least);
    expect(golden.at("cases"), run_optimizer_case);
    expect(golden.at("schedules"), run_schedule_case);
  }
};

TEST_P(OptimizerParity, GoldenFile) {
  const std::filesystem::path file = std::filesystem::path(ELEGANS_SHARED_DIR) / "spec/goldens/optimizers.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file << " beside this checkout";
  expect_cases(file, 27);
}

TEST_P(OptimizerParity, MoreOptions) {
  expect_cases(std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/parity/optimizers.json", 15);
}

INSTANTIATE_TEST_SUITE_P(Kinds, OptimizerParity,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         [](const auto& info) { return info.param.name; });

json some_case() {
  const auto file = std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/parity/optimizers.json";
  return json::parse(std::ifstream(file)).at("cases").at(0);
}

CaseResult run(const json& golden) { return run_optimizer_case(golden, Dtype::f64, kernels::Target::scalar); }

std::string refusal(const json& golden) {
  try {
    run(golden);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(GoldenOptimizers, NoticeAnotherNumber) {
  for (const char* what : {"parameters", "gradients", "parameters_after", "global_norms"}) {
    json golden = some_case();
    json& at = std::string(what) == "global_norms" ? golden[what][0]
               : std::string(what) == "parameters" ? golden[what]["p0"]["data"][0]
                                                   : golden[what][0]["p0"]["data"][0];
    at = at.get<double>() + 1e-6;
    double most = 0;
    for (const Comparison& one : run(golden).comparisons) most = std::max(most, one.error);
    EXPECT_GT(most, 1e-8) << what;
  }
}

TEST(GoldenOptimizers, SayWhatIsMissing) {
  json golden = some_case();
  golden["optimizer"] = "adafactor";
  EXPECT_THROW(run(golden), Missing);
  EXPECT_EQ(refusal(golden), "optimizer 'adafactor'");
  golden = some_case();
  golden["config"]["schedule"] = {{"type", "polynomial"}, {"learning_rate", 0.1}};
  EXPECT_EQ(refusal(golden), "schedule 'polynomial'");
}

TEST(GoldenOptimizers, RefuseWhatTheyDoNotKnow) {
  json golden = some_case();
  golden["config"].erase("momentum");
  EXPECT_EQ(refusal(golden), "config: key 'momentum' is missing; expected a number.");
  golden = some_case();
  golden["config"]["momentun"] = 0.9;
  EXPECT_NE(refusal(golden).find("Did you mean 'momentum'?"), std::string::npos) << refusal(golden);
  golden = some_case();
  golden["config"]["clipping"] = {{"norm", 1}};
  EXPECT_NE(refusal(golden).find("clipping: key 'norm' is unknown"), std::string::npos) << refusal(golden);
  golden = some_case();
  golden["gradients"][2]["p1"]["data"].push_back(1);
  EXPECT_NE(refusal(golden), "");
}

}  // namespace
}  // namespace elegans::golden
