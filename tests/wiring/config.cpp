#include "elegans/wiring/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>
#include <nlohmann/json.hpp>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::wiring {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Wiring edited() {
  Wiring wiring = AutoNCP({.units = 9, .output_size = 2, .seed = 3}).built(3);
  wiring.add_synapse(0, 8, -1);
  return wiring;
}

TEST(WiringConfig, RoundTrips) {
  Wiring fresh(4);
  Wiring hand_made(4);
  hand_made.set_output_dim(2);
  hand_made.build(3);
  hand_made.add_synapse(3, 0, -1);
  hand_made.add_sensory_synapse(2, 3, 1);
  Wiring layered = hand_made;
  layered.set_type(3, NeuronType::command);
  layered.set_layers({{2}, {3}, {1, 0}});
  const Wiring wirings[] = {
      fresh,
      hand_made,
      layered,
      edited(),
      FullyConnected({.units = 4, .output_dim = 2, .erev_init_seed = ~std::uint64_t{0}, .self_connections = false}),
      Random({.units = 5, .sparsity_level = 0.3, .random_seed = 9}),
      NCP({.inter_neurons = 4,
           .command_neurons = 3,
           .motor_neurons = 2,
           .sensory_fanout = 1,
           .inter_fanout = 2,
           .recurrent_command_synapses = 5,
           .motor_fanin = 3,
           .seed = 4294967295U}),
      AutoNCP({.units = 12, .output_size = 3, .sparsity_level = 0.7, .seed = 0}),
  };
  for (const Wiring& wiring : wirings) {
    const std::string text = to_json_text(to_config(wiring));
    SCOPED_TRACE(text);
    const Wiring back = from_config(parse_json(text, "text"));
    EXPECT_EQ(to_config(back), to_config(wiring));
    EXPECT_EQ(back.built(3).adjacency(), wiring.built(3).adjacency());
    EXPECT_EQ(back.built(3).sensory(), wiring.built(3).sensory());
    EXPECT_EQ(back.layers(), wiring.layers());
    EXPECT_TRUE(std::equal(back.types().begin(), back.types().end(), wiring.types().begin()));
    EXPECT_EQ(back.output_dim(), wiring.output_dim());
  }
}

TEST(WiringConfig, NamesArgumentsAsTheReferenceDoes) {
  EXPECT_EQ(to_config(AutoNCP({.units = 16, .output_size = 4})),
            json::parse(R"({"type": "AutoNCP", "units": 16, "output_size": 4, "sparsity_level": 0.5, "seed": 22222})"));
  EXPECT_EQ(to_config(FullyConnected({.units = 3})),
            json::parse(R"({"type": "FullyConnected", "units": 3, "output_dim": 3, "erev_init_seed": 1111,
                            "self_connections": true})"));
  Wiring hand_made(2);
  hand_made.add_synapse(1, 0, -1);
  EXPECT_EQ(to_config(hand_made),
            json::parse(R"({"type": "Wiring", "units": 2, "output_dim": 2, "synapses": [[1, 0, -1]]})"));
}

TEST(WiringConfig, LeavesOutWhatHasADefault) {
  EXPECT_EQ(from_config(json::parse(R"({"type": "AutoNCP", "units": 16, "output_size": 4})")),
            AutoNCP({.units = 16, .output_size = 4}));
  EXPECT_EQ(from_config(json::parse(R"({"type": "Random", "units": 4, "output_dim": null})")), Random({.units = 4}));
}

// What get_config() of ncps gives for a wiring made by hand.
TEST(WiringConfig, ReadsTheMatricesOfTheReference) {
  const Wiring wiring = from_config(json::parse(R"({"type": "Wiring", "units": 2, "adjacency_matrix": [[0, 1], [-1, 0]],
      "sensory_adjacency_matrix": [[0, 1], [0, 0], [-1, 0]], "input_dim": 3, "output_dim": 1})"));
  Wiring expected(2);
  expected.set_output_dim(1);
  expected.build(3);
  expected.add_synapse(0, 1, 1);
  expected.add_synapse(1, 0, -1);
  expected.add_sensory_synapse(0, 1, 1);
  expected.add_sensory_synapse(2, 0, -1);
  EXPECT_EQ(wiring, expected);
  EXPECT_EQ(from_config(json::parse(R"({"type": "Wiring", "units": 2, "adjacency_matrix": null,
      "sensory_adjacency_matrix": null, "input_dim": null, "output_dim": null})")),
            Wiring(2));
}

