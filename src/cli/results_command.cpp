// elegans results: an experiment of the literature, some seeds, mean and deviation beside published figures.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "cli/experiment.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/train/progress_bar.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans results japanese_vowels\n"
    "  elegans results occupancy --data occupancy/      the folder with datatraining.txt, datatest.txt, datatest2.txt\n"
    "  elegans results japanese_vowels --seeds 10 --json\n";

struct ResultsCommand {
  std::string name, data;
  std::int64_t seeds = 3, first_seed = 1, threads = 0;
  bool json = false;
};

struct Seed {
  std::uint64_t seed;
  double accuracy, seconds;
};

double mean_of(const std::vector<Seed>& seeds) {
  double sum = 0;
  for (const Seed& one : seeds) sum += one.accuracy;
  return sum / static_cast<double>(seeds.size());
}

// √(Σ (a − mean)² / (n − 1)); 0 for one seed.
double deviation_of(const std::vector<Seed>& seeds) {
  if (seeds.size() < 2) return 0;
  const double mean = mean_of(seeds);
  double squares = 0;
  for (const Seed& one : seeds) squares += (one.accuracy - mean) * (one.accuracy - mean);
  return std::sqrt(squares / static_cast<double>(seeds.size() - 1));
}

void print_text(const Experiment& experiment, const std::vector<Seed>& seeds) {
  std::cout << fmt::format("\nAccuracy on the test part\n  {:<40} {:<16} seeds {} to {}\n", experiment.network,
                           fmt::format("{:.2f} ± {:.2f} %", 100 * mean_of(seeds), 100 * deviation_of(seeds)),
                           seeds.front().seed, seeds.back().seed);
  for (const train::PublishedFigure& figure : experiment.published)
    std::cout << fmt::format("  {:<40} {:<16} {}\n", figure.method, figure.accuracy, figure.source);
}

nlohmann::json to_json(const Experiment& experiment, const std::vector<Seed>& seeds) {
  nlohmann::json runs = nlohmann::json::array(), published = nlohmann::json::array();
  for (const Seed& one : seeds)
    runs.push_back({{"seed", one.seed}, {"accuracy", one.accuracy}, {"seconds", one.seconds}});
  for (const train::PublishedFigure& figure : experiment.published)
    published.push_back({{"method", figure.method}, {"accuracy", figure.accuracy}, {"source", figure.source}});
  return {{"experiment", experiment.name},   {"network", experiment.network},
          {"protocol", experiment.protocol}, {"runs", runs},
          {"mean", mean_of(seeds)},          {"deviation", deviation_of(seeds)},
          {"published", published},          {"machine_kind", model::machine_kind()}};
}

int show_results(const ResultsCommand& c) {
  const std::vector<Experiment> all = experiments();
  std::vector<std::string> names;
  for (const Experiment& one : all) names.emplace_back(one.name);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Experiment& one) { return one.name == c.name; });
  if (found == all.end())
    throw ConfigError({"results", "the experiment", quote(c.name), fmt::format("one of {}", fmt::join(names, ", ")),
                       suggest(c.name, names)});
  const Experiment& experiment = *found;
  if (experiment.built_in && !c.data.empty())
    throw ConfigError({"results", "--data", "given", "nothing, for the recordings are built in", ""});

  if (!c.json) std::cout << fmt::format("{}: {}\n", experiment.name, experiment.protocol) << std::flush;
  std::vector<Seed> seeds;
  for (std::int64_t i = 0; i < c.seeds; ++i) {
    ExperimentRun run{.seed = static_cast<std::uint64_t>(c.first_seed + i),
                      .threads = static_cast<std::size_t>(c.threads),
                      .data = c.data};
    if (!c.json) run.callbacks.push_back(train::progress_bar());
    const auto began = std::chrono::steady_clock::now();
    const double accuracy = experiment.run(run).metric("accuracy");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    seeds.push_back({run.seed, accuracy, took.count()});
    if (!c.json)
      std::cout << fmt::format("seed {}: {:.2f} %, {:.0f} s\n", run.seed, 100 * accuracy, took.count()) << std::flush;
  }
  if (c.json)
    std::cout << to_json_text(to_json(experiment, seeds), 2) << '\n';
  else
    print_text(experiment, seeds);
  return success;
}

}  // namespace

std::vector<Experiment> experiments() { return {japanese_vowels_experiment(), occupancy_experiment()}; }

Action add_results(CLI::App& program) {
  CLI::App& app =
      add_command(program, "results", "Repeat an experiment of the literature, with several seeds", examples);
  const auto c = std::make_shared<ResultsCommand>();
  app.add_option("experiment", c->name, "japanese_vowels or occupancy")->required();
  app.add_option("--data", c->data, "folder with the recordings, where they are not built in");
  app.add_option("--seeds", c->seeds, "how many runs")->capture_default_str()->check(at_least(1));
  app.add_option("--first-seed", c->first_seed, "of the first run")->capture_default_str()->check(at_least(0));
  app.add_option("--threads", c->threads, "0: as many as the machine has")->capture_default_str()->check(at_least(0));
  app.add_flag("--json", c->json, "the result as JSON");
  return [c] { return show_results(*c); };
}

}  // namespace elegans::cli
