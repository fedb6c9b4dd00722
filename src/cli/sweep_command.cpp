// elegans sweep: many trainings compared, over a grid of settings, seeds and folds.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/command.hpp"
#include "cli/counted.hpp"
#include "cli/exit_codes.hpp"
#include "cli/sweep_plan.hpp"
#include "cli/sweep_results.hpp"
#include "cli/sweep_table.hpp"
#include "cli/training.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/is_terminal.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/machine_kind.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans sweep sweep.toml                        compare; run it again to go on after a break\n"
    "  elegans sweep sweep.toml --dry-run              what would be trained\n"
    "  elegans sweep sweep.toml --sort-by f1 --json > table.json\n"
    "\nThe file, TOML or JSON:\n"
    "  [settings]                    # as for elegans train --config\n"
    "  data = \"engine.csv\"\n"
    "  time = \"t\"\n"
    "  target = [\"torque\"]\n"
    "  [grid]                        # all combinations of these settings\n"
    "  cell = [\"cfc\", \"ltc\"]\n"
    "  units = [16, 32]\n"
    "  [repeat]\n"
    "  seeds = 3                     # how many, or a list\n"
    "  folds = 5                     # cross-validation; 0: the split of the settings\n"
    "  fold_by = \"recording\"         # or \"time\", \"window\"\n"
    "\nEach run that is over is a line of the results file, and is not done again. A run whose loss is not finite is\n"
    "listed as failed, the others go on, and the exit code is 4.\n";

struct SweepCommand {
  std::string file, results, sort_by;
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// A line a run on a terminal.
class Progress {
 public:
  Progress(const SweepPlan& plan, std::size_t todo, bool is_quiet)
      : plan_(plan), todo_(todo), shows_(!is_quiet && is_terminal(stderr)) {}

  void begin(const SweepRun& run) {
    const std::string combination = plan_.combinations[run.combination].name();
    if (shows_)
      fmt::print(stderr, "[{}/{}] {}{}{}", done_ + 1, todo_, combination, combination.empty() ? "" : ", ", run.name());
    std::fflush(stderr);
  }

  void end(const RunResult& result) {
    ++done_;
    if (!shows_) return;
    const double passed = seconds_since(began_);
    const std::string left = clock_text(passed / static_cast<double>(done_) * static_cast<double>(todo_ - done_));
    if (result.error.empty()) {
      const auto& last = result.figures.back();
      fmt::print(stderr, ": {} {:.4g}", last.name, last.value);
    } else {
      fmt::print(stderr, ": failed");
    }
    fmt::print(stderr, ", {} elapsed, {} left\n", clock_text(passed), left);
    std::fflush(stderr);
  }