TEST(WiringConfig, ErrorsNameTheKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "circuit.json: the whole is an empty list; expected an object."},
      {R"({})",
       "circuit.json: key 'type' is missing; expected a name in double quotes. Known are 'Wiring', 'FullyConnected'"},
      {R"({"type": "AutoNPC"})", "key 'type' is \"AutoNPC\"; expected a known name. Did you mean 'AutoNCP'"},
      {R"({"type": "AutoNCP", "unit": 8, "output_size": 1})",
       "key 'unit' is unknown; expected a known key. Did you mean 'units'?"},
      {R"({"type": "AutoNCP", "units": 8})", "key 'output_size' is missing; expected an integer from 1 to 1048576."},
      {R"({"type": "AutoNCP", "units": 8.5, "output_size": 1})",
       "key 'units' is 8.5; expected an integer from 1 to 1048576."},
      {R"({"type": "AutoNCP", "units": 8, "output_size": 7})",
       "circuit.json: AutoNCP: output_size is 7; expected a number from 1 to 5, less than units - 2 for 8 units."},
      {R"({"type": "AutoNCP", "units": 8, "output_size": 1, "seed": -1})",
       "key 'seed' is -1; expected an integer ≥ 0."},
      {R"({"type": "Random", "units": 8, "sparsity_level": "much"})",
       "key 'sparsity_level' is \"much\"; expected a number."},
      {R"({"type": "FullyConnected", "units": 8, "self_connections": 1})",
       "key 'self_connections' is 1; expected true or false."},
      {R"({"type": "Wiring", "units": 2})",
       "key 'synapses' is missing; expected a list of [source, target, polarity]."},
      {R"({"type": "Wiring", "units": 2, "synapses": [[0, 2, 1]]})",
       "key 'synapses[0]' is [0,2,1]; expected [source, target, polarity] with a source below 2, a target below 2 and "
       "polarity 1 or -1."},
      {R"({"type": "Wiring", "units": 2, "synapses": [[0, 1, 0]]})", "key 'synapses[0]' is [0,1,0]; expected"},
      {R"({"type": "Wiring", "units": 2, "synapses": [[0, 1, 1], [0, 1, 1]]})",
       "key 'synapses[1]' is [0,1,1]; expected each pair of source and target once."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "adjacency_matrix": [[0, 0], [0, 0]]})",
       "key 'adjacency_matrix' is a list of 2; expected nothing, for 'synapses' is there. Remove one of the two."},
      {R"({"type": "Wiring", "units": 2, "adjacency_matrix": [[0, 0]]})",
       "key 'adjacency_matrix' is a list of 1; expected 2 rows of 2."},
      {R"({"type": "Wiring", "units": 2, "adjacency_matrix": [[0, 0], [3, 0]]})",
       "key 'adjacency_matrix[1][0]' is 3; expected -1, 0 or 1."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "sensory_synapses": [[0, 0, 1]]})",
       "key 'input_dim' is missing; expected the number of inputs, for there are sensory synapses."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "input_dim": 1})",
       "key 'sensory_synapses' is missing; expected"},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "types": ["motor"]})",
       "key 'types' is a list of 1; expected a list of 2, one name for each neuron."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "types": ["motor", "sensory"]})",
       "key 'types' is a list of 2; expected names 'inter', 'command' and 'motor' only."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "layers": [[0], [2]]})",
       "key 'layers' is 2; expected a neuron from 0 to 1."},
      {R"({"type": "Wiring", "units": 2, "synapses": [], "layers": [[0]]})",
       "circuit.json: Wiring.set_layers: neuron 1 is in no layer; expected every neuron in one layer."},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    EXPECT_THAT([text = text] { from_config(json::parse(text), "circuit.json"); },
                ThrowsMessage<FormatError>(HasSubstr(message)));
  }
}

