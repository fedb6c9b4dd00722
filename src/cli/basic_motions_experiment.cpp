// Basic Motions: what somebody with a smart watch is doing, by accelerometer and gyroscope; the published split.

#include "cli/experiment.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/jitter.hpp"
#include "elegans/train/ts_format.hpp"

namespace elegans::cli {
namespace {

train::Dataset read(const ExperimentRun& run, const char* name) { return train::read_ts(recording_file(run, name)); }

double run(const ExperimentRun& run) {
  train::Dataset training = read(run, "BasicMotions_TRAIN.ts"), test = read(run, "BasicMotions_TEST.ts");
  train::relabel(test, training.schema.classes);
  standardise(training, {&test});
  training =
      train::repeat_targets(train::jitter(training, {.copies = 32, .noise = 0.5, .offset = 0.5, .seed = run.seed}));

  Sequential network({.name = "basic-motions", .seed = run.seed});
  network.add(nn::CfC(wiring::AutoNCP({.units = 128, .output_size = 32}))).add(nn::Dense(4));
  return trained(network,
                 {.optimizer = train::Adam{.learning_rate = 0.003},
                  .schedule = train::CosineDecay{.warmup_steps = 30},
                  .batch_size = 32,
                  .epochs = 15,
                  .clip_norm = 1.0},
                 run, training, nullptr, test, "accuracy");
}

}  // namespace

Experiment basic_motions_experiment() {
  return {.name = "basic_motions",
          .protocol = "40 recordings to train on, 40 to test on, as published; one answer a recording",
          .figure = "accuracy",
          .variants = {{"CfC over AutoNCP(128, 32), Dense(4)", run}},
          .files = {"BasicMotions_TRAIN.ts", "BasicMotions_TEST.ts"},
          .source = "the UEA archive (BasicMotions)",
          .published = {{"dynamic time warping, nearest neighbour", "97.5 %", "UEA archive, Bagnall et al., 2018"},
                        {"deep models", "100 %", "reviews of the UEA archive"}}};
}

}  // namespace elegans::cli
