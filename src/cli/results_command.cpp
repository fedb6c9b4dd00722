// elegans results: an experiment of the literature, some seeds, mean and deviation beside published figures.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.hpp"
#include "cli/exit_codes.hpp"
#include "cli/experiment.hpp"
#include "cli/settings.hpp"
#include "cli/spread.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/train/progress_bar.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans results japanese_vowels\n"
    "  elegans results occupancy --data occupancy/      the folder with datatraining.txt, datatest.txt, datatest2.txt\n"
    "  elegans results timespans --data cheetah/        what Δt is worth\n"
    "  elegans results japanese_vowels --seeds 10 --json\n";

struct ResultsCommand {
  std::string name, data;
  std::int64_t seeds = 3, first_seed = 1, threads = 0;
  bool json = false;
};

struct Seed {
  std::uint64_t seed;
  double figure, seconds;
};

// The runs of one variant.
struct Runs {
  std::string_view network;
  std::vector<Seed> seeds;
};

std::vector<double> figures_of(const Runs& runs) {
  std::vector<double> figures;
  for (const Seed& one : runs.seeds) figures.push_back(one.figure);
  return figures;
}

// Seed by seed, the second variant less the first.
std::optional<std::vector<double>> differences(const std::vector<Runs>& all) {
  if (all.size() != 2) return std::nullopt;
  std::vector<double> differences;
  for (std::size_t i = 0; i < all[0].seeds.size(); ++i)
    differences.push_back(all[1].seeds[i].figure - all[0].seeds[i].figure);
  return differences;
}

std::string to_text(const Experiment& experiment, const Spread& spread) {
  const auto number = [&](double x) {
    return experiment.percent ? fmt::format("{:.2f}", 100 * x) : fmt::format("{:.3f}", x);
  };
  std::string text = number(spread.mean);
  if (!std::isnan(spread.deviation)) text += " ± " + number(spread.deviation);
  return experiment.percent ? text + " %" : text;
}

void print_text(const Experiment& experiment, const std::vector<Runs>& all) {
  const std::uint64_t first = all[0].seeds.front().seed, last = all[0].seeds.back().seed;
  std::cout << fmt::format("\n{} on the test part, {}\n", experiment.figure,
                           first == last ? fmt::format("seed {}", first) : fmt::format("seeds {} to {}", first, last));
  for (const Runs& runs : all)
    std::cout << fmt::format("  {:<52} {}\n", runs.network, to_text(experiment, spread_of(figures_of(runs))));
  if (const auto difference = differences(all))
    std::cout << fmt::format("  {:<52} {}\n", "difference, seed by seed", to_text(experiment, spread_of(*difference)));
  for (const train::PublishedFigure& figure : experiment.published)
    std::cout << fmt::format("  {:<52} {:<16} {}\n", figure.method, figure.accuracy, figure.source);
}

nlohmann::json to_json(const Spread& spread) {
  const auto number = [](double x) { return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(); };
  return {{"mean", number(spread.mean)}, {"deviation", number(spread.deviation)}};
}

nlohmann::json to_json(const Experiment& experiment, const std::vector<Runs>& all) {
  nlohmann::json variants = nlohmann::json::array(), published = nlohmann::json::array();
  for (const Runs& runs : all) {
    nlohmann::json variant = to_json(spread_of(figures_of(runs)));
    variant["network"] = runs.network;
    for (const Seed& one : runs.seeds)
      variant["runs"].push_back({{"seed", one.seed}, {"figure", one.figure}, {"seconds", one.seconds}});
    variants.push_back(std::move(variant));
  }
  for (const train::PublishedFigure& figure : experiment.published)
    published.push_back({{"method", figure.method}, {"figure", figure.accuracy}, {"source", figure.source}});
  nlohmann::json made{{"experiment", experiment.name}, {"protocol", experiment.protocol},
                      {"figure", experiment.figure},   {"variants", variants},
                      {"published", published},        {"machine_kind", model::machine_kind()}};
  if (const auto difference = differences(all)) made["difference"] = to_json(spread_of(*difference));
  return made;
}

Runs run_variant(const Experiment& experiment, const Variant& variant, const ResultsCommand& c) {
  Runs made{.network = variant.network};
  for (std::int64_t i = 0; i < c.seeds; ++i) {
    ExperimentRun run{.seed = static_cast<std::uint64_t>(c.first_seed + i),
                      .threads = static_cast<std::size_t>(c.threads),
                      .data = c.data};
    if (!c.json) run.callbacks.push_back(train::progress_bar());
    const auto began = std::chrono::steady_clock::now();
    const double figure = variant.run(run);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    made.seeds.push_back({run.seed, figure, took.count()});
    if (!c.json)
      std::cout << fmt::format(
                       "{}, seed {}: {}, {:.0f} s\n", variant.network, run.seed,
                       experiment.percent ? fmt::format("{:.2f} %", 100 * figure) : fmt::format("{:.3f}", figure),
                       took.count())
                << std::flush;
  }
  return made;
}

int show_results(const ResultsCommand& c) {
  const std::vector<Experiment> all = experiments();
  std::vector<std::string> names;
  for (const Experiment& one : all) names.emplace_back(one.name);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Experiment& one) { return one.name == c.name; });
  if (found == all.end())
    throw ConfigError({"results", "the experiment", quote(c.name), fmt::format("one of {}", fmt::join(names, ", ")),
                       nearest(c.name, names)});
  constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
  if (c.first_seed > greatest - (c.seeds - 1))
    throw ConfigError({"results", "--first-seed", fmt::format("{}, the first of {} seeds", c.first_seed, c.seeds),
                       fmt::format("at most {}, so that the last is below 2^63", greatest - (c.seeds - 1)), ""});
  const Experiment& experiment = *found;
  require_files(experiment, c.data);

  if (!c.json) std::cout << fmt::format("{}: {}\n", experiment.name, experiment.protocol) << std::flush;
  std::vector<Runs> runs;
  for (const Variant& variant : experiment.variants) runs.push_back(run_variant(experiment, variant, c));
  if (c.json)
    std::cout << to_json_text(to_json(experiment, runs), 2) << '\n';
  else
    print_text(experiment, runs);
  return success;
}

}  // namespace

Action add_results(CLI::App& program) {
  CLI::App& app =
      add_command(program, "results", "Repeat an experiment of the literature, with several seeds", examples);
  const auto c = std::make_shared<ResultsCommand>();
  std::string names;
  for (const Experiment& one : experiments()) names += (names.empty() ? "" : " | ") + std::string(one.name);
  app.add_option("experiment", c->name, names)->required();
  app.add_option("--data", c->data, "folder with the recordings, where they are not built in");
  app.add_option("--seeds", c->seeds, "how many runs")->capture_default_str()->check(at_least(1));
  app.add_option("--first-seed", c->first_seed, "of the first run")->capture_default_str()->check(at_least(0));
  app.add_option("--threads", c->threads, "0: as many as the machine has")->capture_default_str()->check(at_least(0));
  app.add_flag("--json", c->json, "the result as JSON");
  return [c] { return show_results(*c); };
}

}  // namespace elegans::cli
