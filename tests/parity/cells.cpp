// The reference's own numbers: every golden case of cells, in f64 and f32, on the scalar kernels and the best ones.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden_cells.hpp"

namespace elegans::golden {
namespace {

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

class CellParity : public ::testing::TestWithParam<Kind> {
 protected:
  static void expect_cases(const std::filesystem::path& file, std::size_t at_least) {
    const nlohmann::json cases = nlohmann::json::parse(std::ifstream(file)).at("cases");
    ASSERT_GE(cases.size(), at_least);
    const Bounds bounds = bounds_of(GetParam().dtype);
    for (const nlohmann::json& golden : cases)
      for (const Comparison& one : run_case(golden, GetParam().dtype, GetParam().target).comparisons)
        EXPECT_LE(one.error, one.is_gradient ? bounds.gradient : bounds.value) << golden["name"] << ": " << one.name;
  }
};

TEST_P(CellParity, GoldenFile) {
  const std::filesystem::path file = std::filesystem::path(ELEGANS_SHARED_DIR) / "spec/goldens/cells.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file << " beside this checkout";
  expect_cases(file, 20);
}

TEST_P(CellParity, MoreOptions) {
  expect_cases(std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/parity/cells.json", 14);
}

INSTANTIATE_TEST_SUITE_P(Kinds, CellParity,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         [](const auto& info) { return info.param.name; });

nlohmann::json some_case() {
  const auto file = std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/parity/cells.json";
  return nlohmann::json::parse(std::ifstream(file)).at("cases").at(0);
}

// The comparison must be able to fail.
TEST(GoldenCells, NoticesAnotherNumber) {
  for (const char* what : {"state", "parameters", "grads"}) {
    nlohmann::json golden = some_case();
    nlohmann::json* number = &golden[what];
    if (number->is_object()) number = &(*number)["rnn_cell.gleak"];
    while (number->is_array()) number = &(*number)[0];
    *number = number->get<double>() + 1e-6;
    bool noticed = false;
    for (const Comparison& one : run_case(golden, Dtype::f64, kernels::Target::scalar).comparisons)
      noticed |= one.error > 1e-8;
    EXPECT_TRUE(noticed) << what;
  }
}

nlohmann::json transposed(const nlohmann::json& array) {
  nlohmann::json out = nlohmann::json::array();
  for (std::size_t j = 0; j < array[0].size(); ++j) {
    nlohmann::json row = nlohmann::json::array();
    for (const nlohmann::json& source : array) row.push_back(source[j]);
    out.push_back(row);
  }
  return out;
}

// Where batch = time no shape tells the layout: the options do. A case cut to so many steps keeps its outputs, and all
// its errors (its last state is another, so some are large) must be the same in both layouts.
TEST(GoldenCells, ReadsTimeFirstWhereBatchEqualsTime) {
  nlohmann::json golden = some_case();
  const auto batch = golden["batch"].get<std::size_t>();
  ASSERT_LT(batch, golden["time"].get<std::size_t>());
  golden["time"] = batch;
  for (const char* key : {"x", "dt", "y", "seed_grad", "grad_x", "grad_dt"})
    for (nlohmann::json& sample : golden[key])
      sample.erase(sample.begin() + static_cast<std::ptrdiff_t>(batch), sample.end());
  const auto before = run_case(golden, Dtype::f64, kernels::Target::scalar).comparisons;
  EXPECT_EQ(before[0].name, "output");
  EXPECT_LE(before[0].error, 1e-10);

  golden["options"]["batch_first"] = false;
  for (const char* key : {"x", "dt", "y", "seed_grad", "grad_x", "grad_dt"}) golden[key] = transposed(golden[key]);
  const auto after = run_case(golden, Dtype::f64, kernels::Target::scalar).comparisons;
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].error, before[i].error) << after[i].name;
}

TEST(GoldenCells, NamesTheGradientsThatAFileDoesNotHave) {
  nlohmann::json golden = some_case();
  golden["grads"].erase("rnn_cell.cm");
  golden.erase("grad_x");
  EXPECT_EQ(run_case(golden, Dtype::f64, kernels::Target::scalar).not_compared,
            (std::vector<std::string>{"rnn_cell.cm", "x"}));
}

TEST(GoldenCells, RefusesWhatItDoesNotKnow) {
  const auto message_of = [](const nlohmann::json& golden) -> std::string {
    try {
      run_case(golden, Dtype::f64, kernels::Target::scalar);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  nlohmann::json golden = some_case();
  golden["options"]["ode_unfold"] = 3;
  EXPECT_EQ(message_of(golden),
            "options: 'ode_unfold' is unknown; expected an option of the cell. Did you mean 'ode_unfolds'?");
  golden = some_case();
  golden["cell"] = "gru";
  EXPECT_EQ(message_of(golden), "cell: 'gru' is unknown; expected 'ltc' or 'cfc'.");
  golden = some_case();
  golden["parameters"]["rnn_cell.spare"] = {1.0};
  EXPECT_EQ(message_of(golden), "parameter 'rnn_cell.spare' of the file belongs to no weight.");
  golden = some_case();
  golden["parameters"].erase("rnn_cell.w");
  EXPECT_EQ(message_of(golden), "the file has no parameter 'rnn_cell.w'.");
  golden = some_case();
  golden["parameters"]["rnn_cell.gleak"].push_back(1.0);
  EXPECT_EQ(message_of(golden), "parameter 'rnn_cell.gleak' has 5 numbers; expected 4.");
  golden = some_case();
  golden.erase("seed_grad");
  EXPECT_EQ(message_of(golden), "'seed_grad' is missing or no list of numbers.");
  golden = some_case();
  golden["lengths"] = {1, 2, 5};
  EXPECT_EQ(message_of(golden), "'lengths' has 5; expected whole numbers from 0 to 4, the steps.");
  golden = some_case();
  golden["parameters"]["rnn_cell.sparsity_mask"][0][0] = 0.0;
  EXPECT_NE(message_of(golden).find("says that number 0 does not exist"), std::string::npos);
}

}  // namespace
}  // namespace elegans::golden
