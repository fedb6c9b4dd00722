#pragma once
// The file of a sweep: which trainings are compared.
//
//     [settings]                         as `elegans train --config` reads them
//     data = "engine.csv"
//     target = ["torque"]
//     [grid]                             all combinations; [[grid]] several times: those of each, one after the other
//     cell = ["cfc", "ltc"]
//     units = [16, 32]
//     [repeat]
//     seeds = 3                          settings.seed, + 1, + 2; or a list
//     folds = 5                          0: the split of the settings
//     fold_by = "recording"              or "time", or "window"
//
// A TOML or JSON file (train/settings_file.hpp).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_settings.hpp"
#include "cli/training_data.hpp"

namespace elegans::cli {

struct Combination {
  nlohmann::json swept;     // the keys of its grid with their values
  nlohmann::json settings;  // all settings, those swept among them, without the seed

  // "cell = cfc, units = 16"; empty where nothing is swept.
  std::string name() const;
};

// One training.
struct SweepRun {
  std::size_t combination = 0;
  TrainSettings settings;
  nlohmann::json values;  // the settings, by key
  std::optional<Fold> fold;

  // "seed 7, fold 2 of 5"
  std::string name() const;
};

struct SweepPlan {
  std::string file;
  std::vector<std::string> keys;  // that are swept, in alphabetical order
  std::vector<Combination> combinations;
  std::vector<SweepRun> runs;  // combination by combination, then seed by seed, then fold by fold
};

// FormatError naming file, table and key for what is unknown, missing or of the wrong kind, with the nearest names;
// ConfigError naming the combination where settings do not go together.
SweepPlan read_sweep(const std::filesystem::path& file);

// "cfc", "16", "[\"u\",\"v\"]"
std::string value_text(const nlohmann::json& value);

// How files write it: "recording", "time", "window".
std::string name_of(FoldBy by);

// Calls `work`; its errors begin with file and combination.
void in_the_name_of(const Combination& combination, const std::string& file, const std::function<void()>& work);

}  // namespace elegans::cli
