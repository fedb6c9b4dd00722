#include "elegans/wiring/wiring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/base/error.hpp"

namespace elegans::wiring {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class Call>
void expect_config_error(Call call, const std::string& text) {
  EXPECT_THAT(call, ThrowsMessage<ConfigError>(HasSubstr(text)));
}

// 0 and 1 are motor, 2 … 4 are not.
Wiring by_hand() {
  Wiring wiring(5);
  wiring.set_output_dim(2);
  wiring.build(2);
  wiring.add_sensory_synapse(1, 4, +1);
  wiring.add_sensory_synapse(0, 3, -1);
  wiring.add_synapse(4, 3, -1);
  wiring.add_synapse(3, 0, +1);
  wiring.add_synapse(3, 3, +1);
  return wiring;
}

TEST(Wiring, OptionsHaveTheDefaultsOfTheReference) {
  EXPECT_EQ(AutoNCP({.units = 16, .output_size = 4}),
            AutoNCP({.units = 16, .output_size = 4, .sparsity_level = 0.5, .seed = 22222}));
  EXPECT_EQ(FullyConnectedOptions().erev_init_seed, 1111U);
  EXPECT_TRUE(FullyConnectedOptions().self_connections);
  EXPECT_EQ(RandomOptions().random_seed, 1111U);
  EXPECT_EQ(RandomOptions().sparsity_level, 0.0);
  EXPECT_EQ(NCPOptions().seed, 22222U);
  EXPECT_EQ(FullyConnected({.units = 5}).output_dim(), 5);
  EXPECT_EQ(Random({.units = 5, .output_dim = 2}).output_dim(), 2);
}

// 28 − 4 = 24 neurons, int(0.4 · 24) = 9 of them command; density 0.5.
TEST(Wiring, AutoNcpSharesItsNeurons) {
  const NCPOptions options = ncp_options({.units = 28, .output_size = 4});
  EXPECT_EQ(options.inter_neurons, 15);
  EXPECT_EQ(options.command_neurons, 9);
  EXPECT_EQ(options.motor_neurons, 4);
  EXPECT_EQ(options.sensory_fanout, 7);
  EXPECT_EQ(options.inter_fanout, 4);
  EXPECT_EQ(options.recurrent_command_synapses, 9);
  EXPECT_EQ(options.motor_fanin, 4);
  // 1 − 0.8 is a little less than 0.2: int(10 · (1 − 0.8)) is 1 in the reference.
  EXPECT_EQ(ncp_options({.units = 26, .output_size = 1, .sparsity_level = 0.8}).command_neurons, 10);
  EXPECT_EQ(ncp_options({.units = 26, .output_size = 1, .sparsity_level = 0.8}).motor_fanin, 1);
}

TEST(Wiring, BuildingAgainChangesNothingOrIsAnError) {
  for (const Wiring& fresh : {FullyConnected({.units = 4}), Random({.units = 6, .sparsity_level = 0.5}),
                              AutoNCP({.units = 12, .output_size = 2}), Wiring(3)}) {
    EXPECT_FALSE(fresh.is_built());
    Wiring wiring = fresh;
    wiring.build(3);
    const Wiring once = wiring;
    wiring.build(3);
    EXPECT_EQ(wiring, once);
    expect_config_error(
        [&] { wiring.build(4); },
        ".build: inputs is 4; expected 3, for which the wiring is built already. Layers with other inputs "
        "need a copy that was taken before build().");
    EXPECT_EQ(wiring, once);
  }
}

TEST(Wiring, LayersThatShareOneTakeCopies) {
  const Wiring shared = FullyConnected({.units = 4});
  const Wiring first = shared.built(3);
  const Wiring second = shared.built(5);
  EXPECT_FALSE(shared.is_built());
  EXPECT_EQ(first.adjacency(), second.adjacency());
  EXPECT_EQ(first, shared.built(3));
  EXPECT_EQ(second.sensory().sources(), 5);
  // The generator continues: the first 12 draws of both are the same.
  for (std::int64_t i = 0; i < 12; ++i) {
    EXPECT_EQ(first.sensory().polarity(i / 4, i % 4), second.sensory().polarity(i / 4, i % 4));
  }
}

TEST(Wiring, HandMadeOnesAreWhatTheyWereMade) {
  const Wiring wiring = by_hand();
  EXPECT_EQ(wiring.type(), "Wiring");
  EXPECT_EQ(wiring.synapse_count(), 3);
  EXPECT_EQ(wiring.sensory_synapse_count(), 2);
  EXPECT_EQ(wiring.adjacency().polarity(4, 3), -1);
  EXPECT_EQ(wiring.adjacency().polarity(3, 4), 0);
  EXPECT_THAT(wiring.adjacency().list(), ElementsAre(Synapse{3, 0, 1}, Synapse{3, 3, 1}, Synapse{4, 3, -1}));
  EXPECT_THAT(wiring.sensory().dense(), ElementsAre(0, 0, 0, -1, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(wiring.layers(), ElementsAre(ElementsAre(0, 1, 2, 3, 4)));
  EXPECT_EQ(wiring.type_of_neuron(1), NeuronType::motor);
  EXPECT_EQ(wiring.type_of_neuron(2), NeuronType::inter);
}

TEST(Wiring, ARepeatedSynapseReplacesTheFirst) {
  Wiring wiring = by_hand();
  wiring.add_synapse(4, 3, +1);
  wiring.add_sensory_synapse(1, 4, -1);
  EXPECT_EQ(wiring.synapse_count(), 3);
  EXPECT_EQ(wiring.adjacency().polarity(4, 3), 1);
  EXPECT_EQ(wiring.sensory_synapse_count(), 2);
  EXPECT_EQ(wiring.sensory().polarity(1, 4), -1);
}

TEST(Wiring, TypesAndLayersCanBeSet) {
  Wiring wiring = by_hand();
  wiring.set_type(3, NeuronType::command);
  wiring.set_layers({{2, 4}, {3}, {1, 0}});
  EXPECT_EQ(wiring.type_of_neuron(3), NeuronType::command);
  EXPECT_THAT(wiring.layers(), ElementsAre(ElementsAre(2, 4), ElementsAre(3), ElementsAre(1, 0)));
  wiring.set_output_dim(4);
  EXPECT_EQ(wiring.type_of_neuron(3), NeuronType::motor);
  wiring.set_output_dim(1);
  EXPECT_EQ(wiring.type_of_neuron(3), NeuronType::inter);
  EXPECT_EQ(wiring.type_of_neuron(1), NeuronType::inter);
}

TEST(Wiring, ADrawnOneThatIsChangedBecomesHandMade) {
  Wiring wiring = AutoNCP({.units = 8, .output_size = 1});
  expect_config_error([&] { wiring.add_synapse(0, 0, 1); },
                      "Wiring.add_synapse: wiring is an unbuilt AutoNCP; expected a hand-made wiring or one that is "
                      "built. Call build(inputs) first, so that everything is drawn before it is changed.");
  wiring.build(2);
  const std::int64_t synapses = wiring.synapse_count();
  expect_config_error([&] { wiring.add_synapse(0, 8, 1); }, "target is 8; expected an id from 0 to 7");
  EXPECT_EQ(wiring.type(), "AutoNCP") << "an error changed the wiring";
  wiring.add_synapse(0, 0, 1);
  EXPECT_EQ(wiring.type(), "Wiring");
  EXPECT_EQ(wiring.synapse_count(), synapses + 1);
  EXPECT_EQ(wiring.layers().size(), 3U);
}

TEST(Wiring, ArgumentsOutOfRangeAreErrors) {
  expect_config_error([] { Wiring(0); }, "Wiring: units is 0; expected a number from 1 to 1048576.");
  expect_config_error([] { FullyConnected({.units = -3}); },
                      "FullyConnected: units is -3; expected a number from 1 to");
  expect_config_error([] { FullyConnected({.units = 4, .output_dim = 5}); },
                      "FullyConnected: output_dim is 5; expected a number from 1 to 4, the number of units.");
  expect_config_error(
      [] { FullyConnected({.units = 1 << 20}); },
      "FullyConnected: number of pairs of neurons is 1099511627776; expected at most 268435456. Make a sparse "
      "wiring of this size by hand.");
  expect_config_error([] { Random({.units = 4, .sparsity_level = 1.0}); },
                      "Random: sparsity_level is 1; expected a number from 0.0 (every synapse exists) to below 1.0.");
  expect_config_error([] { Random({.units = 4, .sparsity_level = -0.1}); }, "Random: sparsity_level is -0.1; expected");
  expect_config_error([] { Random({.units = 4, .sparsity_level = NAN}); }, "Random: sparsity_level is nan; expected");
  Wiring wiring(3);
  expect_config_error([&] { wiring.set_output_dim(4); },
                      "Wiring.set_output_dim: output_dim is 4; expected a number from 1 to 3, the number of units.");
  expect_config_error([&] { wiring.build(0); }, "Wiring.build: inputs is 0; expected a number from 1 to 1048576.");
}

TEST(Wiring, NcpOptionsOutOfRangeAreErrors) {
  const NCPOptions good{.inter_neurons = 4,
                        .command_neurons = 3,
                        .motor_neurons = 2,
                        .sensory_fanout = 4,
                        .inter_fanout = 3,
                        .recurrent_command_synapses = 2,
                        .motor_fanin = 3};
  EXPECT_NO_THROW(NCP(good).built(2));
  const auto with = [&](auto change) {
    NCPOptions options = good;
    change(options);
    return [options] { NCP(options); };
  };
  expect_config_error(with([](auto& o) { o.motor_fanin = 4; }),
                      "NCP: motor_fanin is 4; expected a number from 0 to 3, the number of command_neurons.");
  expect_config_error(with([](auto& o) { o.sensory_fanout = 5; }),
                      "NCP: sensory_fanout is 5; expected a number from 0 to 4, the number of inter_neurons.");
  expect_config_error(with([](auto& o) { o.inter_fanout = 4; }),
                      "NCP: inter_fanout is 4; expected a number from 0 to 3, the number of command_neurons.");
  expect_config_error(with([](auto& o) { o.inter_neurons = 0; }),
                      "NCP: inter_neurons is 0; expected a number from 1 to");
  expect_config_error(with([](auto& o) { o.command_neurons = 0; }), "NCP: command_neurons is 0; expected");
  expect_config_error(with([](auto& o) { o.motor_neurons = 0; }), "NCP: motor_neurons is 0; expected");
  expect_config_error(with([](auto& o) { o.recurrent_command_synapses = -1; }),
                      "NCP: recurrent_command_synapses is -1; expected a number from 0 to");
  expect_config_error(with([](auto& o) { o.seed = std::uint64_t{1} << 32; }),
                      "NCP: seed is 4294967296; expected a number from 0 to 4294967295.");
  // 2^26 pairs may be there, 2^26 synapses not.
  expect_config_error(
      [] {
        NCP({.inter_neurons = 8192,
             .command_neurons = 8192,
             .motor_neurons = 1,
             .sensory_fanout = 1,
             .inter_fanout = 8192,
             .motor_fanin = 1});
      },
      "NCP: number of synapses is 67108864; expected at most");
}

TEST(Wiring, AutoNcpOptionsOutOfRangeAreErrors) {
  expect_config_error([] { AutoNCP({.units = 10, .output_size = 8}); },
                      "AutoNCP: output_size is 8; expected a number from 1 to 7, less than units - 2 for 10 units.");
  expect_config_error([] { AutoNCP({.units = 3, .output_size = 1}); },
                      "AutoNCP: units is 3; expected a number from 4 to");
  for (const double sparsity : {0.09, 1.01, static_cast<double>(NAN)}) {
    expect_config_error([&] { AutoNCP({.units = 10, .output_size = 2, .sparsity_level = sparsity}); },
                        "expected a number from 0.1 (dense) to 1.0 (sparse).");
  }
  EXPECT_NO_THROW(AutoNCP({.units = 10, .output_size = 7, .sparsity_level = 1.0}).built(1));
}

TEST(Wiring, SynapsesOutOfRangeAreErrors) {
  Wiring wiring(3);
  expect_config_error(
      [&] { wiring.add_sensory_synapse(0, 0, 1); },
      "Wiring.add_sensory_synapse: number of inputs is not known; expected a wiring that is built. Call "
      "build(inputs) first.");
  wiring.build(2);
  expect_config_error([&] { wiring.add_synapse(3, 0, 1); },
                      "Wiring.add_synapse: source is 3; expected an id from 0 to 2.");
  expect_config_error([&] { wiring.add_synapse(0, -1, 1); },
                      "Wiring.add_synapse: target is -1; expected an id from 0 to 2.");
  expect_config_error([&] { wiring.add_synapse(0, 0, 0); },
                      "Wiring.add_synapse: polarity is 0; expected +1 (excitatory) or -1 (inhibitory).");
  expect_config_error([&] { wiring.add_sensory_synapse(2, 0, 1); },
                      "Wiring.add_sensory_synapse: source is 2; expected an id from 0 to 1.");
  expect_config_error([&] { wiring.add_sensory_synapse(0, 0, 2); },
                      "Wiring.add_sensory_synapse: polarity is 2; expected");
  EXPECT_EQ(wiring.synapse_count() + wiring.sensory_synapse_count(), 0);
}

TEST(Wiring, TypesAndLayersThatCannotBeAreErrors) {
  Wiring wiring(3);
  wiring.set_output_dim(1);
  expect_config_error(
      [&] { wiring.set_type(0, NeuronType::inter); },
      "Wiring.set_type: type of neuron 0 is inter; expected motor, for the first 1 neurons are the outputs. "
      "set_output_dim() says how many neurons are motor.");
  expect_config_error([&] { wiring.set_type(1, NeuronType::motor); },
                      "Wiring.set_type: type of neuron 1 is motor; expected inter or command.");
  expect_config_error([&] { wiring.set_type(3, NeuronType::inter); }, "Wiring.set_type: neuron is 3; expected");
  expect_config_error(
      [&] {
        wiring.set_layers({{0, 1}, {1, 2}});
      },
      "Wiring.set_layers: neuron 1 is twice in layers; expected each neuron once.");
  expect_config_error(
      [&] {
        wiring.set_layers({{0}, {2}});
      },
      "Wiring.set_layers: neuron 1 is in no layer; expected every neuron in one layer.");
  expect_config_error([&] { wiring.set_layers({{0, 1, 2}, {}}); }, "Wiring.set_layers: a layer is empty;");
  expect_config_error([&] { wiring.set_layers({{0, 1, 3}}); }, "Wiring.set_layers: layers[2] is 3; expected");
}

TEST(Wiring, WhatIsNotDrawnYetCannotBeRead) {
  const Wiring ncp = AutoNCP({.units = 8, .output_size = 1});
  const std::string text =
      "AutoNCP.input_dim: number of inputs is not known; expected a wiring that is built. Call build(inputs) first.";
  expect_config_error([&] { ncp.adjacency(); }, text);
  expect_config_error([&] { ncp.synapse_count(); }, text);
  expect_config_error([&] { ncp.recurrent_pattern(); }, text);
  expect_config_error([&] { ncp.input_dim(); }, text);
  const Wiring full = FullyConnected({.units = 3});
  EXPECT_EQ(full.synapse_count(), 9);
  expect_config_error([&] { full.sensory(); }, "FullyConnected.input_dim: number of inputs is not known;");
}

TEST(Wiring, SynapsesPrintAsATable) {
  EXPECT_EQ(to_string(by_hand().synapses()),
            "source     target     polarity\n"
            "sensory 0  inter 3    -1 inhibitory\n"
            "sensory 1  inter 4    +1 excitatory\n"
            "inter 3    motor 0    +1 excitatory\n"
            "inter 3    inter 3    +1 excitatory\n"
            "inter 4    inter 3    -1 inhibitory\n");
}

TEST(Wiring, GivesThePatternsOfItsKernels) {
  const Wiring wiring = by_hand();
  EXPECT_EQ(*wiring.sensory_pattern(2), *Pattern::from_matrix(wiring.sensory()));
  EXPECT_EQ(*wiring.pattern(2), *wiring.sensory_pattern(2));
  EXPECT_EQ(*wiring.recurrent_pattern(), *Pattern::from_matrix(wiring.adjacency()));
  expect_config_error([&] { wiring.pattern(3); }, "Wiring.build: inputs is 3; expected 2, for which");
  // An unbuilt wiring is built as a copy.
  const Wiring shared = Random({.units = 6, .sparsity_level = 0.5});
  EXPECT_EQ(*shared.pattern(4), *shared.built(4).pattern(4));
  EXPECT_EQ(shared.pattern(4)->rows(), 4);
  EXPECT_EQ(shared.pattern(4)->columns(), 6);
  EXPECT_FALSE(shared.is_built());
}

TEST(Wiring, GivesThePatternsBetweenLayers) {
  const Wiring wiring = AutoNCP({.units = 20, .output_size = 3, .seed = 5}).built(6);
  const auto& layers = wiring.layers();
  const PatternRef input = wiring.sensory_pattern_to(layers[0]);
  const PatternRef command = wiring.pattern_between(layers[0], layers[1]);
  const PatternRef motor = wiring.pattern_between(layers[1], layers[2]);
  EXPECT_EQ(input->rows(), 6);
  EXPECT_EQ(input->count(), wiring.sensory_synapse_count());
  const auto expect_same = [&](const Pattern& pattern, std::size_t from, std::size_t to) {
    std::vector<std::int8_t> signs(static_cast<std::size_t>(pattern.rows() * pattern.columns()));
    pattern.signs(signs);
    ASSERT_EQ(signs.size(), layers[from].size() * layers[to].size());
    for (std::size_t i = 0; i < signs.size(); ++i) {
      EXPECT_EQ(signs[i],
                wiring.adjacency().polarity(layers[from][i / layers[to].size()], layers[to][i % layers[to].size()]));
    }
  };
  expect_same(*command, 0, 1);
  expect_same(*motor, 1, 2);
  // Rows and columns follow the lists, whatever their order.
  const std::vector<std::int32_t> sources = {4, 3};
  const std::vector<std::int32_t> targets = {3, 0, 4};
  const PatternRef turned = by_hand().pattern_between(sources, targets);
  std::vector<std::int8_t> signs(6);
  turned->signs(signs);
  EXPECT_THAT(signs, ElementsAre(-1, 0, 0, 1, 1, 0));
  const std::vector<std::int32_t> twice = {3, 3};
  expect_config_error([&] { by_hand().pattern_between(twice, targets); },
                      "Wiring.pattern_between: neuron 3 is twice in sources; expected each neuron once.");
  const std::vector<std::int32_t> outside = {7};
  expect_config_error([&] { by_hand().sensory_pattern_to(outside); },
                      "Wiring.sensory_pattern_to: targets[0] is 7; expected a number from 0 to 4.");
}

// 65536² bytes would be 4 GiB; this takes a few megabytes.
TEST(Wiring, LargeHandMadeCircuitsAreStoredSparsely) {
  Wiring wiring(65536);
  wiring.build(65536);
  for (int i = 65535; i >= 0; --i) {
    wiring.add_synapse(i, (i * 31) % 65536, 1);
    wiring.add_sensory_synapse(i, i, -1);
  }
  EXPECT_EQ(wiring.synapse_count(), 65536);
  EXPECT_EQ(wiring.recurrent_pattern()->count(), 65536);
  EXPECT_LT(wiring.recurrent_pattern()->bytes_sparse(4), 65536 * 40);
}

}  // namespace
}  // namespace elegans::wiring
