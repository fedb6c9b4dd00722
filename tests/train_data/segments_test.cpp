#include "elegans/train/segments.hpp"

#include <gmock/gmock.h>

#include <map>

#include "elegans/base/error.hpp"
#include "train/data.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

struct Piece {
  std::size_t row, sequence, first, steps;
  friend bool operator==(const Piece&, const Piece&) = default;
  friend void PrintTo(const Piece& p, std::ostream* out) {
    *out << "row " << p.row << ": " << p.sequence << "[" << p.first << ", " << p.first + p.steps << ")";
  }
};

std::vector<Piece> next(Segments& segments) {
  std::vector<Piece> batch;
  for (const Segment& s : segments.next()) batch.push_back({s.row, s.sequence, s.first, s.steps});
  return batch;
}

// The picture of the header.
TEST(Segments, ARowFollowsASequenceToItsEnd) {
  const Dataset data = random_sequences({.lengths = {150, 40, 100, 64}});
  Segments segments(data, {.steps = 64, .batch_size = 2, .order = Order::sequential});
  EXPECT_EQ(segments.batches(0), 4U);
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 0, 64}, Piece{1, 1, 0, 40}));
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 64, 64}, Piece{1, 2, 0, 64}));
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 128, 22}, Piece{1, 2, 64, 36}));
  EXPECT_FALSE(segments.done());
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 3, 0, 64}));
  EXPECT_TRUE(segments.done());
  EXPECT_TRUE(segments.next().empty());
  segments.start(0);
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 0, 64}, Piece{1, 1, 0, 40}));
}

TEST(Segments, OfOneStepAndOneRow) {
  const Dataset data = random_sequences({.lengths = {2, 1}});
  Segments segments(data, {.steps = 1, .batch_size = 1, .order = Order::sequential});
  EXPECT_EQ(segments.batches(0), 3U);
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 0, 1}));
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 0, 1, 1}));
  EXPECT_THAT(next(segments), ElementsAre(Piece{0, 1, 0, 1}));
  EXPECT_TRUE(segments.done());
}

// Nineteen lengths in every epoch: each step once, each sequence in one row and without a gap, rows in order, and as many
// batches as were told.
TEST(Segments, AnEpochVisitsEveryStepOnceInOrder) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  Segments segments(data, {.steps = 4, .batch_size = 7, .seed = 3});
  std::vector<std::size_t> counts;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    std::map<std::size_t, std::pair<std::size_t, std::size_t>> seen;  // row and next step of each sequence
    std::size_t batches = 0;
    for (segments.start(epoch); !segments.done(); ++batches) {
      const auto batch = segments.next();
      ASSERT_FALSE(batch.empty());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Segment& s = batch[i];
        ASSERT_LT(s.row, 7U);
        ASSERT_TRUE(i == 0 || batch[i - 1].row < s.row);
        ASSERT_EQ(s.begins(), !seen.contains(s.sequence));
        auto& [row, step] = seen.try_emplace(s.sequence, s.row, 0).first->second;
        ASSERT_EQ(s.row, row);
        ASSERT_EQ(s.first, step);
        step += s.steps;
        ASSERT_TRUE(s.steps == 4 || (s.steps > 0 && s.steps < 4 && step == data.steps(s.sequence)));
      }
    }
    ASSERT_EQ(seen.size(), data.size());
    for (const auto& [sequence, at] : seen) ASSERT_EQ(at.second, data.steps(sequence));
    EXPECT_EQ(segments.batches(epoch), batches) << epoch;
    counts.push_back(batches);
  }
  EXPECT_NE(*std::min_element(counts.begin(), counts.end()), *std::max_element(counts.begin(), counts.end()))
      << "the order decides how many there are";
}

TEST(Segments, AsLongAsTheLongestSequenceAreBatches) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  for (const std::size_t steps : {std::size_t{20}, static_cast<std::size_t>(-1)}) {
    Segments segments(data, {.steps = steps, .batch_size = 8, .seed = 5});
    Batches batches({.sequences = 50, .batch_size = 8, .seed = 5});
    EXPECT_EQ(segments.batches(3), batches.per_epoch());
    segments.start(3);
    for (batches.start(3); !batches.done();) {
      const auto whole = batches.next();
      const auto parts = next(segments);
      ASSERT_EQ(parts.size(), whole.size());
      for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(parts[i], (Piece{i, whole[i], 0, data.steps(whole[i])}));
    }
    EXPECT_TRUE(segments.done());
  }
}

// All sequences have as many segments: told without looking at the order.
TEST(Segments, AreCountedWhereAllAreAlike) {
  const Dataset data = random_sequences({.lengths = {9, 12, 10, 11, 9}});
  Segments segments(data, {.steps = 4, .batch_size = 2});
  std::size_t batches = 0;
  for (segments.start(1); !segments.done(); ++batches) segments.next();
  EXPECT_EQ(batches, 9U);
  EXPECT_EQ(segments.batches(1), 9U);
}

TEST(Segments, OptionsAreChecked) {
  const Dataset data = random_sequences({.lengths = {4}});
  EXPECT_EQ(message_of<ConfigError>([] { Segments(Dataset{}, {}); }),
            "Segments: the number of sequences is 0; expected 1 … 4294967295.");
  EXPECT_EQ(message_of<ConfigError>([&] { Segments(data, {.steps = 0}); }),
            "Segments: steps is 0; expected 1 or more.");
  EXPECT_EQ(message_of<ConfigError>([&] { Segments(data, {.batch_size = 0}); }),
            "Segments: batch_size is 0; expected 1 or more.");
}

}  // namespace
}  // namespace elegans::train
