// elegans train: from a recording to a model file.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/counted.hpp"
#include "cli/exit_codes.hpp"
#include "cli/figures.hpp"
#include "cli/trainer_options.hpp"
#include "cli/training.hpp"
#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/save.hpp"
#include "elegans/train/progress_bar.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans train engine.csv --time t --target torque --wiring autoncp:28,1 --seed 7 --out policy.safetensors\n"
    "  elegans train office.csv --time date --target Occupancy --task classification --cell ltc --units 16\n"
    "  elegans train gestures.csv --time t --group recording --target gesture --answer recording --patience 20\n"
    "  elegans train engine.csv --time t --horizon 1 --target torque      foresee the torque of the next row\n"
    "  elegans train --config engine.toml --epochs 200\n"
    "  elegans train --config engine.toml --explain | less\n"
    "  elegans train --config engine.toml --checkpoint run.checkpoint --resume run.checkpoint\n";

struct TrainCommand {
  explicit TrainCommand(CLI::App& command) : options(command) {}

  Settings options;
  TrainSettings settings;
  std::string config;
  std::string write_config;
  std::string resume;
  bool explain = false;
  bool json = false;
  bool quiet = false;
};

std::string describe(const TrainSettings& s, const TrainingData& data) {
  const model::Preprocessing& p = data.preprocessing;
  return fmt::format(
      "{}: {}, {}, {} -> {}{}, time unit {:g} s\n"
      "sequences: {} to train on, {} to validate, {} to test (split by {})\n",
      s.data, counted(data.rows, "row"), counted(data.recordings, "recording"), counted(p.features.size(), "feature"),
      fmt::join(p.targets, ", "), p.classes.empty() ? "" : fmt::format(" ({} classes)", p.classes.size()), p.time_unit,
      data.parts.train.size(), data.parts.validation.size(), data.parts.test.size(), data.split);
}

// The checkpoint that is resumed may be the one that is written.
bool goes_on(std::string_view input, std::string_view output) {
  return input == "--resume" && output == "--checkpoint";
}

struct NamedFile {
  const char* option;
  std::string file;
};

// What is read, and so must not be written over.
std::vector<NamedFile> inputs_of(const TrainCommand& command) {
  const TrainSettings& s = command.settings;
  std::vector<NamedFile> made{{"the data", s.data}, {"--config", command.config}, {"--resume", command.resume}};
  for (const std::string& file : s.merge) made.push_back({"a file of --merge", file});
  if (s.wiring.starts_with('@')) made.push_back({"the file of --wiring", s.wiring.substr(1)});
  return made;
}

// The same for every name of a file, whether it is there or not. weakly_canonical() leaves a relative name of a file
// that is not there as it is.
std::filesystem::path place_of(const std::filesystem::path& file) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(file));
}

// A folder of data is read file by file: what is written there may replace a recording, or be read as one. A link in
// the folder is a file of it, too, wherever it leads.
bool is_in_folder(const std::string& folder, const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return false;
  const std::filesystem::path whole = place_of(folder);
  return place_of(file).parent_path() == whole || place_of(std::filesystem::absolute(file).parent_path()) == whole;
}

// What --config reads is known by its ending.
void check_ending(const std::string& settings_file) {
  const std::string ending = std::filesystem::path(settings_file).extension().string();
  if (ending != ".toml" && ending != ".json")
    refuse("--write-config", settings_file, "a name that ends in .toml or .json",
           "By its ending --config knows how to read it.");
}

// Each output is a file of its own, and may be written: told now, not after an hour of training.
void check_outputs(const TrainCommand& command) {
  const TrainSettings& s = command.settings;
  std::vector<NamedFile> files = inputs_of(command);
  const std::vector<NamedFile> outputs{{"--out", s.out},
                                       {"--history", s.history},
                                       {"--checkpoint", s.checkpoint},
                                       {"--write-config", command.write_config}};
  for (const NamedFile& output : outputs) {
    const auto& [option, file] = output;
    if (file.empty()) continue;
    for (const NamedFile& other : files)
      if (!other.file.empty() && !goes_on(other.option, option) && place_of(file) == place_of(other.file))
        refuse(option, fmt::format("{}, the same file as {}", file, other.option), "a file of its own", "");
    if (is_in_folder(s.data, file))
      refuse(option, fmt::format("{}, in the folder of the data", file), "a file in another folder", "");
    if (option == std::string_view("--write-config")) check_ending(file);
    require_writable(file);
    files.push_back(output);
  }
}

