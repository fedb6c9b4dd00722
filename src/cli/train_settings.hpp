#pragma once
// Every hyper-parameter of `elegans train`.

#include <cstdint>
#include <optional>
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
  std::string first_dt = "median";
  std::string time_unit = "auto";
  bool standardise = true;
  std::int64_t window = 64;
  std::int64_t stride = 0;
  std::string remainder = "keep";
  std::string split = "auto";
  double validation = 0.1;
  double test = 0.2;
  std::vector<std::string> validation_groups = {};
  std::vector<std::string> test_groups = {};
  bool stratify = false;
  // The network.
  std::string cell = "cfc";
  std::string wiring = {};
  std::int64_t units = 0;
  std::string mode = "default";
  bool mixed_memory = false;
  std::int64_t backbone_units = 128;
  std::int64_t backbone_layers = 1;
  double backbone_dropout = 0;
  std::string activation = "lecun_tanh";
  std::int64_t ode_unfolds = 6;
  bool implicit = true;
  double ode_epsilon = 1e-8;
  std::string input_mapping = "affine";
  std::string output_mapping = "affine";
  double recurrent_dropout = 0;
  bool timespan_as_feature = false;
  std::int64_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;
  std::int64_t proj_size = 0;
  std::int64_t checkpoint_every = 0;
  std::string readout = "auto";
  std::string dtype = "f32";
  // Training.
  std::int64_t epochs = 50;
  std::int64_t batch_size = 32;
  std::string optimizer = "adam";
  double learning_rate = 0.005;
  std::string schedule = "constant";
  double warmup = 0;
  double momentum = 0;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 1;
  bool shuffle = true;
  std::int64_t copies = 0;
  double noise = 0.1;
  double offset = 0;
  bool repeat_target = false;
  std::string loss = {};
  std::vector<std::string> metrics = {};
  std::string monitor = "val_loss";
  std::int64_t patience = 0;
  double min_delta = 0;
  std::int64_t seed = 0;
  std::int64_t threads = 0;
  std::string kernels = "best";
  // What is written.
  std::string history = {};
  std::string out = {};
};

// Adds an option for each; `settings` must outlive the command.
void add_settings(Settings& options, TrainSettings& settings);

// Names of choices, and what goes together: ConfigError, also for an option that would change nothing beside the
// others. Whatever needs the data is checked with it.
void check_settings(const TrainSettings& settings);

// Whether the data are a file of a time series archive, which says itself what its columns are.
bool is_ts(const TrainSettings& settings);

// Whether there is a figure by which the best epoch can be chosen.
bool judges_epochs(const TrainSettings& settings);

// Seconds; nothing for "median", and for "auto". ConfigError for what is neither a word nor a number in its range.
std::optional<double> first_dt_of(const TrainSettings& settings);
std::optional<double> time_unit_of(const TrainSettings& settings);

// The way that "auto" stands for: recordings with one answer each are split as a whole, others by time.
std::string split_of(const TrainSettings& settings);

// Settings that are not empty, as what --config reads: the same numbers with the seed give the same model. JSON for a
// file that ends in .json, else TOML.
std::string reproducing_text(const Settings& options, std::string_view file = {});

}  // namespace elegans::cli
