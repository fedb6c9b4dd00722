#include <gmock/gmock.h>

#include <cmath>

#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/model/golden.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/lstm.hpp"
#include "model/model_files.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::message_of;
using elegans::testing::Network;
using elegans::testing::network_named;
using elegans::testing::OpenFile;
using elegans::testing::random_numbers;
using elegans::testing::some_preprocessing;
using elegans::testing::TemporaryFolder;
using ::testing::HasSubstr;

class SavedNetwork : public ::testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(ModelFile, SavedNetwork, ::testing::ValuesIn(elegans::testing::networks()),
                         [](const auto& info) { return info.param.name; });

TEST_P(SavedNetwork, ComesBackBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    Sequential model = built(GetParam(), dtype);
    const Preprocessing preprocessing = some_preprocessing(model);
    const std::vector<std::byte> file = to_model_file(model, preprocessing);
    LoadedModel loaded = parse_model(file, "m.safetensors");
    EXPECT_EQ(loaded.preprocessing, preprocessing);
    EXPECT_EQ(loaded.machine_kind, machine_kind());
    EXPECT_EQ(loaded.network.config(), model.config());
    ASSERT_EQ(loaded.network.weights().size(), model.weights().size());
    for (std::size_t i = 0; i < model.weights().size(); ++i) {
      EXPECT_EQ(loaded.network.weights()[i]->path, model.weights()[i]->path);
      EXPECT_EQ(loaded.network.weights()[i]->value.values(), model.weights()[i]->value.values());
    }
    const Tensor x = random_numbers({2, 5, 3}, dtype, 1, -1, 1);
    const Tensor dt = random_numbers({2, 5}, dtype, 2, 0, 2);
    EXPECT_EQ(loaded.network.predict(x, {.timespans = dt}).values(), model.predict(x, {.timespans = dt}).values());
    EXPECT_EQ(to_model_file(loaded.network, loaded.preprocessing), file);
    EXPECT_EQ(to_model_file(model, preprocessing), file);
  }
}

// What training leaves behind is not what a seed gives.
TEST_P(SavedNetwork, KeepsWeightsThatWereTrained) {
  Sequential model = built(GetParam());
  for (const nn::WeightPtr& weight : model.weights()) {
    for (float& w : weight->value.as<float>()) w = 0.75F * w + 0.01F;
  }
  const LoadedModel loaded = parse_model(to_model_file(model), "m.safetensors");
  for (std::size_t i = 0; i < model.weights().size(); ++i) {
    EXPECT_EQ(loaded.network.weights()[i]->value.values(), model.weights()[i]->value.values());
  }
}

TEST(ModelFile, GivesAPolicy) {
  const TemporaryFolder folder;
  Sequential model = built(network_named("stack"));
  const Preprocessing preprocessing = some_preprocessing(model);
  save_model(folder / "m.safetensors", model, preprocessing);
  EXPECT_THAT(folder.names(), ::testing::ElementsAre("m.safetensors"));
  Policy saved(folder / "m.safetensors");
  Policy kept(model, preprocessing);
  const std::array<float, 3> x{0.5F, -1, 2};
  std::array<float, 2> a{};
  std::array<float, 2> b{};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(saved.step(x, 0.02F, a).ok());
    kept.step(x, 0.02F, b);
    EXPECT_EQ(a, b);
  }
  EXPECT_EQ(saved.preprocessing(), preprocessing);
}

TEST(ModelFile, KeepsAClassification) {
  Sequential model;
  model.add(nn::CfC(wiring::AutoNCP({.units = 9, .output_size = 2}), {.return_sequences = false})).build(3);
  const Preprocessing preprocessing{
      .targets = {"gait"}, .classes = {"walk", "run"}, .task = Task::classification, .answer_at = AnswerAt::last_step};
  EXPECT_EQ(parse_model(to_model_file(model, preprocessing), "m").preprocessing, preprocessing);
}

