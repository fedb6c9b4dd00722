// A batch of sequences of uneven length equals its samples alone, whatever stands in the padding.

#include <gtest/gtest.h>

#include <limits>

#include "nn/sequence_cases.hpp"
#include "support/layer_gradients.hpp"

namespace elegans::nn {
namespace {

using testing::random_tensor;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Direction {
  bool return_sequences;
  bool go_backwards;
  std::int64_t projection;
};

class PaddedBatch : public ::testing::TestWithParam<std::tuple<LayerCase, Direction>> {};

TEST_P(PaddedBatch, EqualsItsSamplesAloneWhateverStandsInThePadding) {
  const auto& [layer_case, direction] = GetParam();
  const auto layer = layer_case.make({.return_sequences = direction.return_sequences,
                                      .projection = direction.projection,
                                      .go_backwards = direction.go_backwards});
  layer->set_numbers(Dtype::f64, 3);
  const std::vector<std::int64_t> lengths{3, 5, 1, 2};
  Sequence batch{.x = random_tensor({4, 5, 2}, 1),
                 .timespans = random_tensor({4, 5}, 2, 0.1, 2),
                 .lengths = Tensor::from({4}, {3, 5, 1, 2}, Dtype::i32)};
  layer->build(batch.x.shape());
  for (std::size_t b = 0; b < 4; ++b) {
    fill_padding(batch.x, static_cast<std::int64_t>(b), lengths[b], nan);
    fill_padding(batch.timespans, static_cast<std::int64_t>(b), lengths[b], b % 2 ? nan : -1e30);
  }
  const Shape y_shape = layer->compute_output_shape(batch.x.shape());
  const Tensor seed = random_tensor(y_shape, 5);
  const Evaluation together = evaluate(*layer, batch, seed);

  std::map<std::string, std::vector<double>> weight_gradients;
  for (std::int64_t b = 0; b < 4; ++b) {
    const std::int64_t steps = lengths[static_cast<std::size_t>(b)];
    const bool sequences = direction.return_sequences;
    const Sequence one{.x = cut(batch.x, b, steps), .timespans = cut(batch.timespans, b, steps)};
    const Evaluation alone = evaluate(*layer, one, cut(seed, b, sequences ? steps : 0));
    // The same operations on the same numbers: bit for bit.
    EXPECT_EQ(cut(together.outputs[0], b, sequences ? steps : 0).values(), alone.outputs[0].values()) << "sample " << b;
    for (std::size_t i = 1; i < alone.outputs.size(); ++i)
      EXPECT_EQ(cut(together.outputs[i], b).values(), alone.outputs[i].values()) << "state " << i << " of sample " << b;
    EXPECT_EQ(cut(together.x_gradient, b, steps).values(), alone.x_gradient.values()) << "sample " << b;
    EXPECT_EQ(cut(together.timespans_gradient, b, steps).values(), alone.timespans_gradient.values()) << "sample " << b;
    for (const auto& [path, gradient] : alone.weight_gradients) {
      auto& sum = weight_gradients[path];
      sum.resize(gradient.elements());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient.values()[i];
    }
    // Padding: outputs and gradients are exactly 0.
    const auto expect_zeros = [&](const Tensor& tensor) {
      const std::vector<double> row = cut(tensor, b, 5).values();
      for (std::size_t i = row.size() / 5 * static_cast<std::size_t>(steps); i < row.size(); ++i)
        EXPECT_EQ(row[i], 0.0);
    };
    if (sequences) expect_zeros(together.outputs[0]);
    expect_zeros(together.x_gradient);
    expect_zeros(together.timespans_gradient);
  }
  // Some hundred terms of size 1 in another order.
  for (const auto& [path, sum] : weight_gradients)
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_NEAR(together.weight_gradients.at(path).values()[i], sum[i], 1e-12) << path;
}

std::vector<LayerCase> with_timespans_as_feature() {
  std::vector<LayerCase> cases = layer_cases();
  cases.push_back({"SimpleRNNWithTimespans", [](RnnOptions options) {
                     options.timespan_as_feature = true;
                     return std::make_shared<SimpleRNN>(3, SimpleRNNCellOptions{}, options);
                   }});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Layers, PaddedBatch,
                         ::testing::Combine(::testing::ValuesIn(with_timespans_as_feature()),
                                            ::testing::Values(Direction{true, false, 0}, Direction{false, false, 0},
                                                              Direction{true, true, 0}, Direction{false, true, 2},
                                                              Direction{true, false, 3})),
                         [](const auto& info) {
                           const Direction& direction = std::get<1>(info.param);
                           return std::get<0>(info.param).name + (direction.return_sequences ? "Sequences" : "Last") +
                                  (direction.go_backwards ? "Backwards" : "") +
                                  (direction.projection ? "Projected" : "");
                         });

}  // namespace
}  // namespace elegans::nn
