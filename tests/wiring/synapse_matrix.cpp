#include "elegans/wiring/synapse_matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"

namespace elegans::wiring {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// 300 random writes against a map that is written the same way.
TEST(SynapseMatrix, HoldsWhatWasSetLast) {
  constexpr int sources = 17;
  constexpr int targets = 23;
  SynapseMatrix matrix(sources, targets);
  std::map<std::pair<int, int>, int> expected;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto words = philox(philox_key(1), philox_counter(i));
    const int source = static_cast<int>(words[0] % sources);
    const int target = static_cast<int>(words[1] % targets);
    const int polarity = words[2] % 2 == 0 ? 1 : -1;
    matrix.set(source, target, polarity);
    expected[{source, target}] = polarity;
  }
  ASSERT_EQ(matrix.count(), static_cast<std::int64_t>(expected.size()));
  const auto dense = matrix.dense();
  for (int source = 0; source < sources; ++source) {
    for (int target = 0; target < targets; ++target) {
      const auto entry = expected.find({source, target});
      const int polarity = entry == expected.end() ? 0 : entry->second;
      EXPECT_EQ(matrix.polarity(source, target), polarity);
      EXPECT_EQ(dense[static_cast<std::size_t>(source * targets + target)], polarity);
    }
  }
  std::vector<Synapse> ascending;
  for (const auto& [pair, polarity] : expected) {
    ascending.push_back({pair.first, pair.second, static_cast<std::int8_t>(polarity)});
  }
  EXPECT_EQ(matrix.list(), ascending);
}

TEST(SynapseMatrix, RefusesWhatIsOutside) {
  SynapseMatrix matrix(2, 3);
  const auto throws = [](const std::string& text) { return ThrowsMessage<ConfigError>(HasSubstr(text)); };
  EXPECT_THAT([&] { matrix.set(2, 0, 1); }, throws("SynapseMatrix.set: source is 2; expected an id from 0 to 1."));
  EXPECT_THAT([&] { matrix.set(0, 3, 1); }, throws("SynapseMatrix.set: target is 3; expected an id from 0 to 2."));
  EXPECT_THAT([&] { matrix.polarity(-1, 0); },
              throws("SynapseMatrix.polarity: source is -1; expected an id from 0 to 1."));
  EXPECT_THAT([&] { matrix.row(5); }, throws("SynapseMatrix.row: source is 5;"));
  EXPECT_THAT([] { SynapseMatrix().set(0, 0, 1); }, throws("source is 0; expected an id, but there are no sources."));
  EXPECT_THAT([] { SynapseMatrix(-1, 2); },
              throws("SynapseMatrix: sources is -1; expected a number from 0 to 1048576."));
  EXPECT_THAT([] { SynapseMatrix(2, std::int64_t{1} << 40); }, throws("SynapseMatrix: targets is 1099511627776;"));
}

}  // namespace
}  // namespace elegans::wiring
