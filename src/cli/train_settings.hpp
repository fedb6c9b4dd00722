#pragma once
// Every hyper-parameter of `elegans train`.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/settings.hpp"

namespace elegans::cli {

struct TrainSettings {
  // The data.
  std::string data = {};
  std::string time = {};
  std::vector<std::string> target = {};
  std::vector<std::string> features = {};
  std::vector<std::string> ignore = {};
  std::string group = {};
  std::string task = "auto";
  std::string answer = "every-step";
  std::string missing = "error";
  std::int64_t window = 64;
  std::int64_t stride = 0;
  std::string split = "auto";
  double validation = 0.1;
  double test = 0.2;
  std::vector<std::string> validation_groups = {};
  std::vector<std::string> test_groups = {};
  // The network.
  std::string cell = "cfc";
  std::string wiring = {};
  std::int64_t units = 0;
  std::string mode = "default";
  bool mixed_memory = false;
  std::int64_t backbone_units = 128;
  std::int64_t backbone_layers = 1;
  double backbone_dropout = 0;
  std::int64_t ode_unfolds = 6;
  std::string readout = "auto";
  std::string dtype = "f32";
  // Training.
  std::int64_t epochs = 50;
  std::int64_t batch_size = 32;
  std::string optimizer = "adam";
  double learning_rate = 0.005;
  double clip_norm = 1;
  std::string loss = {};
  std::int64_t patience = 0;
  std::int64_t seed = 0;
  std::int64_t threads = 0;
  // What is written.
  std::string history = {};
  std::string out = {};
};

// Adds an option for each; `settings` must outlive the command.
void add_settings(Settings& options, TrainSettings& settings);

// Names of choices, and what goes together: ConfigError. Whatever needs the data is checked with it.
void check_settings(const TrainSettings& settings);

// The way that "auto" stands for: recordings with one answer each are split as a whole, others by time.
std::string split_of(const TrainSettings& settings);

// Settings that are not empty, as TOML: what --config reads. The same numbers with the seed give the same model.
std::string reproducing_toml(const Settings& options);

}  // namespace elegans::cli
