// Circuits against the reference: the same seed, the same synapses.
#include <gtest/gtest.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "elegans/wiring/config.hpp"

namespace elegans::wiring {
namespace {

using nlohmann::json;

json read(const std::string& path) {
  std::ifstream stream(path);
  return stream ? json::parse(stream) : json();
}

Wiring draw(const json& golden) {
  json config = golden.at("args");
  config["type"] = golden.at("type");
  return from_config(config).built(golden.at("inputs").get<std::int64_t>());
}

json listed(const SynapseMatrix& matrix) {
  json list = json::array();
  for (const Synapse& synapse : matrix.list()) list.push_back({synapse.source, synapse.target, synapse.polarity});
  return list;
}

void expect_equal(const json& golden) {
  SCOPED_TRACE(golden.at("type").get<std::string>() + " " + golden.at("args").dump());
  const Wiring wiring = draw(golden);
  EXPECT_EQ(wiring.units(), golden.at("units"));
  EXPECT_EQ(wiring.output_dim(), golden.at("outputs"));
  EXPECT_EQ(json(wiring.layers()), golden.at("layers"));
  json types = json::array();
  for (const NeuronType type : wiring.types()) types.push_back(name(type));
  EXPECT_EQ(types, golden.at("types"));
  EXPECT_EQ(listed(wiring.adjacency()), golden.at("recurrent"));
  EXPECT_EQ(listed(wiring.sensory()), golden.at("sensory"));
  EXPECT_EQ(wiring.synapse_count(), golden.at("synapses"));
  EXPECT_EQ(wiring.sensory_synapse_count(), golden.at("sensory_synapses"));
}

TEST(Reference, SmallCircuitsAreEqual) {
  const json file = read(ELEGANS_SOURCE_DIR "/tests/wiring/golden_small.json");
  ASSERT_EQ(file.at("cases").size(), 6U);
  for (const json& golden : file.at("cases")) expect_equal(golden);
}

TEST(Reference, SharedGoldensAreEqual) {
  const json file = read(ELEGANS_SHARED_DIR "/spec/goldens/wirings.json");
  if (file.is_null()) GTEST_SKIP() << "there is no " ELEGANS_SHARED_DIR "/spec/goldens/wirings.json";
  ASSERT_GE(file.at("cases").size(), 1U);
  for (const json& golden : file.at("cases")) expect_equal(golden);
}

// As make_reference.py writes it.
std::string digest(const SynapseMatrix& matrix) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const Synapse& synapse : matrix.list()) {
    for (const int word : {synapse.source, synapse.target, synapse.polarity + 1}) {
      hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x100000001b3U;
    }
  }
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(hash >> shift) & 15];
  return text;
}

TEST(Reference, ManySeedsGiveTheSameCircuits) {
  const json file = read(ELEGANS_SOURCE_DIR "/tests/wiring/reference.json");
  ASSERT_EQ(file.at("cases").size(), 244U);
  for (const json& golden : file.at("cases")) {
    SCOPED_TRACE(golden.dump());
    const Wiring wiring = draw(golden);
    EXPECT_EQ(wiring.synapse_count(), golden.at("synapses"));
    EXPECT_EQ(wiring.sensory_synapse_count(), golden.at("sensory_synapses"));
    EXPECT_EQ(digest(wiring.adjacency()), golden.at("recurrent_hash"));
    EXPECT_EQ(digest(wiring.sensory()), golden.at("sensory_hash"));
  }
}

}  // namespace
}  // namespace elegans::wiring
