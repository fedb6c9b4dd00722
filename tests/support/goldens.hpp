#pragma once
// Golden files: {"cases": [{"name": …, tensors as {"shape": […], "data": […], "dtype": "i32"}}]}.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "elegans/tensor/tensor.hpp"

namespace elegans::testing {

// A file of ../shared/spec/goldens; none where that folder is absent.
inline std::optional<nlohmann::json> golden_file(const std::string& name) {
  std::ifstream in(std::string(ELEGANS_SHARED_DIR) + "/spec/goldens/" + name);
  if (!in) return std::nullopt;
  return nlohmann::json::parse(in);
}

// A tensor of a golden file: f64, or i32 where it says so.
inline Tensor golden_tensor(const nlohmann::json& json) {
  const auto shape = json.at("shape").get<std::vector<std::int64_t>>();
  const auto values = json.at("data").get<std::vector<double>>();
  return Tensor::from(Shape::of(shape), values, json.value("dtype", "f64") == "i32" ? Dtype::i32 : Dtype::f64);
}

// Expects |actual − expected| <= bound · max(1, |expected|) everywhere.
inline void expect_close(const Tensor& actual, const Tensor& expected, double bound, const std::string& what) {
  ASSERT_EQ(to_string(actual.shape()), to_string(expected.shape())) << what;
  const std::vector<double> a = actual.values();
  const std::vector<double> e = expected.values();
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], e[i], bound * std::max(1.0, std::abs(e[i]))) << what << ", element " << i;
}

}  // namespace elegans::testing

#define ELEGANS_SKIP_WITHOUT(file, name) \
  if (!(file)) GTEST_SKIP() << ELEGANS_SHARED_DIR << "/spec/goldens/" << (name) << " is not there"
