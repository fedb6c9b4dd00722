// The order of a linked row against a cache that forgets what was used longest ago.

#include "elegans/kernels/row_sweep.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <list>
#include <vector>

namespace elegans::kernels {
namespace {

constexpr std::size_t line = 64;

class Cache {
 public:
  explicit Cache(std::size_t bytes) : lines_(bytes / line) {}
  bool read(std::size_t address) {
    const auto found = std::find(used_.begin(), used_.end(), address);
    const bool is_there = found != used_.end();
    if (is_there) used_.erase(found);
    used_.push_back(address);
    if (used_.size() > lines_) used_.pop_front();
    return is_there;
  }

 private:
  std::size_t lines_;
  std::list<std::size_t> used_;
};

struct Group {
  std::size_t first, end;  // panels
};
std::vector<Group> groups_of(std::size_t panels, std::size_t most) {
  const std::size_t count = (panels + most - 1) / most;
  std::vector<Group> groups;
  for (std::size_t g = 0; g < count; ++g) groups.push_back({g * panels / count, (g + 1) * panels / count});
  return groups;
}

// How much of a matrix of so many panels of k lines is found in the cache, once it has been read a few times.
double found(std::size_t panels, std::size_t k, std::size_t cache_bytes, RowSweep sweep) {
  Cache cache(cache_bytes);
  std::vector<Group> groups = groups_of(panels, sweep.panels);
  std::size_t hits = 0;
  for (int run = 0; run < 6; ++run) {
    hits = 0;
    for (const Group& group : groups)
      for (std::size_t row = 0; row < k; ++row)
        for (std::size_t p = group.first; p < group.end; ++p) hits += cache.read(p * k + row);
    if (sweep.alternates) std::reverse(groups.begin(), groups.end());
  }
  return static_cast<double>(hits) / static_cast<double>(panels * k);
}

TEST(RowSweep, LeavesAloneWhatTheCacheHolds) {
  const RowSweep sweep = row_sweep(9 * 51 * line, 51 * line, 12, 32768);
  EXPECT_EQ(sweep.panels, 12);
  EXPECT_FALSE(sweep.alternates);
}

// LSTM(64) and GRU(64) behind 16 inputs, with 32 and with 48 KiB of cache; what is read in order is gone by then.
TEST(RowSweep, FindsPartOfALargerMatrixInTheCache) {
  for (const std::size_t cache : {32768, 49152})
    for (const std::size_t panels : {12, 16}) {
      SCOPED_TRACE(std::to_string(panels) + " panels, " + std::to_string(cache) + " bytes of cache");
      constexpr std::size_t k = 81;
      const RowSweep sweep = row_sweep(panels * k * line, k * line, 12, cache);
      EXPECT_TRUE(sweep.alternates);
      EXPECT_EQ(found(panels, k, cache, {panels, false}), 0);
      const double most = static_cast<double>(cache) / static_cast<double>(panels * k * line);
      EXPECT_GT(found(panels, k, cache, sweep), 0.6 * most);
      EXPECT_LE(found(panels, k, cache, sweep), most);
    }
}

// Eight where 7/8 of the cache hold them.
TEST(RowSweep, TakesAsManyPanelsAsTheCacheHolds) {
  EXPECT_EQ(row_sweep(16 * 81 * line, 81 * line, 12, 49152).panels, 8);
  EXPECT_EQ(row_sweep(16 * 84 * line, 84 * line, 12, 49152).panels, 8);
  EXPECT_EQ(row_sweep(16 * 85 * line, 85 * line, 12, 49152).panels, 4);
  EXPECT_EQ(row_sweep(16 * 81 * line, 81 * line, 12, 32768).panels, 4);
}

// No wider than registers, and never of one panel where there are two: packed_row_bytes() counts on it.
TEST(RowSweep, MakesNoMoreGroupsThanLinkedRowsHaveMemoryFor) {
  for (std::size_t panels = 0; panels < 40; ++panels)
    for (std::size_t k = 0; k < 400; k += 7)
      for (const std::size_t most : {2, 3, 4, 12})
        for (const std::size_t cache : {1, 32768, 49152, 131072}) {
          // The last panel may be narrow.
          for (const std::size_t bytes : {panels * k * line, panels * k * line + k * line / 2}) {
            const std::size_t all = k == 0 ? 0 : (bytes + k * line - 1) / (k * line);
            const RowSweep sweep = row_sweep(bytes, k * line, most, cache);
            ASSERT_GE(sweep.panels, 2);
            ASSERT_LE(sweep.panels, most);
            ASSERT_EQ(sweep.alternates, all > sweep.panels && bytes > cache);
          }
        }
}

}  // namespace
}  // namespace elegans::kernels
