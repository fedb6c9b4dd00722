#pragma once
// Every hyper-parameter of `elegans train`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/settings.hpp"
#include "elegans/train/parameter_group.hpp"

namespace elegans::cli {

struct TrainSettings {
  // The data.
  std::string data = {};
  std::vector<std::string> merge = {};
  std::string time = {};
  std::vector<std::string> target = {};
  std::vector<std::string> features = {};
  std::vector<std::string> ignore = {};
  std::string group = {};
  std::string channel = {};
  std::string value = {};
  bool events = false;
  double tolerance = 0;
  std::string task = "auto";
  std::string answer = "every-step";
  std::int64_t horizon = 0;
  std::string missing = "error";
  std::vector<std::string> sporadic = {};
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
  std::string solver = "auto";
  std::int64_t ode_unfolds = 6;
  double tau = 1;
  bool fix_tau = true;
  std::int64_t scales = 8;
  std::int64_t hidden_layers = 0;
  std::int64_t hidden_units = 64;
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
  std::int64_t tbptt_steps = 0;
  std::string optimizer = "adam";
  double learning_rate = 0.005;
  double momentum = 0;
  bool nesterov = false;
  double beta_1 = 0.9;
  std::string beta_2 = "auto";
  std::string epsilon = "auto";
  double rho = 0.99;
  bool centered = false;
  double momentum_decay = 4e-3;
  double initial_accumulator_value = 0;
  std::string weight_decay = "auto";
  bool decoupled_weight_decay = false;
  double clip_norm = 1;
  double clip_value = 0;
  std::int64_t gradient_accumulation_steps = 1;
  double ema_decay = 0;
  std::vector<std::string> parameter_groups = {};
  std::vector<std::string> frozen = {};
  std::string schedule = "constant";
  double warmup = 0;
  double decay_rate = 0.5;
  double decay_epochs = 10;
  double min_learning_rate = 0;
  std::int64_t reduce_on_plateau = 0;
  double plateau_factor = 0.1;
  double plateau_min_delta = 1e-4;
  std::int64_t plateau_cooldown = 0;
  double plateau_min_lr = 0;
  bool shuffle = true;
  std::int64_t copies = 0;
  double noise = 0.1;
  double offset = 0;
  bool repeat_target = false;
  std::string loss = {};
  std::vector<std::string> class_weight = {};
  std::vector<std::string> metrics = {};
  std::string monitor = "val_loss";
  std::int64_t patience = 0;
  double min_delta = 0;
  std::int64_t seed = 0;
  std::int64_t threads = 0;
  std::string kernels = "best";
  // What is written.
  std::string history = {};
  std::string checkpoint = {};
  std::int64_t checkpoint_steps = 0;
  std::int64_t checkpoint_keep = 1;
  std::string out = {};
};

// Adds an option for each; `settings` must outlive the command.
void add_settings(Settings& options, TrainSettings& settings);

// Names of choices, and what goes together: ConfigError, also for an option that would change nothing beside the
// others. Whatever needs the data is checked with it.
void check_settings(const TrainSettings& settings);

// ConfigError of `elegans train`, about an option.
[[noreturn]] void refuse(const char* option, std::string actual, std::string required, std::string remedy);

// That of --copies beside what draws windows, `required` instead.
[[noreturn]] void refuse_copies(const std::string& beside, const std::string& required);

// Whether windows that are drawn would be copied, as far as the settings tell: of an archive the arrays do.
bool copies_windows(const TrainSettings& settings);

// Whether recordings are cut into windows, as far as the settings tell.
bool cuts_windows(const TrainSettings& settings);

// Whether there is a figure by which the best epoch can be chosen.
bool judges_epochs(const TrainSettings& settings);

// Seconds; nothing for "median", and for "auto". ConfigError for what is neither a word nor a number in its range.
std::optional<double> first_dt_of(const TrainSettings& settings);
std::optional<double> time_unit_of(const TrainSettings& settings);

// Numbers of an optimizer; nothing for "auto", which is the optimizer's own. ConfigError as above.
std::optional<double> beta_2_of(const TrainSettings& settings);
std::optional<double> epsilon_of(const TrainSettings& settings);
std::optional<double> weight_decay_of(const TrainSettings& settings);

// "*/bias weight_decay=0 learning_rate=0.001": patterns of weights, then what they have of their own. ConfigError.
std::vector<train::ParameterGroup> parameter_groups_of(const TrainSettings& settings);

// The way that "auto" stands for: recordings with one answer each are split as a whole, others by time.
std::string split_of(const TrainSettings& settings);

// Settings that are not empty, as what --config reads: the same numbers with the seed give the same model. JSON for a
// file that ends in .json, else TOML.
std::string reproducing_text(const Settings& options, std::string_view file = {});

}  // namespace elegans::cli
