// Expected numbers are NumPy 1.24's; the expression that gave them stands beside each table. default_rng(s) and
// RandomState(s) are written g and r; weighted(x) is (x * arange(1, len(x) + 1)).sum().
#include "elegans/base/numpy_random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "elegans/base/error.hpp"

namespace elegans {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Values = std::vector<std::int64_t>;

std::int64_t weighted(const Values& values) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * static_cast<std::int64_t>(i + 1);
  return sum;
}

TEST(NumpyRandomState, DrawsWhatNumpyDraws) {
  struct Case {
    std::uint64_t seed;
    Values scalars;     // [r.choice(n) for n in (2, 3, 7, 100, 1, 1000000, 2**31, 5)]
    Values some;        // r.choice(10, 4, replace=False)
    Values all;         // r.choice(6, 6, replace=False); then r.choice(3, 0, replace=False)
    std::int64_t next;  // r.choice(1000)
  };
  const Case cases[] = {
      {0U, {0, 1, 0, 67, 0, 152315, 192771779, 1}, {9, 1, 7, 6}, {5, 2, 3, 4, 1, 0}, 916},
      {1U, {1, 0, 0, 9, 0, 371403, 2143362693, 0}, {6, 3, 9, 2}, {1, 4, 3, 0, 2, 5}, 398},
      {2147483648U, {0, 0, 1, 35, 0, 462405, 696863241, 4}, {7, 4, 8, 1}, {5, 2, 4, 0, 3, 1}, 78},
      {4294967295U, {1, 2, 4, 71, 0, 931764, 113049152, 2}, {8, 1, 5, 4}, {2, 0, 3, 4, 1, 5}, 503},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.seed);
    NumpyRandomState random(expected.seed);
    Values scalars;
    for (const std::int64_t n : {2LL, 3LL, 7LL, 100LL, 1LL, 1000000LL, 1LL << 31, 5LL})
      scalars.push_back(random.choice(n));
    EXPECT_EQ(scalars, expected.scalars);
    EXPECT_EQ(random.choice_without_replacement(10, 4), expected.some);
    EXPECT_EQ(random.choice_without_replacement(6, 6), expected.all);
    EXPECT_TRUE(random.choice_without_replacement(3, 0).empty());
    EXPECT_EQ(random.choice(1000), expected.next);
  }
}

// The first outputs of MT19937 with seed 5489, and the ten-thousandth that the C++ standard states for std::mt19937.
TEST(NumpyRandomState, IsTheMersenneTwister) {
  NumpyRandomState random(5489);
  EXPECT_EQ(random.next_u32(), 3499211612U);
  for (int i = 2; i < 10000; ++i) random.next_u32();
  EXPECT_EQ(random.next_u32(), 4123659995U);
}

TEST(NumpyRandomState, RefusesASeedOf33Bits) {
  EXPECT_THAT([] { NumpyRandomState random(std::uint64_t{1} << 32); },
              ThrowsMessage<ConfigError>(
                  HasSubstr("RandomState: seed is 4294967296; expected a seed from 0 to 4294967295 (2^32 - 1).")));
}

TEST(NumpyGenerator, DrawsWhatNumpyDraws) {
  struct Case {
    std::uint64_t seed;
    Values scalars;     // [g.choice(n) for n in (3, 3, 7, 100, 1, 1000000, 2**32, 2**33 + 1, 2**62, 5)]
    Values some;        // g.choice(10, 4, replace=False)
    Values all;         // g.choice(6, 6, replace=False)
    std::int64_t next;  // g.choice(1000)
  };
  const Case cases[] = {
      {0U,
       {2, 1, 3, 26, 0, 307829, 175979945, 141971308, 3750546991322993742, 3},
       {6, 9, 4, 5},
       {2, 5, 4, 3, 1, 0},
       764},
      {1U,
       {1, 1, 5, 95, 0, 34852, 619160822, 8148836702, 1438068747342666922, 4},
       {2, 8, 9, 7},
       {0, 2, 5, 1, 4, 3},
       123},
      {2147483648U,
       {0, 2, 1, 5, 0, 696852, 4152067182, 790657674, 1910995430897434457, 4},
       {7, 8, 3, 5},
       {3, 5, 4, 1, 2, 0},
       597},
      {4294967295U,
       {0, 0, 5, 21, 0, 909559, 1233878478, 5317008903, 4311983110003825272, 0},
       {2, 4, 5, 6},
       {2, 3, 4, 0, 1, 5},
       249},
      {1099511627781U,  // 2^40 + 5: a seed of two words
       {0, 0, 3, 37, 0, 915752, 2522131182, 1300513079, 1936723733723069400, 4},
       {3, 0, 1, 6},
       {1, 2, 3, 4, 5, 0},
       365},
  };
  const Values populations = {3, 3, 7, 100, 1, 1000000, 1LL << 32, (1LL << 33) + 1, 1LL << 62, 5};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.seed);
    NumpyGenerator random(expected.seed);
    Values scalars;
    for (const std::int64_t n : populations) scalars.push_back(random.choice(n));
    EXPECT_EQ(scalars, expected.scalars);
    EXPECT_EQ(random.choice_without_replacement(10, 4), expected.some);
    EXPECT_EQ(random.choice_without_replacement(6, 6), expected.all);
    EXPECT_EQ(random.choice(1000), expected.next);
  }
}

