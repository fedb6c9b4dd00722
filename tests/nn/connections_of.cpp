#include "elegans/nn/connections_of.hpp"

#include <gtest/gtest.h>

namespace elegans::nn {
namespace {

PatternPtr pattern_of(std::vector<wiring::Synapse> synapses) { return wiring::Pattern::from_synapses(synapses, 3, 2); }

TEST(ConnectionsOf, FollowTheOrderOfTheWeights) {
  const auto connections = connections_of(pattern_of({{2, 1, 1}, {0, 0, -1}, {1, 1, 1}, {1, 0, 1}}));
  EXPECT_EQ(connections->inputs(), 3U);
  EXPECT_EQ(connections->outputs(), 2U);
  EXPECT_EQ(connections->source(), (std::vector<std::uint32_t>{0, 1, 1, 2}));
  EXPECT_EQ(connections->target(), (std::vector<std::uint32_t>{0, 0, 1, 1}));
}

TEST(ConnectionsOf, AreSharedWhereTheStructureIsEqual) {
  const PatternPtr pattern = pattern_of({{0, 0, 1}, {2, 1, 1}});
  const auto connections = connections_of(pattern);
  EXPECT_EQ(connections_of(pattern), connections);
  EXPECT_EQ(connections_of(pattern_of({{0, 0, -1}, {2, 1, 1}})), connections);  // signs are no structure
  EXPECT_NE(connections_of(pattern_of({{0, 0, 1}, {2, 0, 1}})), connections);
}

// A new pattern at an old address must not get the old connections.
TEST(ConnectionsOf, DoNotOutliveTheirPattern) {
  for (std::int32_t target = 0; target < 2; ++target) {
    for (int again = 0; again < 8; ++again) {
      const auto connections = connections_of(pattern_of({{1, target, 1}}));
      EXPECT_EQ(connections->target(), (std::vector<std::uint32_t>{static_cast<std::uint32_t>(target)}));
    }
  }
}

}  // namespace
}  // namespace elegans::nn
