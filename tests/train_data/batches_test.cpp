#include "elegans/train/batches.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

std::vector<std::size_t> epoch(Batches& batches, std::uint64_t number) {
  std::vector<std::size_t> all;
  batches.start(number);
  while (!batches.done()) {
    const auto batch = batches.next();
    all.insert(all.end(), batch.begin(), batch.end());
  }
  return all;
}

TEST(Batches, LastOneMayBeShort) {
  Batches batches({.sequences = 10, .batch_size = 4, .order = Order::sequential});
  EXPECT_EQ(batches.per_epoch(), 3U);
  EXPECT_THAT(batches.next(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(batches.next(), ElementsAre(4, 5, 6, 7));
  EXPECT_FALSE(batches.done());
  EXPECT_THAT(batches.next(), ElementsAre(8, 9));
  EXPECT_TRUE(batches.done());
  EXPECT_TRUE(batches.next().empty());
}

TEST(Batches, LargerThanTheDataIsOneBatch) {
  Batches batches({.sequences = 3, .batch_size = static_cast<std::size_t>(-1), .order = Order::sequential});
  EXPECT_EQ(batches.per_epoch(), 1U);
  EXPECT_THAT(batches.next(), ElementsAre(0, 1, 2));
}

TEST(Batches, AnEpochIsAPermutationOfSeedAndEpochAlone) {
  Batches one({.sequences = 1000, .batch_size = 32, .seed = 7}),
      other({.sequences = 1000, .batch_size = 50, .seed = 7});
  const auto third = epoch(one, 3), fourth = epoch(one, 4);
  EXPECT_EQ(epoch(other, 4), fourth);  // without epoch 3 before it
  EXPECT_NE(third, fourth);
  Batches another_seed({.sequences = 1000, .batch_size = 32, .seed = 8});
  EXPECT_NE(epoch(another_seed, 3), third);
  auto sorted = third;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> all(1000);
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(sorted, all);
}

// Fisher–Yates written out: item i changes places with item ⌊i + 1 numbers⌋ from the counter (i, purpose and epoch).
TEST(Batches, OrderIsThatOfTheCounters) {
  Batches batches({.sequences = 5, .batch_size = 5, .seed = 11});
  std::vector<std::size_t> order{0, 1, 2, 3, 4};
  for (std::uint64_t i = 4; i >= 1; --i) {
    const auto words = philox(philox_key(11), philox_counter(i, (std::uint64_t{0xba7c} << 48) | 2));
    const double uniform = std::ldexp(words[1], -32) + std::ldexp(words[0], -64);
    std::swap(order[i], order[static_cast<std::size_t>(uniform * static_cast<double>(i + 1))]);
  }
  EXPECT_EQ(epoch(batches, 2), order);
}

// Each of 4 items comes first in a quarter of 4000 epochs; the standard deviation of that count is √(4000 · ¼ · ¾)
// = 27.4.
TEST(Batches, EveryItemIsAsLikelyToComeFirst) {
  Batches batches({.sequences = 4, .batch_size = 1, .seed = 1});
  std::vector<int> first(4);
  for (std::uint64_t e = 0; e < 4000; ++e) {
    batches.start(e);
    ++first[batches.next()[0]];
  }
  for (const int count : first) EXPECT_NEAR(count, 1000, 5 * 27.4);
}

TEST(BatchesErrors, Texts) {
  EXPECT_EQ(message_of<ConfigError>([] { Batches({.sequences = 0}); }),
            "Batches: the number of sequences is 0; expected 1 … 4294967295.");
  EXPECT_EQ(message_of<ConfigError>([] { Batches({.sequences = 1, .batch_size = 0}); }),
            "Batches: batch_size is 0; expected 1 or more.");
}

}  // namespace
}  // namespace elegans::train
