#include "elegans/base/philox.hpp"

#include <gtest/gtest.h>

namespace elegans {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The known-answer vectors that Random123 publishes for philox4x32 with ten rounds.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0}, {0, 0, 0, 0}), (Words{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
  constexpr std::uint32_t ones = 0xffffffffU;
  EXPECT_EQ(philox({ones, ones}, {ones, ones, ones, ones}),
            (Words{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
  EXPECT_EQ(philox({0xa4093822U, 0x299f31d0U}, {0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U}),
            (Words{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}));
}

TEST(Philox, SplitsSeedsAndCountersIntoWords) {
  EXPECT_EQ(philox_key(0x0123456789abcdefULL), (PhiloxKey{0x89abcdefU, 0x01234567U}));
  EXPECT_EQ(philox_counter(0x100000002ULL, 0x300000004ULL), (PhiloxCounter{2, 1, 4, 3}));
}

TEST(Philox, UniformNumbersStayBelowOne) {
  static_assert(uniform_f32(0) == 0.0F && uniform_f64(0, 0) == 0.0);
  EXPECT_EQ(uniform_f32(0xffffffffU), 1.0F - 0x1p-24F);
  EXPECT_EQ(uniform_f64(0xffffffffU, 0xffffffffU), 1.0 - 0x1p-53);
  EXPECT_EQ(uniform_f32(0x80000000U), 0.5F);
  EXPECT_EQ(uniform_f64(0, 0x80000000U), 0.5);
  EXPECT_EQ(uniform_f64(1U << 11, 0), 0x1p-53);
}

TEST(Philox, UniformIndicesCoverTheirRange) {
  EXPECT_EQ(uniform_index(0xffffffffU, 0xffffffffU, 7), 6U);
  EXPECT_EQ(uniform_index(0, 0, 7), 0U);
  EXPECT_EQ(uniform_index(0xffffffffU, 0xffffffffU, 1), 0U);
  // The low word counts: 2^32 / 3 is not whole, and the third begins between two high words.
  EXPECT_EQ(uniform_index(0x55555555U, 0x55555555U, 3), 0U);
  EXPECT_EQ(uniform_index(0x55555556U, 0x55555555U, 3), 1U);
}

// Means of 40 000 numbers: the deviation of a mean is 1 / sqrt(12 n) = 0.00144; five of them is 0.0072.
TEST(Philox, UniformNumbersAreUniform) {
  constexpr int n = 40000;
  double sum32 = 0;
  double sum64 = 0;
  std::array<int, 5> counts{};
  for (int i = 0; i < n; ++i) {
    const Words words = philox(philox_key(7), philox_counter(static_cast<std::uint64_t>(i)));
    sum32 += uniform_f32(words[0]);
    sum64 += uniform_f64(words[1], words[2]);
    ++counts[uniform_index(words[2], words[3], 5)];
  }
  EXPECT_NEAR(sum32 / n, 0.5, 0.0072);
  EXPECT_NEAR(sum64 / n, 0.5, 0.0072);
  for (const int count : counts) EXPECT_NEAR(count, n / 5, 5 * 80);  // sqrt(n p (1 − p)) = 80
}

}  // namespace
}  // namespace elegans
