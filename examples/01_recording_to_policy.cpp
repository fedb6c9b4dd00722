// From a recording with uneven time stamps to a policy that runs in a loop: read, split, train, judge, save, step.
//
// The recording is a thermostat's: temperature drifts towards the outside, the heater acts with a delay, and somebody
// writes down what the heater does next. It is made here so that the example stands alone.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <vector>

#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"
#include "elegans/train/trainer.hpp"
#include "elegans/train/windows.hpp"

using namespace elegans;

namespace {

void write_recording(const char* file) {
  std::ofstream out(file);
  out << "time,inside,outside,heat\n";
  double time = 0, inside = 18, heat = 0;
  for (int row = 0; row < 600; ++row) {
    const double dt = 20 + 15 * std::sin(row * 0.7);  // 5 to 35 seconds
    const double outside = 5 + 4 * std::sin(time / 3000);
    time += dt;
    inside += dt * (0.002 * heat - 0.0004 * (inside - outside));
    heat = std::min(5.0, std::max(0.0, heat + dt * 0.02 * (20 - inside)));
    out << time << ',' << inside << ',' << outside << ',' << heat << '\n';
  }
}

}  // namespace

int main() {
  write_recording("thermostat.csv");

  // Read by column names; Δt follows from the time stamps. The last fifth is for the test, the fifth before for
  // validation.
  const train::Dataset recording = train::read_csv("thermostat.csv", {.time = "time", .targets = {"heat"}});
  train::Parts parts = train::split_by_time(recording, {.fractions = {.validation = 0.2, .test = 0.2}});

  // Units are learnt on the training part alone.
  const train::Standardisation features = train::standardise_features(parts.train);
  const train::Standardisation targets = train::standardise_targets(parts.train);
  const double time_unit = train::time_unit(parts.train);
  for (train::Dataset* part : {&parts.train, &parts.validation, &parts.test}) {
    train::apply_to_features(features, *part);
    train::apply_to_targets(targets, *part);
    train::divide_timespans(*part, time_unit);
    *part = train::windows(std::move(*part), {.length = 32, .stride = 16});
  }

  // A closed-form circuit of 16 neurons, one of them the output.
  Sequential model({.name = "thermostat", .seed = 7});
  model.add(nn::CfC(wiring::AutoNCP({.units = 16, .output_size = 1})));
  Trainer trainer(model, {.optimizer = train::Adam{.learning_rate = 0.01},
                          .batch_size = 8,
                          .epochs = 60,
                          .target_scaling = {targets.mean, targets.std},
                          .callbacks = {train::early_stopping({.patience = 15})}});
  const train::History history = trainer.fit(parts.train, parts.validation);
  const double error = trainer.evaluate(parts.test).metrics.front().value;
  std::printf("%zu epochs; root mean squared error of the test part %.3f (heat goes from 0 to 5)\n",
              history.epochs.size(), error);

  // One file holds the network and its units, and what it must answer; loading it checks that.
  save_model("thermostat.safetensors", model,
             {.features = recording.schema.features,
              .targets = recording.schema.targets,
              .inputs = {features.mean, features.std},
              .outputs = {targets.mean, targets.std},
              .time_unit = time_unit,
              .columns = {.time = "time"}});

  // The loop: seconds and degrees in, heat out. A step allocates nothing and refuses what cannot be.
  Policy policy("thermostat.safetensors");
  std::vector<double> heat(policy.action_size());
  for (int step = 0; step < 5; ++step) {
    const double observation[] = {19.0 + 0.2 * step, 4.0};
    if (const Status status = policy.step(observation, 12.5, heat); !status) return 1;
    std::printf("inside %.1f, outside %.1f: heat %.2f\n", observation[0], observation[1], heat[0]);
  }
  const double broken[] = {std::nan(""), 4.0};
  const Status status = policy.step(broken, 12.5, heat);
  std::printf("a broken sensor: %s\n", policy.describe(status).c_str());
  return error < 1.0 && !status ? 0 : 1;
}
