// The reference's own numbers: every golden case of layers that elegans has, in f64 and f32, on the scalar kernels and
// the best ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "elegans/base/error.hpp"
#include "golden_layers.hpp"
#include "support/goldens.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

class LayerParity : public ::testing::TestWithParam<Kind> {
 protected:
  // The cases that were compared.
  static std::size_t expect_cases(const json& cases) {
    const Bounds bounds = bounds_of(GetParam().dtype);
    std::size_t compared = 0;
    for (const json& golden : cases) try {
        for (const Comparison& one : run_layer_case(golden, GetParam().dtype, GetParam().target).comparisons)
          EXPECT_LE(one.error, one.is_gradient ? bounds.gradient : bounds.value) << golden["name"] << ": " << one.name;
        ++compared;
      } catch (const Missing&) {
        continue;
      }
    return compared;
  }
};

TEST_P(LayerParity, GoldenFile) {
  const auto file = testing::golden_file("layers.json");
  ELEGANS_SKIP_WITHOUT(file, "layers.json");
  EXPECT_GE(expect_cases(file->at("cases")), 46U);
}

json more_cases() {
  return json::parse(std::ifstream(std::string(ELEGANS_SOURCE_DIR) + "/tests/parity/layers.json")).at("cases");
}

TEST_P(LayerParity, MoreOptions) { EXPECT_EQ(expect_cases(more_cases()), more_cases().size()); }

// Under sanitizers, half of the kinds: both dtypes and both targets are among them.
std::string name_of(const ::testing::TestParamInfo<Kind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Kinds, LayerParity,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(HeavyKinds, LayerParity,
                         ::testing::Values(Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar}),
                         name_of);

// The comparison must be able to fail.
TEST(GoldenLayers, NoticesAnotherNumber) {
  for (const char* what : {"inputs", "weights", "outputs", "cotangent", "gradients"}) {
    json golden = more_cases()[0];
    json& number = golden[what].begin().value()["data"][0];
    number = number.get<double>() + 1e-6;
    bool noticed = false;
    for (const Comparison& one : run_layer_case(golden, Dtype::f64, kernels::Target::scalar).comparisons)
      noticed |= one.error > 1e-8;
    EXPECT_TRUE(noticed) << what;
  }
}

TEST(GoldenLayers, RefusesWhatItDoesNotKnow) {
  const auto message_of = [](const std::function<void(json&)>& change) -> std::string {
    json golden = more_cases()[0];
    change(golden);
    try {
      run_layer_case(golden, Dtype::f64, kernels::Target::scalar);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_EQ(message_of([](json& g) { g["layer"] = "Conv1D"; }), "layer 'Conv1D'");
  EXPECT_THAT(message_of([](json& g) { g["config"]["unit"] = 1; }), HasSubstr("key 'unit' is unknown"));
  EXPECT_THAT(message_of([](json& g) { g["weights"]["spare"] = g["weights"]["kernel"]; }),
              HasSubstr("weights: key 'spare' is unknown"));
  EXPECT_THAT(message_of([](json& g) { g["weights"].erase("kernel"); }), HasSubstr("'kernel': the array is missing"));
  EXPECT_THAT(message_of([](json& g) { g["inputs"]["h1"] = g["inputs"]["x"]; }),
              HasSubstr("inputs: key 'h1' is unknown"));
  EXPECT_THAT(message_of([](json& g) { g["weights"]["kernel"]["shape"] = {1, 2}; }), HasSubstr("'kernel'"));
  EXPECT_THAT(message_of([](json& g) { g["outputs"].erase("h"); }), HasSubstr("'h': the array is missing"));
}

}  // namespace
}  // namespace elegans::golden
