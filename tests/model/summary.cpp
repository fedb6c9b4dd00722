#include "elegans/model/summary.hpp"

#include <gmock/gmock.h>

#include "elegans/base/json.hpp"
#include "model/networks.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::network_named;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Four neurons by hand: two inputs feed neuron 1, which feeds 0 and itself; 0 is motor.
wiring::Wiring hand_made() {
  wiring::Wiring wiring(4);
  wiring.set_output_dim(1);
  wiring.build(2);
  wiring.add_sensory_synapse(0, 1, 1);
  wiring.add_sensory_synapse(1, 1, -1);
  wiring.add_synapse(1, 0, 1);
  wiring.add_synapse(1, 1, 1);
  wiring.add_synapse(2, 0, -1);
  return wiring;
}

Sequential counted() {
  Sequential model({.name = "counted"});
  model.add(nn::Dense(2)).add(nn::LTC(hand_made())).build(3);
  return model;
}

TEST(Summary, CountsWhatExists) {
  Sequential model = counted();
  const Summary summary = summarise(model);
  ASSERT_EQ(summary.layers.size(), 2U);
  EXPECT_EQ(summary.layers[0].name, "dense");
  EXPECT_EQ(summary.layers[0].parameters, 3 * 2 + 2);
  EXPECT_EQ(summary.layers[0].synapses, 0);
  EXPECT_EQ(to_string(summary.layers[0].output_shape), "[batch, time, 2]");
  // Four weights on each of 5 synapses; gleak, vleak, cm of 4 neurons; maps of 2 inputs and 1 output.
  EXPECT_EQ(summary.layers[1].parameters, 4 * 5 + 3 * 4 + 2 * (2 + 1));
  EXPECT_EQ(summary.layers[1].synapses, 5);
  EXPECT_EQ(summary.layers[1].possible_synapses, 2 * 4 + 4 * 4);
  EXPECT_EQ(summary.total.parameters, 8 + 38);
  EXPECT_EQ(summary.total.trainable, 8 + 38);
  EXPECT_EQ(summary.total.weight_bytes, 46 * 4);
  EXPECT_EQ(summary.state_numbers, 4);
  EXPECT_EQ(summary.state_bytes, 16);
  // At least the products and the sigmoids: 2 · 3 · 2, and (2 + 6 · 3) of them.
  EXPECT_GT(summary.flop_per_step, 12 + 20 * ops::transcendental_flop);
  EXPECT_LT(summary.flop_per_step, 100 * (12 + 20 * ops::transcendental_flop));
}

// One input reaches all 5 inter neurons, and both command neurons reach the motor neuron: kernels without gaps, which
// are stored as a whole and are circuits all the same. Parameters of a layer of n neurons that reads m through s
// synapses: f1 and f2 have s + n² + n, both kernels of the gate m n + n² + n.
TEST(Summary, CountsTheCircuitOfAWiredCfC) {
  Sequential model;
  model.add(nn::CfC(wiring::AutoNCP({.units = 8, .output_size = 1}))).build(1);
  const auto& wiring =
      dynamic_cast<const nn::WiredCfCCell&>(*dynamic_cast<const nn::CfC&>(*model.layers()[0]).cfc_cell()).wiring();
  const auto& layers = wiring.layers();
  const std::int64_t between = wiring.pattern_between(layers[0], layers[1])->count();
  ASSERT_LT(between, 5 * 2);
  const Summary summary = summarise(model);
  EXPECT_EQ(summary.layers[0].synapses, 5 + between + 2);
  EXPECT_EQ(summary.layers[0].possible_synapses, 1 * 5 + 5 * 2 + 2 * 1);
  const auto parameters = [](std::int64_t m, std::int64_t n, std::int64_t s) {
    return 2 * (s + n * n + n) + 2 * (m * n + n * n + n);
  };
  EXPECT_EQ(summary.layers[0].parameters, parameters(1, 5, 5) + parameters(5, 2, between) + parameters(2, 1, 2));
  EXPECT_EQ(summary.layers[0].weight_bytes, 4 * summary.layers[0].parameters);
  EXPECT_EQ(summary.state_numbers, 8);
}

// Sensory synapses and those among neurons may have the same shape and stand in the same places.
TEST(Summary, CountsEqualCircuitsOfALayerApart) {
  wiring::Wiring wiring(2);
  wiring.build(2);
  wiring.add_sensory_synapse(0, 1, 1);
  wiring.add_synapse(0, 1, 1);
  Sequential model;
  model.add(nn::LTC(wiring)).build(2);
  EXPECT_EQ(summarise(model).layers[0].synapses, 2);
  EXPECT_EQ(summarise(model).layers[0].possible_synapses, 8);
}

// What is kept of every step grows with steps and samples.
TEST(Summary, PlansTheMemoryOfTraining) {
  Sequential model = counted();
  const auto arena = [&](std::int64_t batch, std::int64_t time) {
    return summarise(model, {.training_batch = batch, .training_time = time}).training_arena_bytes;
  };
  EXPECT_GT(arena(4, 8), summarise(model).step_arena_bytes);
  EXPECT_GT(arena(64, 128), 32 * arena(4, 8));
  EXPECT_GT(arena(4, 80), 2 * arena(4, 8));
  Sequential checkpointed;
  checkpointed.add(nn::Dense(2)).add(nn::LTC(hand_made(), {.checkpoint_every = 10})).build(3);
  EXPECT_LT(summarise(checkpointed, {.training_batch = 4, .training_time = 400}).training_arena_bytes, arena(4, 400));
}

TEST(Summary, PrintsATable) {
  Sequential model = counted();
  const std::string text = to_text(summarise(model));
  EXPECT_THAT(text, StartsWith("counted: f32 [batch, time, 3]\n\n"
                               "Layer (type)    Output shape       Parameters   Synapses (possible)   Bytes\n"
                               "dense (Dense)   [batch, time, 2]            8                            32\n"
                               "ltc (LTC)       [batch, time, 1]           38                5 (24)     152\n"
                               "total                                      46                5 (24)     184\n"
                               "\n"
                               "State       4 numbers, 16 bytes\n"
                               "Step        "));
  EXPECT_THAT(text, HasSubstr(" bytes for 32 sequences of 64 steps\n"));
}

TEST(Summary, GivesJson) {
  Sequential model = counted();
  const nlohmann::json json = to_json(summarise(model));
  EXPECT_EQ(json["name"], "counted");
  EXPECT_EQ(json["layers"][1]["synapses"], 5);
  EXPECT_EQ(json["layers"][1]["possible_synapses"], 24);
  EXPECT_EQ(json["total"]["parameters"], 46);
  EXPECT_EQ(json["state_bytes"], 16);
  EXPECT_NO_THROW(to_json_text(json));
}

TEST(Summary, SumsUpEveryKindOfNetwork) {
  for (const auto& network : elegans::testing::networks()) {
    Sequential model = built(network);
    const Summary summary = summarise(model);
    std::int64_t numbers = 0;
    for (const nn::WeightPtr& weight : model.weights()) numbers += static_cast<std::int64_t>(weight->value.elements());
    EXPECT_EQ(summary.total.parameters, numbers) << network.name;
    EXPECT_EQ(summary.total.weight_bytes, 4 * numbers) << network.name;
    EXPECT_GT(summary.training_arena_bytes, 0) << network.name;
  }
}

}  // namespace
}  // namespace elegans::model
