// elegans demo: train, judge, save, load and step on the recording that is built in.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/allocation_count.hpp"
#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "cli/figures.hpp"
#include "cli/stream.hpp"
#include "cli/vowels.hpp"
#include "elegans/base/atomic_file.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/progress_bar.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans demo\n"
    "  elegans demo --epochs 10 --seed 3 --out vowels.safetensors\n"
    "  elegans inspect vowels.safetensors        afterwards\n";

struct DemoCommand {
  std::int64_t epochs = 6, seed = 7, threads = 0;
  std::string out = "vowels.safetensors";
  bool json = false;
};

Sequential make_demo_network(std::uint64_t seed) {
  Sequential network({.name = "japanese-vowels", .seed = seed});
  network.add(nn::CfC(wiring::AutoNCP({.units = 128, .output_size = 32, .seed = 22222})));
  network.add(nn::Dense(9));
  return network;
}

void print_one_sequence(Policy& policy, const train::Dataset& data) {
  const std::size_t width = data.feature_count(), steps = data.steps(0);
  std::vector<double> action(policy.action_size());
  const auto& classes = policy.preprocessing().classes;
  std::cout << fmt::format("\nThe first test recording, step by step (it is speaker {}):\n",
                           data.schema.classes[static_cast<std::size_t>(data.labels(0).back())]);
  policy.reset();
  for (std::size_t t = 0; t < steps; ++t) {
    const Status status = policy.step(data.features(0).subspan(t * width, width), data.dt(0)[t], action);
    const auto best = static_cast<std::size_t>(std::max_element(action.begin(), action.end()) - action.begin());
    if (status && (t % 4 == 0 || t + 1 == steps))
      std::cout << fmt::format("  step {:>2}   speaker {}   probability {:.3f}\n", t + 1, classes[best], action[best]);
  }
}

void print_text(const train::Evaluation& test, const DemoCommand& c, const VowelData& data,
                const StreamFigures& figures) {
  std::cout << "\nAccuracy on the test part (370 recordings that training never saw)\n"
            << fmt::format("  {:<42} {:<12}\n", "elegans, CfC over AutoNCP(128, 32)",
                           fmt::format("{:.1f} %", 100 * test.metric("accuracy")));
  for (const train::PublishedFigure& figure : train::japanese_vowels_figures())
    std::cout << fmt::format("  {:<42} {:<12} {}\n", figure.method, figure.accuracy, figure.source);
  std::cout << fmt::format("\nsaved {}, and loaded it again as a policy\n", c.out);
  std::cout << fmt::format("{} steps one by one: median {:.1f} µs, p99 {:.1f} µs, max {:.1f} µs a step; ",
                           figures.steps, figures.median_us, figures.p99_us, figures.max_us);
  if (counts_allocations()) {
    std::cout << fmt::format("{} allocations\n", figures.allocations);
  } else {
    std::cout << "allocations are not counted in this build\n";
  }
  std::cout << fmt::format("streaming named {} of {} speakers ({:.1f} %)\n", figures.correct, data.raw_test.size(),
                           100.0 * static_cast<double>(figures.correct) / static_cast<double>(data.raw_test.size()));
}

nlohmann::json to_json(const train::Evaluation& test, const DemoCommand& c, const train::History& history,
                       const StreamFigures& figures, double seconds) {
  nlohmann::json published = nlohmann::json::array();
  for (const train::PublishedFigure& figure : train::japanese_vowels_figures())
    published.push_back({{"method", figure.method}, {"accuracy", figure.accuracy}, {"source", figure.source}});
  nlohmann::json made{{"test", cli::to_json(test)},
                      {"published", published},
                      {"epochs", history.epochs.size()},
                      {"training_seconds", seconds},
                      {"seed", c.seed},
                      {"machine_kind", history.machine_kind},
                      {"out", c.out},
                      {"streaming",
                       {{"steps", figures.steps},
                        {"correct", figures.correct},
                        {"median_us", figures.median_us},
                        {"p99_us", figures.p99_us},
                        {"max_us", figures.max_us}}}};
  if (counts_allocations()) made["streaming"]["allocations"] = figures.allocations;
  return made;
}

int demonstrate(const DemoCommand& c) {
  require_writable(c.out);  // told now, not after the training
  const auto seed = static_cast<std::uint64_t>(c.seed);
  const VowelData data = vowel_data(seed, 0.1);
  Sequential network = make_demo_network(seed);
  if (!c.json)
    std::cout << fmt::format(
                     "Japanese Vowels: who of nine speakers says /ae/? 12 numbers a frame; {} recordings to "
                     "train on, {} to validate, {} to test\n",
                     data.recordings, data.validation.size(), data.test.size())
              << std::flush;
  train::TrainerOptions options =
      vowel_training(static_cast<std::uint64_t>(c.epochs), static_cast<std::size_t>(c.threads));
  options.callbacks.push_back(train::progress_bar());
  train::Trainer trainer(network, std::move(options));
  const auto began = std::chrono::steady_clock::now();
  const train::History history = trainer.fit(data.train, data.validation);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const train::Evaluation test = trainer.evaluate(data.test);
  model::save_model(c.out, network, data.preprocessing);

  Policy policy(c.out);
  const StreamFigures figures = stream(policy, data.raw_test);
  if (c.json) {
    std::cout << to_json_text(to_json(test, c, history, figures, seconds), 2) << '\n';
    return success;
  }
  print_one_sequence(policy, data.raw_test);
  print_text(test, c, data, figures);
  return success;
}

}  // namespace

Action add_demo(CLI::App& program) {
  CLI::App& app =
      add_command(program, "demo", "Train on a real recording, save, load and stream, in a minute or two", examples);
  const auto c = std::make_shared<DemoCommand>();
  app.add_option("--epochs", c->epochs, "times that each recording is seen")->capture_default_str()->check(at_least(1));
  app.add_option("--seed", c->seed, "of weights, validation part and order")->capture_default_str()->check(at_least(0));
  app.add_option("--threads", c->threads, "0: as many as the machine has")->capture_default_str()->check(at_least(0));
  app.add_option("--out", c->out, "model file to write")->capture_default_str();
  app.add_flag("--json", c->json, "the result as JSON");
  return [c] { return demonstrate(*c); };
}

}  // namespace elegans::cli