TEST(ModelFile, KeepsDenseStorageAndSignsOfACircuit) {
  Sequential model;
  model.add(nn::Dense({.wiring = elegans::testing::small_circuit(),
                       .polarity = nn::Polarity::fixed_sign,
                       .storage = nn::Storage::dense}));
  model.build({1, 3});
  const std::vector<std::byte> file = to_model_file(model);
  LoadedModel loaded = parse_model(file, "m");
  EXPECT_EQ(to_model_file(loaded.network), file);
  // A weight where the circuit has no synapse.
  OpenFile open(file);
  std::size_t absent = 0;
  while (open.get<float>("dense/kernel", absent) != 0) ++absent;
  open.set<float>("dense/kernel", absent, 0.5F);
  EXPECT_THAT(message_of<FormatError>([&] { parse_model(open.signed_bytes(), "m"); }),
              HasSubstr("m, tensor 'dense/kernel': element " + std::to_string(absent) +
                        " is 0.5; expected 0, for the circuit has no synapse there"));
}

TEST(ModelFile, HoldsNetworksThatLookAhead) {
  Sequential model({.seed = 5});
  model.add(nn::CfC(4, {.backbone_units = 8, .go_backwards = true})).build(3);
  const std::vector<std::byte> file = to_model_file(model, some_preprocessing(model));
  LoadedModel loaded = parse_model(file, "m");
  EXPECT_EQ(to_model_file(loaded.network, loaded.preprocessing), file);
  OpenFile open(file);
  open.set<float>("elegans.golden.answer", 1, 0.125F);
  EXPECT_THAT(message_of<FormatError>([&] { parse_model(open.signed_bytes(), "m"); }),
              HasSubstr("m, tensor 'elegans.golden.answer': element 1 is 0.125; expected"));
}

TEST(ModelFile, HoldsNetworksOfBothDirections) {
  Sequential model({.seed = 5});
  model.add(nn::Bidirectional(nn::LTC(elegans::testing::small_circuit()))).add(nn::Bidirectional(nn::LSTM(3)));
  model.add(nn::Dense({.units = 2, .kernel_initialiser = "he_normal", .kernel_constraint = nn::max_norm(3)})).build(3);
  const std::vector<std::byte> file = to_model_file(model, some_preprocessing(model));
  LoadedModel loaded = parse_model(file, "m");
  EXPECT_EQ(to_model_file(loaded.network, loaded.preprocessing), file);
}

TEST(ModelFile, HoldsNetworksWithoutTime) {
  Sequential model;
  model.add(nn::Dense(4, "tanh")).add(nn::Dense(2)).build({1, 3});
  const std::vector<std::byte> file = to_model_file(model);
  LoadedModel loaded = parse_model(file, "m");
  EXPECT_EQ(to_model_file(loaded.network), file);
}

TEST(ModelFile, LetsAnyReaderSeeTheCircuit) {
  Sequential model = built(network_named("ltc_wired"));
  const OpenFile open(to_model_file(model));
  const auto wiring = parse_json(open.metadata.at("wiring"), "wiring");
  ASSERT_EQ(wiring.size(), 2U);
  const auto& ltc = dynamic_cast<nn::LTC&>(*model.layers()[0]);
  for (const auto& circuit : wiring) {
    EXPECT_THAT(circuit["weights"], ::testing::SizeIs(4));  // w, mu, sigma, erev
    const std::string name = circuit["tensor"];
    const auto synapses = open.tensors.at(name).shape[1];
    for (const std::string weight : circuit["weights"]) EXPECT_EQ(open.tensors.at(weight).shape[0], synapses);
    const bool is_sensory = circuit["inputs"] == 3;
    const wiring::Wiring built_wiring = ltc.ltc_cell().wiring().built(3);
    EXPECT_EQ(synapses, is_sensory ? built_wiring.sensory_synapse_count() : built_wiring.synapse_count());
    for (std::int64_t s = 0; s < synapses; ++s) {
      const auto at = [&](std::int64_t row) {
        return open.get<std::int32_t>(name, static_cast<std::size_t>(row * synapses + s));
      };
      const auto& matrix = is_sensory ? built_wiring.sensory() : built_wiring.adjacency();
      EXPECT_EQ(matrix.polarity(at(0), at(1)), at(2));
    }
  }
}

