// Japanese Vowels: nine speakers by one vowel, the published split.

#include "cli/experiment.hpp"
#include "cli/vowels.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"

namespace elegans::cli {
namespace {

train::Evaluation run(const ExperimentRun& run) {
  const VowelData data = vowel_data(run.seed, 0);
  Sequential network({.name = "japanese-vowels", .seed = run.seed});
  network.add(nn::CfC(32, {.activation = nn::Activation::silu, .backbone_units = 128})).add(nn::Dense(9));
  train::TrainerOptions options = vowel_training(0, run.threads);
  options.callbacks.insert(options.callbacks.end(), run.callbacks.begin(), run.callbacks.end());
  train::Trainer trainer(network, std::move(options));
  trainer.fit(data.train);
  return trainer.evaluate(data.test);
}

}  // namespace

Experiment japanese_vowels_experiment() {
  const auto published = train::japanese_vowels_figures();
  return {.name = "japanese_vowels",
          .protocol = "270 recordings to train on, 370 to test on, as published; one answer a recording",
          .network = "CfC(32, backbone 128, silu), Dense(9)",
          .run = run,
          .published = {published.begin(), published.end()}};
}

}  // namespace elegans::cli