 private:
  const SweepPlan& plan_;
  std::size_t todo_, done_ = 0;
  bool shows_;
  Clock::time_point began_ = Clock::now();
};

// The figures of all combinations, each once. Data are read, networks built and trainers made ready, so that nothing
// turns out to be wrong after hours of training; only what depends on numbers, or on other seeds and folds, is left.
std::vector<train::NamedFigure> check_all(const SweepPlan& plan) {
  std::vector<train::NamedFigure> figures;
  std::optional<bool> has_test;
  for (std::size_t c = 0; c < plan.combinations.size(); ++c) {
    const SweepRun& run =
        *std::find_if(plan.runs.begin(), plan.runs.end(), [&](const SweepRun& one) { return one.combination == c; });
    in_the_name_of(plan.combinations[c], plan.file, [&] {
      const TrainingData data = read_training_data(run.settings, run.fold);
      Training training(run.settings, data);
      training.trainer().reserve(data.parts.train);
      const bool tests = data.parts.test.size() > 0;
      if (has_test.value_or(tests) != tests)
        throw ConfigError(Complaint{"sweep", "the test part", tests ? "there" : "empty", "as in the other combinations",
                                    "Figures of a test part and of a validation part do not compare."});
      has_test = tests;
      for (const train::NamedFigure& figure : training.figures())
        if (std::none_of(figures.begin(), figures.end(), [&](const auto& one) { return one.name == figure.name; }))
          figures.push_back(figure);
    });
  }
  return figures;
}

RunResult result_of(const Outcome& outcome) {
  const train::Evaluation& judged = outcome.test ? *outcome.test : outcome.validation().value();
  RunResult made{.part = outcome.test ? "test" : "validation",
                 .figures = {{"loss", judged.loss}},
                 .epochs = static_cast<std::int64_t>(outcome.history.epochs.size()),
                 .best_epoch = outcome.history.restored,
                 .machine_kind = outcome.history.machine_kind};
  made.figures.insert(made.figures.end(), judged.metrics.begin(), judged.metrics.end());
  return made;
}

// One training, whose failure is a result. What would stop the next one, too, passes through.
RunResult train_one(const SweepRun& run) {
  const auto began = Clock::now();
  RunResult made;
  try {
    const TrainingData data = read_training_data(run.settings, run.fold);
    Training training(run.settings, data);
    made = result_of(training.run());
  } catch (const FileError&) {
    throw;
  } catch (const InternalError&) {
    throw;
  } catch (const Error& error) {
    made = {.machine_kind = model::machine_kind(), .error = error.what()};
  }
  made.seconds = seconds_since(began);
  return made;
}

std::string results_file(const SweepCommand& c) {
  if (!c.results.empty()) return c.results;
  return std::filesystem::path(c.file).replace_extension(".results.jsonl").string();
}

nlohmann::json report(const SweepPlan& plan, const SweepTable& table, const std::vector<RunResult>& results,
                      const SweepResults& file) {
  nlohmann::json runs = nlohmann::json::array();
  for (std::size_t r = 0; r < plan.runs.size(); ++r) {
    const SweepRun& run = plan.runs[r];
    nlohmann::json one = to_json(results[r]);
    one["settings"] = plan.combinations[run.combination].swept;
    one["seed"] = run.settings.seed;
    if (run.fold) one["fold"] = run.fold->number;
    runs.push_back(std::move(one));
  }
  return {{"sweep", plan.file},
          {"results", file.file().string()},
          {"part", table.part},
          {"sorted_by", table.figures[0].name},
          {"combinations", to_json(plan, table)},
          {"runs", runs}};
}

void print_text(const SweepPlan& plan, const SweepTable& table, const std::vector<RunResult>& results,
                const SweepResults& file) {
  const auto& best = table.figures[0];
  std::cout << fmt::format("mean ± deviation over runs, {} part, {} {} first\n\n{}\n",
                           table.part.empty() ? "no" : table.part,
                           best.better == nn::Better::lower ? "lowest" : "highest", best.name, to_text(plan, table));
  for (std::size_t r = 0; r < plan.runs.size(); ++r) {
    if (results[r].error.empty()) continue;
    const std::string combination = plan.combinations[plan.runs[r].combination].name();
    std::cout << fmt::format("failed: {}{}{}: {}\n", combination, combination.empty() ? "" : ", ", plan.runs[r].name(),
                             results[r].error);
  }
  std::cout << fmt::format("every run is in {}\n", file.file().string());
}

int show_plan(const SweepCommand& c, const SweepPlan& plan, SweepResults& results) {
  nlohmann::json made{{"sweep", plan.file}, {"runs", plan.runs.size()}, {"combinations", nlohmann::json::array()}};
  std::size_t done = 0;
  std::string text;
  for (const SweepRun& run : plan.runs) {
    const bool is_done = results.find(run) != nullptr;
    done += is_done ? 1 : 0;
    const std::string combination = plan.combinations[run.combination].name();
    text +=
        fmt::format("{}{}{}{}\n", combination, combination.empty() ? "" : ", ", run.name(), is_done ? ": done" : "");
  }
  for (const Combination& combination : plan.combinations) made["combinations"].push_back(combination.swept);
  made["done"] = done;
  if (c.json)
    std::cout << to_json_text(made, 2) << '\n';
  else
    std::cout << text << fmt::format("{}, {} done\n", counted(plan.runs.size(), "run"), done);
  return success;
}

int sweep(const SweepCommand& c) {
  const SweepPlan plan = read_sweep(c.file);
  const std::vector<train::NamedFigure> figures = columns_of(check_all(plan), c.sort_by);
  SweepResults results(results_file(c));
  if (c.dry_run) return show_plan(c, plan, results);

  const auto todo = std::count_if(plan.runs.begin(), plan.runs.end(),
                                  [&](const SweepRun& run) { return results.find(run) == nullptr; });
  if (!c.json)
    std::cout << fmt::format("{}: {}, {}, {} of them to do\n", plan.file,
                             counted(plan.combinations.size(), "combination"), counted(plan.runs.size(), "run"), todo)
              << std::flush;
  Progress progress(plan, static_cast<std::size_t>(todo), c.quiet);
  std::vector<RunResult> all;
  for (const SweepRun& run : plan.runs) {
    if (const RunResult* known = results.find(run)) {
      all.push_back(*known);
      continue;
    }
    progress.begin(run);
    all.push_back(train_one(run));
    results.add(run, all.back());
    progress.end(all.back());
  }
  const SweepTable table = table_of(plan, all, figures);
  if (c.json)
    std::cout << to_json_text(report(plan, table, all, results), 2) << '\n';
  else
    print_text(plan, table, all, results);
  const bool all_ended = std::all_of(all.begin(), all.end(), [](const RunResult& one) { return one.error.empty(); });
  return all_ended ? success : training_failed;
}

}  // namespace

Action add_sweep(CLI::App& program) {
  CLI::App& app = add_command(program, "sweep", "Compare trainings over a grid of settings, seeds and folds", examples);
  const auto c = std::make_shared<SweepCommand>();
  app.add_option("file", c->file, "TOML or JSON file that says what is compared")->required();
  app.add_option("--results", c->results,
                 "file with a line a run (default: beside it, sweep.results.jsonl for sweep.toml)");
  app.add_option("--sort-by", c->sort_by, "figure by which the table is sorted (default: the first metric)");
  app.add_flag("--dry-run", c->dry_run, "check everything, list the runs, train nothing");
  app.add_flag("--quiet", c->quiet, "no progress");
  app.add_flag("--json", c->json, "the result as JSON, with all runs");
  return [c] { return sweep(*c); };
}

}  // namespace elegans::cli