TEST(WiringConfig, SizesAreCheckedBeforeMemoryIsTaken) {
  for (const char* text : {R"({"type": "FullyConnected", "units": 1000000})", R"({"type": "Random", "units": 1000000})",
                           R"({"type": "Wiring", "units": 9000000000, "synapses": []})"}) {
    EXPECT_THROW(from_config(json::parse(text)), FormatError);
  }
}

TEST(ShortForm, IsUnderstood) {
  EXPECT_EQ(parse_wiring("autoncp:28,1"), AutoNCP({.units = 28, .output_size = 1}));
  EXPECT_EQ(parse_wiring("autoncp:28,1,sparsity=0.25,seed=3"),
            AutoNCP({.units = 28, .output_size = 1, .sparsity_level = 0.25, .seed = 3}));
  EXPECT_EQ(parse_wiring("AutoNCP:units=28,output_size=1,sparsity_level=0.25"),
            AutoNCP({.units = 28, .output_size = 1, .sparsity_level = 0.25}));
  EXPECT_EQ(parse_wiring("fully:8"), FullyConnected({.units = 8}));
  EXPECT_EQ(parse_wiring("fully:8,4,self_connections=false"),
            FullyConnected({.units = 8, .output_dim = 4, .self_connections = false}));
  EXPECT_EQ(parse_wiring("random:40,sparsity=0.75"), Random({.units = 40, .sparsity_level = 0.75}));
  EXPECT_EQ(parse_wiring("ncp:inter=10,command=8,motor=3,sensory_fanout=4,inter_fanout=4,recurrent=6,motor_fanin=5"),
            NCP({.inter_neurons = 10,
                 .command_neurons = 8,
                 .motor_neurons = 3,
                 .sensory_fanout = 4,
                 .inter_fanout = 4,
                 .recurrent_command_synapses = 6,
                 .motor_fanin = 5}));
}

TEST(ShortForm, ReadsFiles) {
  const elegans::testing::TemporaryFolder folder;
  const std::string path = (folder / "circuit.json").string();
  std::ofstream(path) << to_json_text(to_config(edited()));
  EXPECT_EQ(parse_wiring("@" + path), edited());
  EXPECT_THROW(parse_wiring("@" + path + ".absent"), FileError);
  std::ofstream(path) << R"({"type": "AutoNCP", "type": "NCP"})";
  EXPECT_THAT([&] { parse_wiring("@" + path); }, ThrowsMessage<FormatError>(HasSubstr("key 'type' is given twice")));
}

TEST(ShortForm, ErrorsSayWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"autonpc:28,1",
       "wiring 'autonpc:28,1': type 'autonpc' is unknown; expected a form like 'autoncp:28,1', or '@' and the name of "
       "a file. "
       "Did you mean 'autoncp'"},
      {"", "wiring '': type '' is unknown;"},
      {"autoncp", "wiring 'autoncp': key 'units' is missing; expected an integer from 1 to 1048576."},
      {"autoncp:28", "wiring 'autoncp:28': key 'output_size' is missing;"},
      {"autoncp:28,1,0.5",
       "wiring 'autoncp:28,1,0.5': '0.5' is without a name; expected name=value here. Names are units, outputs, "
       "sparsity, seed."},
      {"autoncp:units=28,1", "'1' is without a name; expected name=value here."},
      {"autoncp:28,1,sparsty=0.5", "argument 'sparsty' is unknown; expected one of AutoNCP. Did you mean 'sparsity'?"},
      {"autoncp:28,1,units=3", "units is given twice; expected each argument once."},
      {"autoncp:28,x", "output_size is 'x'; expected a number; of a switch, true or false."},
      {"autoncp:28,", "output_size is ''; expected a number; of a switch, true or false."},
      {"autoncp:28,1,seed=", "seed is ''; expected a number; of a switch, true or false."},
      {"autoncp:8,7", "AutoNCP: output_size is 7; expected a number from 1 to 5"},
      {"fully:8,self_connections=2", "key 'self_connections' is 2; expected true or false."},
      {"ncp:10", "'10' is without a name; expected name=value here. Names are inter, command, motor,"},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    EXPECT_THAT([text = text] { parse_wiring(text); }, ThrowsMessage<ConfigError>(HasSubstr(message)));
  }
}

}  // namespace
}  // namespace elegans::wiring
