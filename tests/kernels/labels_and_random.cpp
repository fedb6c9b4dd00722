// Labels, masks and random numbers.

#include "elegans/base/philox.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

template <class T>
class LabelsAndRandom : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LabelsAndRandom, Types);

TYPED_TEST(LabelsAndRandom, OneHotMarksTheLabel) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    const Array<std::int32_t> labels{2, 0, 1};
    Array<T> y = random_array<T>(9, 1);
    EXPECT_EQ(table.one_hot(labels.data(), y.data(), 3, 3), 3U) << target;
    EXPECT_TRUE(same_arrays(y, Array<T>{0, 0, 1, 1, 0, 0, 0, 1, 0})) << target;
    EXPECT_EQ(table.one_hot(nullptr, nullptr, 0, 3), 0U) << target;
  }
}

TYPED_TEST(LabelsAndRandom, OneHotStopsAtALabelOutsideTheClasses) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const std::int32_t wrong : {3, -1, std::numeric_limits<std::int32_t>::min()}) {
      const Array<std::int32_t> labels{1, wrong, 0};
      Array<T> y{7, 7, 7, 7, 7, 7, 7, 7, 7};
      EXPECT_EQ(table.one_hot(labels.data(), y.data(), 3, 3), 1U) << target;
      EXPECT_TRUE(same_arrays(y, Array<T>{0, 1, 0, 7, 7, 7, 7, 7, 7})) << target;
    }
  }
}

TYPED_TEST(LabelsAndRandom, SequenceMaskEndsAtTheLength) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    const Array<std::int32_t> lengths{3, 0, 9, 1, -2};
    Array<T> y = random_array<T>(15, 1);
    table.sequence_mask(lengths.data(), y.data(), 3, 5);
    EXPECT_TRUE(same_arrays(y, Array<T>{1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0})) << target;
  }
}

TYPED_TEST(LabelsAndRandom, ReverseSequenceTurnsTheStepsThatCount) {
  using T = TypeParam;
  constexpr std::size_t batch = 5, time = 4, width = 3;
  const Array<T> x = random_array<T>(batch * time * width, 1);
  const Array<std::int32_t> lengths{3, 0, 9, 1, -2};
  const std::size_t counted[] = {3, 0, 4, 1, 0};
  for (const auto& [target, table] : tables<T>())
    for (const bool given : {true, false}) {
      Array<T> y = random_array<T>(x.size(), 2), expected = x;
      for (std::size_t b = 0; b < batch; ++b)
        for (std::size_t t = 0, n = given ? counted[b] : time; t < n; ++t)
          for (std::size_t i = 0; i < width; ++i)
            expected[(b * time + t) * width + i] = x[(b * time + n - 1 - t) * width + i];
      table.reverse_sequence(x.data(), given ? lengths.data() : nullptr, y.data(), batch, time, width);
      EXPECT_TRUE(same_arrays(y, expected)) << target << given;
    }
}

TYPED_TEST(LabelsAndRandom, UniformNumbersAreThePhiloxStream) {
  using T = TypeParam;
  const std::uint64_t pairs[][2] = {{0, 0}, {1, 0}, {0x123456789abcdef0, 0xfedcba9876543210}, {~0ULL, ~0ULL}};
  for (const auto& [target, table] : tables<T>()) {
    for (const auto& [key, counter] : pairs) {
      for (const std::size_t n : {0, 1, 2, 3, 4, 5, 7, 64, 101}) {
        Array<T> y(n), expected(n);
        table.random_uniform(key, counter, y.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
          if constexpr (sizeof(T) == 4) {
            expected[i] = uniform_f32(philox(philox_key(key), philox_counter(i / 4, counter))[i % 4]);
          } else {
            const auto words = philox(philox_key(key), philox_counter(i / 2, counter));
            expected[i] = uniform_f64(words[i % 2 * 2], words[i % 2 * 2 + 1]);
          }
        }
        ASSERT_TRUE(same_arrays(y, expected)) << target << " key " << key << " counter " << counter;
      }
    }
  }
}

// The published test vector of Philox4x32-10 for key 0 and counter 0 (Random123, kat_vectors).
TYPED_TEST(LabelsAndRandom, UniformNumbersBeginLikeThePublishedVector) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    if constexpr (sizeof(T) == 4) {
      Array<T> y(4);
      table.random_uniform(0, 0, y.data(), 4);
      const std::uint32_t words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(y[i] * 0x1p24F, static_cast<float>(words[i] >> 8)) << target;
    } else {
      Array<T> y(2);
      table.random_uniform(0, 0, y.data(), 2);
      EXPECT_EQ(y[0] * 0x1p53, static_cast<double>(0xe169c58d6627e8d5ULL >> 11)) << target;
      EXPECT_EQ(y[1] * 0x1p53, static_cast<double>(0x9b00dbd8bc57ac4cULL >> 11)) << target;
    }
  }
}

}  // namespace
}  // namespace elegans::kernels