nlohmann::json report(const TrainCommand& command, const TrainingData& data, const train::Trainer& trainer,
                      const Outcome& outcome) {
  const train::History& history = outcome.history;
  const train::UpdateBytes bytes = trainer.update_bytes();
  nlohmann::json made{{"data", command.settings.data},
                      {"rows", data.rows},
                      {"recordings", data.recordings},
                      {"features", data.preprocessing.features},
                      {"targets", data.preprocessing.targets},
                      {"classes", data.preprocessing.classes},
                      {"time_unit", data.preprocessing.time_unit},
                      {"sequences",
                       {{"train", data.parts.train.size()},
                        {"validation", data.parts.validation.size()},
                        {"test", data.parts.test.size()}}},
                      {"parameters", trainer.parameters()},
                      {"update", {{"bytes_per_parameter", bytes.traffic}, {"state_bytes_per_parameter", bytes.state}}},
                      {"epochs", history.epochs.size()},
                      {"loss", history.epochs.back().loss},
                      {"seed", history.seed},
                      {"machine_kind", history.machine_kind},
                      {"settings", command.options.values()}};
  if (history.restored) made["best_epoch"] = *history.restored;
  if (history.epochs.back().validation) made["validation"] = to_json(*history.epochs.back().validation);
  if (outcome.test) made["test"] = to_json(*outcome.test);
  if (!command.settings.out.empty()) made["out"] = command.settings.out;
  return made;
}

int train_model(TrainCommand& command) {
  if (!command.config.empty()) command.options.read(command.config);
  command.options.check();
  const TrainSettings& s = command.settings;
  check_settings(s);
  check_outputs(command);
  if (!command.write_config.empty())
    write_file_atomically(command.write_config, reproducing_text(command.options, command.write_config));

  const TrainingData data = read_training_data(s);
  std::vector<train::CallbackPtr> callbacks;
  if (!command.quiet) callbacks.push_back(train::progress_bar());
  Training training(s, data, std::move(callbacks));
  if (command.explain) {
    training.trainer().reserve(data.parts.train);
    std::cout << training.trainer().explain();
    return success;
  }
  if (!command.resume.empty()) training.trainer().resume(command.resume);
  if (!command.json) std::cout << describe(s, data) << std::flush;
  const Outcome outcome = training.run();
  if (!s.out.empty()) model::save_model(s.out, training.network(), data.preprocessing, {.target = kernels_of(s)});

  if (command.json) {
    std::cout << to_json_text(report(command, data, training.trainer(), outcome), 2) << '\n';
    return success;
  }
  if (outcome.test) std::cout << "test: " << to_text(*outcome.test) << '\n';
  std::cout << (s.out.empty() ? "not saved (--out names a file)\n" : "saved " + s.out + "\n");
  std::cout << "\n# The same again: put these lines into a file and run `elegans train --config FILE`.\n"
            << reproducing_text(command.options);
  return success;
}

}  // namespace

Action add_train(CLI::App& program) {
  CLI::App& app = add_command(program, "train", "Train a circuit on a recording with time stamps", examples);
  const auto command = std::make_shared<TrainCommand>(app);
  add_settings(command->options, command->settings);
  app.add_option("--config", command->config, "TOML or JSON file with any of these options (the command line wins)");
  app.add_option("--write-config", command->write_config,
                 "write the file that reproduces this run: TOML, or JSON where it ends in .json");
  app.add_option("--resume", command->resume,
                 "go on from this file of --checkpoint, with the same options: to the same model as without a break");
  app.add_flag("--quiet", command->quiet, "no progress");
  app.add_flag("--json", command->json, "the result as JSON");
  app.add_flag("--explain", command->explain,
               "instead of training: what a step computes, which passes changed it, and the bytes that an update moves")
      ->excludes("--json");
  return [command] { return train_model(*command); };
}

}  // namespace elegans::cli
