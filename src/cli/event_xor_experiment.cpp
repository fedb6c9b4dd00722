// Event-based XOR: is the number of ones in a stream of 2 to 31 random bits odd? A step stands where the bit changes, and
// at the end; Δt is how long ago the last one was, and alone tells how many bits were alike in between. By the procedure
// of Lechner and Hasani, "Learning long-term dependencies in irregularly-sampled time series", 2020, which the CfC paper
// takes over: 100 000 sequences to train on, 10 000 to test on, the same for every seed of the network.

#include <random>

#include "cli/experiment.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/events.hpp"

namespace elegans::cli {
namespace {

train::Dataset draw(std::size_t sequences, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<train::Recording> recordings;
  recordings.reserve(sequences);
  for (std::size_t s = 0; s < sequences; ++s) {
    train::Recording& bits = recordings.emplace_back();
    const std::size_t length = 2 + random() % 30;
    std::int32_t odd = 0;
    for (std::size_t t = 0; t < length; ++t) {
      const auto bit = static_cast<std::int32_t>(random() % 2);
      odd ^= bit;
      bits.features.push_back(bit);
    }
    bits.dt.assign(length, 1);
    bits.labels.assign(length, odd);
  }
  return train::encode_events(train::make_dataset(
      {.features = {"bit"}, .targets = {"ones"}, .classes = {"even", "odd"}, .target_at = train::TargetAt::last_step},
      std::move(recordings)));
}

double run(const ExperimentRun& run) {
  const train::Dataset training = draw(100'000, 1), test = draw(10'000, 2);
  Sequential network({.name = "event-xor", .seed = run.seed});
  network.add(nn::CfC(64, {.activation = nn::Activation::relu})).add(nn::Dense(2));
  return trained(network,
                 {.optimizer = train::AdamW{.learning_rate = 0.0005, .weight_decay = 0.3},
                  .schedule = train::CosineDecay{.warmup_steps = 300},
                  .batch_size = 128,
                  .epochs = 40,
                  .clip_norm = 1.0},
                 run, training, nullptr, test, "accuracy");
}

}  // namespace

Experiment event_xor_experiment() {
  return {.name = "event_xor",
          .protocol = "100 000 streams of 2 to 31 bits as events with Δt to train on, 10 000 to test on",
          .figure = "accuracy",
          .variants = {{"CfC(64, backbone 128, relu), Dense(2)", run}},
          .published = {{"CfC", "99.4 %", "Hasani et al., Nature Machine Intelligence 4, 2022"},
                        {"CfC with mixed memory", "99.7 %", "the same"}}};
}

}  // namespace elegans::cli
