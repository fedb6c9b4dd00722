// Japanese Vowels: nine speakers by one vowel, the published split.

#include "cli/experiment.hpp"
#include "cli/vowels.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"

namespace elegans::cli {
namespace {

double run(const ExperimentRun& run) {
  const VowelData data = vowel_data(run.seed, 0);
  Sequential network({.name = "japanese-vowels", .seed = run.seed});
  network.add(nn::CfC(32, {.activation = nn::Activation::silu, .backbone_units = 128})).add(nn::Dense(9));
  return trained(network, vowel_training(0, run.threads), run, data.train, nullptr, data.test, "accuracy");
}

}  // namespace

Experiment japanese_vowels_experiment() {
  const auto published = train::japanese_vowels_figures();
  return {.name = "japanese_vowels",
          .protocol = "270 recordings to train on, 370 to test on, as published; one answer a recording",
          .figure = "accuracy",
          .variants = {{"CfC(32, backbone 128, silu), Dense(9)", run}},
          .published = {published.begin(), published.end()}};
}

}  // namespace elegans::cli