// Both ways of sampling, on either side of the population (10 000) and the share (1 / 50) that choose between them.
TEST(NumpyGenerator, SamplesWithoutReplacementAsNumpyDoes) {
  struct Case {
    std::uint64_t seed;
    // [weighted(g.choice(n, k, replace=False)) for n, k in ((10000, 10000), (10001, 200), (10001, 201), (10001,
    // 10001))]
    std::array<std::int64_t, 4> sums;
  };
  const Case cases[] = {
      {0U, {249818764268, 106322790, 105810481, 251312656847}},
      {1U, {251408154344, 100838407, 104710095, 250437219706}},
      {2147483648U, {249916987189, 92865780, 94529480, 251331515111}},
      {4294967295U, {251261149374, 99352625, 97681240, 250577804120}},
  };
  constexpr std::int64_t sizes[4][2] = {{10000, 10000}, {10001, 200}, {10001, 201}, {10001, 10001}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.seed);
    for (std::size_t i = 0; i < 4; ++i) {
      const Values sample = NumpyGenerator(expected.seed).choice_without_replacement(sizes[i][0], sizes[i][1]);
      EXPECT_EQ(std::set(sample.begin(), sample.end()).size(), static_cast<std::size_t>(sizes[i][1]));
      EXPECT_EQ(weighted(sample), expected.sums[i]) << sizes[i][1] << " of " << sizes[i][0];
    }
  }
}

// Ranges that Lemire's method rejects a quarter of: g.integers(0, 3 * 2**30, 200), weighted, and
// bitwise_xor.reduce(g.integers(0, 3 * 2**61, 200)).
TEST(NumpyGenerator, RejectsAsNumpyDoes) {
  struct Case {
    std::uint64_t seed;
    std::int64_t sum32;
    std::int64_t xor64;
  };
  const Case cases[] = {
      {0U, 33920377866549, 7587023017807618147},
      {1U, 30706613080101, 5291380799753241413},
      {2147483648U, 31835121986423, 8597206856169573815},
      {4294967295U, 29280819582942, 1218939899068697126},
  };
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.seed);
    NumpyGenerator narrow(expected.seed);
    NumpyGenerator wide(expected.seed);
    Values drawn;
    std::int64_t combined = 0;
    for (int i = 0; i < 200; ++i) {
      drawn.push_back(narrow.choice(3LL << 30));
      combined ^= wide.choice(3LL << 61);
    }
    EXPECT_EQ(weighted(drawn), expected.sum32);
    EXPECT_EQ(combined, expected.xor64);
  }
}

TEST(NumpyGenerator, RefusesASampleLargerThanThePopulation) {
  EXPECT_THAT(
      [] { NumpyGenerator(0).choice_without_replacement(3, 4); },
      ThrowsMessage<ConfigError>(HasSubstr("Generator.choice: size is 4 of a population of 3; expected 0 <= size <= "
                                           "population")));
  EXPECT_THAT([] { NumpyGenerator(0).choice(0); },
              ThrowsMessage<ConfigError>(HasSubstr("Generator.choice: n is 0; expected at least 1.")));
}

}  // namespace
}  // namespace elegans
