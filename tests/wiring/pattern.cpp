#include "elegans/wiring/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"

namespace elegans::wiring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The kernel [3, 2] of the header: a . / b c / . d, with c inhibitory.
PatternRef small() {
  const std::vector<Synapse> synapses = {{1, 1, -1}, {0, 0, 1}, {2, 1, 1}, {1, 0, 1}};
  return Pattern::from_synapses(synapses, 3, 2);
}

// A random matrix of −1, 0 and +1.
std::vector<std::int8_t> random_mask(std::uint64_t seed, std::size_t size) {
  std::vector<std::int8_t> mask(size);
  for (std::size_t i = 0; i < size; ++i) {
    mask[i] = static_cast<std::int8_t>(philox(philox_key(seed), philox_counter(i))[0] % 3 - 1);
  }
  return mask;
}

TEST(Pattern, ListsItsWeightsInBothOrders) {
  const PatternRef pattern = small();
  EXPECT_EQ(pattern->rows(), 3);
  EXPECT_EQ(pattern->columns(), 2);
  EXPECT_EQ(pattern->count(), 4);
  EXPECT_DOUBLE_EQ(pattern->density(), 4.0 / 6.0);
  EXPECT_FALSE(pattern->is_dense());
  EXPECT_THAT(pattern->source_offsets(), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(pattern->sources(), ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(pattern->targets(), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(pattern->polarity(), ElementsAre(1, 1, -1, 1));
  EXPECT_THAT(pattern->target_offsets(), ElementsAre(0, 2, 4));
  EXPECT_THAT(pattern->target_sources(), ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(pattern->target_weights(), ElementsAre(0, 1, 2, 3));
}

// For random matrices, both orders are rebuilt from the matrix by hand.
TEST(Pattern, OrdersAgreeWithTheMatrix) {
  constexpr std::int64_t shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {7, 5}, {16, 33}, {0, 4}, {4, 0}};
  std::uint64_t seed = 0;
  for (const auto& shape : shapes) {
    const std::int64_t rows = shape[0];
    const std::int64_t columns = shape[1];
    const auto mask = random_mask(++seed, static_cast<std::size_t>(rows * columns));
    const PatternRef pattern = Pattern::from_mask(mask, rows, columns);
    std::vector<std::int32_t> number(mask.size(), -1);
    std::int32_t count = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      EXPECT_EQ(pattern->source_offsets()[static_cast<std::size_t>(row)], count);
      for (std::int64_t column = 0; column < columns; ++column) {
        const auto place = static_cast<std::size_t>(row * columns + column);
        if (mask[place] == 0) continue;
        const auto weight = static_cast<std::size_t>(count);
        EXPECT_EQ(pattern->sources()[weight], row);
        EXPECT_EQ(pattern->targets()[weight], column);
        EXPECT_EQ(pattern->polarity()[weight], mask[place]);
        number[place] = count++;
      }
    }
    ASSERT_EQ(pattern->count(), count);
    EXPECT_EQ(pattern->source_offsets().back(), count);
    std::size_t entry = 0;
    for (std::int64_t column = 0; column < columns; ++column) {
      EXPECT_EQ(pattern->target_offsets()[static_cast<std::size_t>(column)], static_cast<std::int32_t>(entry));
      for (std::int64_t row = 0; row < rows; ++row) {
        const auto place = static_cast<std::size_t>(row * columns + column);
        if (mask[place] == 0) continue;
        EXPECT_EQ(pattern->target_sources()[entry], row);
        EXPECT_EQ(pattern->target_weights()[entry], number[place]);
        ++entry;
      }
    }
    EXPECT_EQ(pattern->target_offsets().back(), count);
  }
}

TEST(Pattern, IsTheSameFromEverySource) {
  const auto mask = random_mask(7, 48);
  const std::vector<double> wide(mask.begin(), mask.end());
  const std::vector<float> narrow(mask.begin(), mask.end());
  SynapseMatrix matrix(6, 8);
  std::vector<Synapse> backwards;
  for (int i = 47; i >= 0; --i) {
    const std::int8_t polarity = mask[static_cast<std::size_t>(i)];
    if (polarity == 0) continue;
    matrix.set(i / 8, i % 8, polarity);
    backwards.push_back({i / 8, i % 8, polarity});
  }
  const PatternRef pattern = Pattern::from_mask(mask, 6, 8);
  EXPECT_EQ(*Pattern::from_mask(wide, 6, 8), *pattern);
  EXPECT_EQ(*Pattern::from_mask(narrow, 6, 8), *pattern);
  EXPECT_EQ(*Pattern::from_matrix(matrix), *pattern);
  EXPECT_EQ(*Pattern::from_synapses(backwards, 6, 8), *pattern);
  std::vector<double> signs(48);
  pattern->signs(signs);
  EXPECT_EQ(signs, wide);
}

TEST(Pattern, DenseOnesHaveEveryWeight) {
  const PatternRef pattern = Pattern::dense(3, 4);
  EXPECT_TRUE(pattern->is_dense());
  EXPECT_EQ(pattern->count(), 12);
  EXPECT_EQ(pattern->density(), 1.0);
  EXPECT_EQ(*pattern, *Pattern::from_mask(std::vector<float>(12, 1.0F), 3, 4));
}

TEST(Pattern, MasksAndSigns) {
  std::vector<float> mask(6, 9);
  small()->mask(mask);
  EXPECT_THAT(mask, ElementsAre(1, 0, 1, 1, 0, 1));
  std::vector<std::int8_t> signs(6, 9);
  small()->signs(signs);
  EXPECT_THAT(signs, ElementsAre(1, 0, 1, -1, 0, 1));
}

TEST(Pattern, ApplyLeavesNothingOfAbsentWeights) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> kernel = {1, NAN, 2, infinity, -infinity, 3};
  std::vector<double> out(6, 7);
  small()->apply(kernel, out);
  EXPECT_THAT(out, ElementsAre(1, 0, 2, infinity, 0, 3));
  EXPECT_FALSE(std::signbit(out[1]) || std::signbit(out[4]));
  small()->apply(kernel, kernel);
  EXPECT_EQ(kernel, out);
  // Nothing before the first weight and after the last is left either.
  const std::vector<Synapse> middle = {{1, 0, 1}};
  std::vector<float> full(6, 5);
  Pattern::from_synapses(middle, 3, 2)->apply(full, full);
  EXPECT_THAT(full, ElementsAre(0, 0, 5, 0, 0, 0));
}

TEST(Pattern, GatherAndScatterAreInverse) {
  const std::vector<double> kernel = {1, 2, 3, 4, 5, 6};
  std::vector<double> weights(4);
  small()->gather(kernel, weights);
  EXPECT_THAT(weights, ElementsAre(1, 3, 4, 6));
  std::vector<double> back(6, NAN);
  small()->scatter(weights, back);
  EXPECT_THAT(back, ElementsAre(1, 0, 3, 4, 0, 6));
}

TEST(Pattern, CountsBytes) {
  const PatternRef pattern = small();
  EXPECT_EQ(pattern->bytes_dense(4), 24);
  // Offsets 4 + 3, then 4 sources, targets, target sources and target weights of 4 bytes; 4 polarities of 1.
  EXPECT_EQ(pattern->index_bytes(), (7 + 16) * 4 + 4);
  EXPECT_EQ(pattern->bytes_sparse(8), pattern->index_bytes() + 32);
}

TEST(Pattern, SaysTheShapeOfAProduct) {
  const std::vector<std::int64_t> input = {5, 7, 3};
  EXPECT_THAT(small()->output_shape(input), ElementsAre(5, 7, 2));
  const std::vector<std::int64_t> wrong = {5, 2};
  EXPECT_THAT([&] { small()->output_shape(wrong); },
              ThrowsMessage<ShapeError>(
                  HasSubstr("Pattern.output_shape: input_shape is [5, 2]; expected [..., 3] for a kernel [3, 2].")));
  EXPECT_THROW(small()->output_shape({}), ShapeError);
}

TEST(Pattern, RefusesWhatDoesNotFit) {
  const auto config = [](const std::string& text) { return ThrowsMessage<ConfigError>(HasSubstr(text)); };
  const auto shape = [](const std::string& text) { return ThrowsMessage<ShapeError>(HasSubstr(text)); };
  const std::vector<Synapse> twice = {{1, 1, 1}, {0, 0, 1}, {1, 1, -1}};
  EXPECT_THAT(
      [&] { Pattern::from_synapses(twice, 2, 2); },
      config("Pattern.from_synapses: synapse [1, 1] is given twice; expected each pair of source and target once."));
  EXPECT_THAT([&] { Pattern::from_synapses(twice, 2, 1); },
              config("Pattern.from_synapses: synapse [1, 1] is outside the kernel; expected a place in [2, 1]."));
  const std::vector<Synapse> silent = {{0, 0, 0}};
  EXPECT_THAT([&] { Pattern::from_synapses(silent, 1, 1); },
              config("Pattern.from_synapses: polarity of synapse [0, 0] is 0; expected +1 or -1."));
  const std::vector<float> half = {1, 0, 0.5F, 0};
  EXPECT_THAT([&] { Pattern::from_mask(half, 2, 2); },
              config("Pattern.from_mask: mask[1, 0] is 0.5; expected -1, 0 or +1."));
  const std::vector<double> nan = {NAN};
  EXPECT_THAT([&] { Pattern::from_mask(nan, 1, 1); }, config("Pattern.from_mask: mask[0, 0] is nan; expected"));
  EXPECT_THAT([&] { Pattern::from_mask(half, 3, 2); }, shape("mask is of 4 elements; expected 6 for [3, 2]."));
  EXPECT_THAT([] { Pattern::dense(-1, 2); },
              config("Pattern.dense: shape is [-1, 2]; expected extents from 0 to 1048576."));
  EXPECT_THAT([] { Pattern::dense(1 << 20, 1 << 20); }, config("Pattern.dense: number of weights is 1099511627776;"));
  std::vector<float> five(5);
  EXPECT_THAT([&] { small()->mask(five); },
              shape("Pattern.mask: out is of 5 elements; expected 6 for a kernel [3, 2]."));
  EXPECT_THAT([&] { small()->signs(five); }, shape("Pattern.signs: out is of 5 elements;"));
  EXPECT_THAT([&] { small()->apply(five, five); }, shape("Pattern.apply: kernel is of 5 elements;"));
  std::vector<float> six(6);
  EXPECT_THAT([&] { small()->apply(six, five); }, shape("Pattern.apply: out is of 5 elements;"));
  EXPECT_THAT([&] { small()->gather(six, five); },
              shape("Pattern.gather: weights is of 5 elements; expected 4, one for each weight that exists."));
  EXPECT_THAT([&] { small()->scatter(five, six); }, shape("Pattern.scatter: weights is of 5 elements;"));
}

}  // namespace
}  // namespace elegans::wiring
