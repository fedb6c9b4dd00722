// Sample files of every format version that was released: they must load for ever.
//
// tests/data/model_v<n>.safetensors was written by what now is Samples.DISABLED_WriteThisVersion
// (test_model --gtest_also_run_disabled_tests --gtest_filter='Samples.*'), from the scalar kernels, so that it is
// checked within the bound for other machines wherever it is loaded. It is not to be written anew.

#include <gtest/gtest.h>

#include "elegans/model/load.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "model/networks.hpp"

namespace elegans::model {
namespace {

const std::filesystem::path data = std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/data";

// What all versions have.
LoadedModel load_sample(const char* name) {
  LoadedModel model = load_model(data / name);
  EXPECT_EQ(model.saved_by, "0.1.0");
  EXPECT_EQ(model.network.layers().size(), 4U);
  EXPECT_EQ(model.preprocessing.classes, (std::vector<std::string>{"rest", "walk"}));
  Policy policy(data / name);
  std::array<float, 2> probabilities{};
  EXPECT_TRUE(policy.step(std::array<float, 3>{1, 2, 3}, 0.02F, probabilities).ok());
  EXPECT_NEAR(probabilities[0] + probabilities[1], 1, 1e-6);
  return model;
}

TEST(Samples, Version1Loads) {
  const LoadedModel model = load_sample("model_v1.safetensors");
  EXPECT_EQ(model.preprocessing.answer_at, AnswerAt::last_step);
  EXPECT_EQ(model.preprocessing.columns, Columns{}) << "version 1 kept nothing of this";
}

TEST(Samples, Version2Loads) {
  const LoadedModel model = load_sample("model_v2.safetensors");
  EXPECT_EQ(model.preprocessing.answer_at, AnswerAt::whole_recording);
  EXPECT_EQ(
      model.preprocessing.columns,
      (Columns{.time = "t", .group = "who", .missing = Missing::forward_fill, .first_dt = 0.5, .median_dt = 0.02}));
}

TEST(Samples, Version3Loads) {
  const LoadedModel model = load_sample("model_v3.safetensors");
  EXPECT_EQ(model.network.features(), 5);
  EXPECT_EQ(model.preprocessing.columns, (Columns{.time = "t",
                                                  .group = "who",
                                                  .missing = Missing::as_inputs,
                                                  .sporadic = {"z"},
                                                  .first_dt = 0.5,
                                                  .median_dt = 0.02}));
}

TEST(Samples, Version4Loads) {
  const LoadedModel model = load_model(data / "model_v4.safetensors");
  EXPECT_EQ(model.preprocessing.horizon, 1U);
  EXPECT_EQ(model.preprocessing.targets, (std::vector<std::string>{"v", "x"}));
  Policy policy(data / "model_v4.safetensors");
  std::array<float, 2> next{};
  EXPECT_TRUE(policy.step(std::array<float, 3>{1, 2, 3}, 0.02F, next).ok());
}

// Version 4 is that of forecasts; other models are still written as version 3.
TEST(Samples, DISABLED_WriteThisVersion) {
  Sequential model({.name = "sample", .seed = 1});
  model.add(nn::CfC(4)).add(nn::Dense(2));
  model.build(3);
  save_model(data / "model_v4.safetensors", model,
             {.features = {"u", "x", "v"},
              .targets = {"v", "x"},
              .inputs = {{0.5, -1, 9.81}, {1, 2, 0.25}},
              .outputs = {{9.81, -1}, {0.25, 2}},
              .time_unit = 0.02,
              .columns = {.time = "t", .median_dt = 0.02},
              .horizon = 1},
             {.target = kernels::Target::scalar});
}

}  // namespace
}  // namespace elegans::model
