// Patterns for the kernels of cells: the same as a full kernel with zeros, with the weights that exist alone.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/nn/cfc.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

constexpr std::int64_t inputs = 3;

// Two of three inputs for every unit.
PatternPtr some_pattern(std::int64_t units) {
  std::vector<wiring::Synapse> synapses;
  for (std::int32_t u = 0; u < units; ++u)
    for (std::int32_t i = 0; i < 2; ++i) synapses.push_back({(u + i) % 3, u, 1});
  return wiring::Pattern::from_synapses(synapses, inputs, units);
}

std::shared_ptr<RNN> with_backbone(const PatternPtr& pattern) {
  return std::make_shared<CfC>(4, CfCOptions{.backbone_units = 5, .backbone_layers = 2, .input_pattern = pattern});
}

std::shared_ptr<RNN> with_memory(const PatternPtr& pattern) {
  return std::make_shared<RNN>(std::make_shared<MixedMemory>(
      std::make_shared<CfCCell>(4, CfCCellOptions{.backbone_units = 5}), MixedMemoryOptions{.input_pattern = pattern}));
}

// The pattern of the projection, whose rows are the cell's three outputs.
std::shared_ptr<RNN> with_projection(const PatternPtr& pattern) {
  return std::make_shared<RNN>(std::make_shared<CfCCell>(inputs, CfCCellOptions{.backbone_units = 5}),
                               RnnOptions{.projection = 4, .projection_pattern = pattern});
}

std::shared_ptr<RNN> lstm(const PatternPtr& pattern) {
  return std::make_shared<LSTM>(4, LSTMCellOptions{.input_pattern = pattern});
}

std::shared_ptr<RNN> gru(const PatternPtr& pattern) {
  return std::make_shared<GRU>(4, GRUCellOptions{.input_pattern = pattern});
}

std::shared_ptr<RNN> simple_rnn(const PatternPtr& pattern) {
  return std::make_shared<SimpleRNN>(4, SimpleRNNCellOptions{.input_pattern = pattern});
}

struct Case {
  const char* name;
  std::function<std::shared_ptr<RNN>(const PatternPtr&)> make;
  std::int64_t columns;
};

class InputPattern : public ::testing::TestWithParam<Case> {};

TEST_P(InputPattern, AgreesWithFiniteDifferences) {
  const auto layer = GetParam().make(some_pattern(GetParam().columns));
  layer->set_numbers(Dtype::f64, 3);
  check_layer_gradient(*layer, {.x = random_tensor({2, 3, inputs}, 1), .timespans = random_tensor({2, 3}, 2, 0.2, 2)});
}

TEST_P(InputPattern, EqualsAFullKernelWithZeros) {
  const auto sparse = GetParam().make(some_pattern(GetParam().columns)), full = GetParam().make(nullptr);
  const Tensor x = random_tensor({2, 3, inputs}, 1);
  for (const auto& layer : {sparse, full}) {
    layer->set_numbers(Dtype::f64, 3);
    layer->build(x.shape());
  }
  const std::vector<WeightPtr> from = sparse->weights(), to = full->weights();
  ASSERT_EQ(from.size(), to.size());
  std::size_t patterned = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    ASSERT_EQ(from[i]->path, to[i]->path);
    to[i]->value = from[i]->value;
    const PatternPtr& pattern = from[i]->options.pattern;
    if (!pattern) continue;
    ++patterned;
    EXPECT_EQ(from[i]->value.elements(), static_cast<std::size_t>(pattern->count()));
    to[i]->value = Tensor(to[i]->options.shape, Dtype::f64);
    pattern->scatter(from[i]->value.as<double>(), to[i]->value.as<double>());
  }
  EXPECT_EQ(patterned, 1u);
  const std::vector<double> a = (*sparse)(SequenceInput{.x = x}).output.values(),
                            b = (*full)(SequenceInput{.x = x}).output.values();
  // At most 32 operations between tanh and tanh, on numbers below 2.
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 64 * std::numeric_limits<double>::epsilon());
}

TEST_P(InputPattern, SurvivesItsConfiguration) {
  const auto layer = GetParam().make(some_pattern(GetParam().columns));
  const LayerPtr again = make_layer(to_config(*layer), "test");
  EXPECT_EQ(to_config(*again), to_config(*layer));
  const Tensor x = random_tensor({2, 3, inputs}, 1).to(Dtype::f32);
  EXPECT_EQ((*again)(x).values(), (*layer)(x).values());
}

TEST_P(InputPattern, RefusesOneThatDoesNotFit) {
  EXPECT_THAT(message_of<ConfigError>([&] { GetParam().make(some_pattern(GetParam().columns + 1)); }),
              HasSubstr(fmt::format("{}", GetParam().columns + 1)));
}

TEST(InputPatterns, AskForTheirNumberOfInputs) {
  for (const auto& layer : {with_backbone(some_pattern(5)), with_memory(some_pattern(4)), lstm(some_pattern(4))})
    EXPECT_THAT(message_of<ShapeError>([&] {
                  (*layer)(Tensor({2, 3, 7}));
                }),
                HasSubstr("input is [2, 7]; expected [batch, 3]"));
}

INSTANTIATE_TEST_SUITE_P(Cells, InputPattern,
                         ::testing::Values(Case{"CfCWithBackbone", with_backbone, 5},
                                           Case{"MixedMemory", with_memory, 4}, Case{"Projection", with_projection, 4},
                                           Case{"LSTM", lstm, 4}, Case{"GRU", gru, 4},
                                           Case{"SimpleRNN", simple_rnn, 4}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace elegans::nn