TEST(ModelFile, RefusesToSaveWhatCannotBeRun) {
  Sequential model({.name = "gait"});
  model.add(nn::Dense(2));
  EXPECT_THAT(message_of<ConfigError>([&] { to_model_file(model); }), HasSubstr("expected a model that is built"));
  model.build({1, 3});
  EXPECT_THAT(message_of<ConfigError>([&] { to_model_file(model, {.features = {"a"}}); }),
              HasSubstr("save_model: the number of features is 1; expected 3"));
  model.weights()[0]->value.as<float>()[4] = std::nanf("");
  EXPECT_THAT(message_of<ConfigError>([&] { to_model_file(model); }),
              HasSubstr("save_model: weight 'dense/kernel', element 4 is nan; expected a finite number"));
}

TEST(ModelFile, LeavesTheOldFileWhereSavingFails) {
  const TemporaryFolder folder;
  Sequential model = built(network_named("cfc"));
  save_model(folder / "m.safetensors", model);
  const std::string before = read_file(folder / "m.safetensors", 1 << 20);
  model.weights()[0]->value.as<float>()[0] = std::nanf("");
  EXPECT_THROW(save_model(folder / "m.safetensors", model), ConfigError);
  EXPECT_EQ(read_file(folder / "m.safetensors", 1 << 20), before);
}

// λ √n u: 10 000 FLOP in f32 are 32 · 100 · 2^−24.
TEST(Golden, BoundsWhatAnotherMachineMayCompute) {
  EXPECT_DOUBLE_EQ(golden_bound(Dtype::f32, 1e4, 1), 3200 * 0x1p-24);
  EXPECT_DOUBLE_EQ(golden_bound(Dtype::f64, 1e4, 5), 16000 * 0x1p-53);
}

TEST(Golden, StepsOfSeveralLengthsFromTheFirstState) {
  Sequential model = built(network_named("own_cell"), Dtype::f64);
  const Preprocessing preprocessing = some_preprocessing(model);
  const GoldenVectors golden = make_golden(model, preprocessing);
  EXPECT_EQ(to_string(golden.observations.shape()), "[4, 3]");
  EXPECT_EQ(golden.timespans.values(), (std::vector<double>{0.02, 0.005, 0, 0.035}));
  ASSERT_EQ(golden.states.size(), 1U);
  EXPECT_EQ(golden.states[0].first, "rnn/h");
  EXPECT_EQ(to_string(golden.states[0].second.shape()), "[5, 4]");
  const auto h = golden.states[0].second.values();
  EXPECT_EQ(std::vector<double>(h.begin(), h.begin() + 4), std::vector<double>(4, 0.25));
  // By hand: h ← h + Δt (x kernel − h), answer = tanh(h) in the units of the targets.
  const auto x = golden.observations.values();
  const auto kernel = model.weights()[0]->path == "rnn/first_h" ? model.weights()[1]->value.values()
                                                                : model.weights()[0]->value.values();
  for (std::size_t k = 0; k < 4; ++k) {
    const double dt = golden.timespans.values()[k] / 0.02;
    for (std::size_t u = 0; u < 4; ++u) {
      double sum = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        sum += (x[k * 3 + i] - preprocessing.inputs.mean[i]) / preprocessing.inputs.std[i] * kernel[i * 4 + u];
      }
      const double next = h[k * 4 + u] + dt * (sum - h[k * 4 + u]);
      EXPECT_NEAR(h[(k + 1) * 4 + u], next, 1e-14);
      EXPECT_NEAR(golden.answers.values()[k * 4 + u],
                  std::tanh(next) * preprocessing.outputs.std[u] + preprocessing.outputs.mean[u], 1e-14);
    }
  }
}

}  // namespace
}  // namespace elegans::model
