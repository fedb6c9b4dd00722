// What calls of one row fetch for one another; products of a step do in fixed.cpp.

#include "graph/fetch_ahead.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace elegans::graph {
namespace {

using ::testing::ElementsAre;
using Fetched = std::pair<std::size_t, std::size_t>;  // number of the matrix, and bytes

std::byte memory[8];
constexpr std::size_t cache = 32768;

class Sweeping final : public ops::FixedCall {
 public:
  explicit Sweeping(const ops::Sweep& sweep) : sweep_(sweep) {}
  Status run() noexcept override { return {}; }
  std::string kernel() const override { return {}; }
  ops::Sweep sweep() const override { return sweep_; }
  void fetch_behind(const std::byte* from, std::size_t bytes) override {
    fetched = {static_cast<std::size_t>(from - memory), bytes};
  }
  Fetched fetched{~std::size_t{0}, 0};

 private:
  ops::Sweep sweep_;
};

class Chain final : public ops::FixedCall {
 public:
  Status run() noexcept override { return {}; }
  std::string kernel() const override { return {}; }
  void fetch_behind(const std::byte*, std::size_t) override { ADD_FAILURE() << "it sweeps nothing"; }
};

// Each call sweeps matrix `matrix`; chains run between them.
struct Product {
  std::size_t matrix, bytes, ahead;
};
std::vector<Fetched> fetched_by(const std::vector<Product>& sweeps) {
  Chain chain;
  std::vector<Sweeping> products;
  for (const auto& [matrix, bytes, ahead] : sweeps) products.emplace_back(ops::Sweep{memory + matrix, bytes, ahead});
  std::vector<ops::FixedCall*> calls{&chain};
  for (Sweeping& product : products) calls.insert(calls.end(), {&product, &chain});
  fetch_ahead(calls, cache);
  std::vector<Fetched> fetched;
  for (const Sweeping& product : products) fetched.push_back(product.fetched);
  return fetched;
}

constexpr Fetched nothing{~std::size_t{0}, 0};

TEST(FetchAhead, EachCallFetchesForTheNextAndTheLastForTheFirst) {
  EXPECT_THAT(fetched_by({{0, 20000, 10000}, {1, 9000, 4500}, {2, 2000, 1000}}),
              ElementsAre(Fetched{1, 4500}, Fetched{2, 1000}, Fetched{0, 10000}));
}

TEST(FetchAhead, NothingIsFetchedWhereTheCacheHoldsAllWithAnEighthToSpare) {
  EXPECT_THAT(fetched_by({{0, 20000, 10000}, {1, 8672, 4336}}), ElementsAre(nothing, nothing));
  EXPECT_THAT(fetched_by({{0, 20000, 10000}, {1, 8673, 4336}}), ElementsAre(Fetched{1, 4336}, Fetched{0, 10000}));
}

// A call alone finds nothing but its own matrix; one that has nothing fetched for it keeps what it has read last.
TEST(FetchAhead, LeavesAloneWhatFindsItsOwnAgain) {
  EXPECT_THAT(fetched_by({}), ElementsAre());
  EXPECT_THAT(fetched_by({{0, 32000, 16000}}), ElementsAre(nothing));
  EXPECT_THAT(fetched_by({{0, 12000, 6000}, {1, 60000, 0}, {2, 2000, 1000}}),
              ElementsAre(nothing, nothing, Fetched{0, 6000}));
}

// Deep ones of few columns, which are swept forwards alone.
TEST(FetchAhead, FetchesNothingOfAMatrixThatTheCacheDoesNotHold) {
  EXPECT_THAT(fetched_by({{0, 32768, 16384}, {1, 32770, 16385}}), ElementsAre(nothing, Fetched{0, 16384}));
}

// Two steps of a loop that is written out.
TEST(FetchAhead, CountsAMatrixOnceThatSeveralCallsSweep) {
  EXPECT_THAT(fetched_by({{0, 20000, 10000}, {0, 20000, 10000}, {1, 4000, 2000}}),
              ElementsAre(nothing, nothing, nothing));
  EXPECT_THAT(fetched_by({{0, 20000, 10000}, {0, 20000, 10000}, {1, 9000, 4500}}),
              ElementsAre(nothing, Fetched{1, 4500}, Fetched{0, 10000}));
}

}  // namespace
}  // namespace elegans::graph
