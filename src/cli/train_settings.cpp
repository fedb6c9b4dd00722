#include "cli/train_settings.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cli/columns.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

constexpr IntegerRange from_zero{.at_least = 0};
constexpr IntegerRange from_one{.at_least = 1};
constexpr NumberRange fraction{.at_least = 0, .below = 1};
constexpr NumberRange positive{.above = 0};

void add_data(Settings& options, TrainSettings& s) {
  options.add_argument("data", s.data, "CSV file with a header line, or a .ts file of a time series archive");
  options.start_group("Data");
  options.add("time", s.time, "time column: seconds or ISO 8601 (none: every Δt is 1)");
  options.add("target", s.target, "target columns, with commas between: numbers, or one column of class names");
  options.add("features", s.features, "feature columns, with commas between (default: all others)");
  options.add("ignore", s.ignore, "columns that are no features, with commas between");
  options.add("group", s.group, "column that separates recordings");
  options.add("task", s.task, "auto | regression | classification (auto: by the first target)");
  options.add("answer", s.answer, "every-step | last-step | recording: where a target stands");
  options.add("missing", s.missing, "error | forward-fill | drop: cells without a value");
  options.add_word_or_number("first-dt", s.first_dt, "median | SECONDS: Δt of a recording's first row");
  options.add_word_or_number("time-unit", s.time_unit,
                             "auto | off | SECONDS: what Δt is divided by (auto: the median; off: 1 s)");
  options.add("standardise", s.standardise, "features and numeric targets to mean 0, deviation 1");
  options.add("window", s.window, "steps of a training sequence; 0: whole recordings", from_zero);
  options.add("stride", s.stride, "steps from window to window; 0: the window's length", from_zero);
  options.add("remainder", s.remainder, "keep | drop | align: the steps behind the last full window");
  options.add("split", s.split, "auto | time | clock | group | random");
  options.add("validation", s.validation, "share that chooses the best epoch", fraction);
  options.add("test", s.test, "share that training never sees", fraction);
  options.add("validation-groups", s.validation_groups, "names of recordings to validate on, instead of --validation");
  options.add("test-groups", s.test_groups, "names of recordings to test on, instead of --test");
  options.add("stratify", s.stratify, "group, random: each class has its share in every part");
}

void add_network(Settings& options, TrainSettings& s) {
  options.start_group("Network");
  options.add("cell", s.cell, "cfc | ltc | lstm | gru | simple_rnn");
  options.add("wiring", s.wiring, "autoncp:28,1[,sparsity=0.5,seed=3] | ncp:… | random:… | fully:… | @circuit.json");
  options.add("units", s.units, "neurons without a wiring (default: 32)", from_zero);
  options.add("mode", s.mode, "cfc: default | pure | no_gate");
  options.add("mixed-memory", s.mixed_memory, "an LSTM that remembers for the cell");
  options.add("backbone-units", s.backbone_units, "cfc without wiring", from_one);
  options.add("backbone-layers", s.backbone_layers, "cfc without wiring", from_zero);
  options.add("backbone-dropout", s.backbone_dropout, "cfc without wiring", fraction);
  options.add("activation", s.activation,
              "cfc without wiring: of the backbone: lecun_tanh | silu | relu | tanh | gelu | …");
  options.add("ode-unfolds", s.ode_unfolds, "ltc: solver steps in a step", from_one);
  options.add("implicit", s.implicit, "ltc: softplus keeps conductances positive (no: clipping does)");
  options.add("ode-epsilon", s.ode_epsilon, "ltc: added to the denominator", positive);
  options.add("input-mapping", s.input_mapping, "ltc: affine | linear | none");
  options.add("output-mapping", s.output_mapping, "ltc: affine | linear | none");
  options.add("recurrent-dropout", s.recurrent_dropout, "lstm, gru, simple_rnn: share of the state dropped in training",
              fraction);
  options.add("timespan-as-feature", s.timespan_as_feature,
              "lstm, gru, simple_rnn: Δt, of which they know nothing, as one more feature");
  options.add("layers", s.layers, "recurrent layers on top of each other, all alike", {.at_least = 1, .at_most = 64});
  options.add("bidirectional", s.bidirectional, "read in both directions: for whole recordings, not for a stream");
  options.add("dropout", s.dropout, "share of the numbers behind every recurrent layer dropped in training", fraction);
  options.add("proj-size", s.proj_size, "numbers that the cell's outputs are projected to; 0: as they are", from_zero);
  options.add("checkpoint-every", s.checkpoint_every,
              "steps between states kept for the gradient: less memory, more time; 0: keep all", from_zero);
  options.add("readout", s.readout, "auto | dense | none: a dense layer after the cell");
  options.add("dtype", s.dtype, "f32 | f64");
}

void add_training(Settings& options, TrainSettings& s) {
  options.start_group("Training");
  options.add("epochs", s.epochs, "times that each sequence is seen", from_one);
  options.add("batch-size", s.batch_size, "sequences of an update", from_one);
  options.add("optimizer", s.optimizer, "adam | sgd");
  options.add("learning-rate", s.learning_rate, "of the optimizer", positive);
  options.add("schedule", s.schedule, "constant | cosine: the rate falls to 0 along half a cosine");
  options.add("warmup", s.warmup, "cosine: share of all updates in which the rate rises", fraction);
  options.add("momentum", s.momentum, "sgd", fraction);
  options.add("beta-1", s.beta_1, "adam: of the mean of gradients", fraction);
  options.add("beta-2", s.beta_2, "adam: of the mean of their squares", fraction);
  options.add("epsilon", s.epsilon, "adam: beside the root", positive);
  options.add("clip-norm", s.clip_norm, "longest gradient; 0: any", {.at_least = 0});
  options.add("shuffle", s.shuffle, "an order of sequences drawn anew each epoch");
  options.add("copies", s.copies, "train on so many copies of each recording, with noise; 0: on the recordings",
              from_zero);
  options.add("noise", s.noise, "copies: deviation of the noise, new at every step", {.at_least = 0});
  options.add("offset", s.offset, "copies: deviation of an offset, one for each feature of a copy", {.at_least = 0});
  options.add("repeat-target", s.repeat_target, "answer recording: train on its target at every step");
  options.add("loss", s.loss, "mse | categorical_crossentropy (default: by the targets)");
  options.add("metrics", s.metrics, "accuracy | mae | rmse (default: by the targets)");
  options.add("monitor", s.monitor, "figure that chooses the best epoch");
  options.add("patience", s.patience, "epochs without a better one before it stops; 0: never", from_zero);
  options.add("min-delta", s.min_delta, "how much better counts as better", {.at_least = 0});
  options.add("seed", s.seed, "of weights, splits and the order of batches", from_zero);
  options.add("threads", s.threads, "0: as many as the machine has; changes no bit", from_zero);
  options.add("kernels", s.kernels, "best | scalar: loops for this machine, or plain ones (for comparison)");
  options.start_group("Output");
  options.add("history", s.history, "CSV file with the figures of each epoch");
  options.add("out", s.out, "model file to write");
}

[[noreturn]] void refuse(const char* option, std::string actual, std::string required, std::string remedy) {
  throw ConfigError(Complaint{"train", option, std::move(actual), std::move(required), std::move(remedy)});
}

}  // namespace

void add_settings(Settings& options, TrainSettings& settings) {
  add_data(options, settings);
  add_network(options, settings);
  add_training(options, settings);
}

namespace {

void check_choices(const TrainSettings& s) {
  require_choice("task", s.task, {"auto", "regression", "classification"});
  target_at_named(s.answer);
  missing_named(s.missing);
  require_choice("remainder", s.remainder, {"keep", "drop", "align"});
  require_choice("split", s.split, {"auto", "time", "clock", "group", "random"});
  require_choice("cell", s.cell, {"cfc", "ltc", "lstm", "gru", "simple_rnn"});
  require_choice("mode", s.mode, {"default", "pure", "no_gate"});
  require_choice("input-mapping", s.input_mapping, {"affine", "linear", "none"});
  require_choice("output-mapping", s.output_mapping, {"affine", "linear", "none"});
  require_choice("readout", s.readout, {"auto", "dense", "none"});
  require_choice("dtype", s.dtype, {"f32", "f64"});
  require_choice("optimizer", s.optimizer, {"adam", "sgd"});
  require_choice("schedule", s.schedule, {"constant", "cosine"});
  require_choice("kernels", s.kernels, {"best", "scalar"});
  first_dt_of(s);
  time_unit_of(s);
}

// An option that was changed, and what has to be so that it means something.
struct Dependent {
  const char* option;
  bool is_changed;
  bool applies;
  const char* where;
};

void check_dependents(const TrainSettings& s) {
  const TrainSettings fresh;
  const bool is_cfc = s.cell == "cfc", is_ltc = s.cell == "ltc", has_backbone = is_cfc && s.wiring.empty();
  const bool is_adam = s.optimizer == "adam", is_csv = !is_ts(s), has_time = is_csv && !s.time.empty();
  const bool is_cut = s.window > 0 && s.answer != "recording" && is_csv;
  const bool draws = split_of(s) == "random" || split_of(s) == "group";
  const bool judges = judges_epochs(s);
  const char* backbone = "--cell cfc without --wiring, which has a backbone";
  const char* ltc = "--cell ltc";
  const char* gated = "--cell lstm, gru or simple_rnn";
  const char* liquid = "--cell cfc or ltc";
  const char* csv = "a CSV file (a .ts file says itself what its columns are)";
  const std::vector<Dependent> all{
      {"--wiring", !s.wiring.empty(), is_cfc || is_ltc, liquid},
      {"--mixed-memory", s.mixed_memory, is_cfc || is_ltc, liquid},
      {"--recurrent-dropout", s.recurrent_dropout > 0, !is_cfc && !is_ltc, gated},
      {"--timespan-as-feature", s.timespan_as_feature, !is_cfc && !is_ltc, gated},
      {"--mode", s.mode != fresh.mode, is_cfc, "--cell cfc"},
      {"--backbone-units", s.backbone_units != fresh.backbone_units, has_backbone, backbone},
      {"--backbone-layers", s.backbone_layers != fresh.backbone_layers, has_backbone, backbone},
      {"--backbone-dropout", s.backbone_dropout != fresh.backbone_dropout, has_backbone, backbone},
      {"--activation", s.activation != fresh.activation, has_backbone, backbone},
      {"--ode-unfolds", s.ode_unfolds != fresh.ode_unfolds, is_ltc, ltc},
      {"--no-implicit", s.implicit != fresh.implicit, is_ltc, ltc},
      {"--ode-epsilon", s.ode_epsilon != fresh.ode_epsilon, is_ltc, ltc},
      {"--input-mapping", s.input_mapping != fresh.input_mapping, is_ltc, ltc},
      {"--output-mapping", s.output_mapping != fresh.output_mapping, is_ltc, ltc},
      {"--momentum", s.momentum != fresh.momentum, !is_adam, "--optimizer sgd"},
      {"--warmup", s.warmup > 0, s.schedule == "cosine", "--schedule cosine"},
      {"--noise", s.noise != fresh.noise, s.copies > 0, "--copies above 0"},
      {"--offset", s.offset != fresh.offset, s.copies > 0, "--copies above 0"},
      {"--repeat-target", s.repeat_target, s.answer == "recording" || !is_csv, "--answer recording"},
      {"--beta-1", s.beta_1 != fresh.beta_1, is_adam, "--optimizer adam"},
      {"--beta-2", s.beta_2 != fresh.beta_2, is_adam, "--optimizer adam"},
      {"--epsilon", s.epsilon != fresh.epsilon, is_adam, "--optimizer adam"},
      {"--time", !s.time.empty(), is_csv, csv},
      {"--target", !s.target.empty(), is_csv, csv},
      {"--features", !s.features.empty(), is_csv, csv},
      {"--ignore", !s.ignore.empty(), is_csv, csv},
      {"--group", !s.group.empty(), is_csv, csv},
      {"--missing", s.missing != fresh.missing, is_csv, csv},
      {"--first-dt", s.first_dt != fresh.first_dt, has_time, "--time"},
      {"--time-unit", s.time_unit != fresh.time_unit, has_time, "--time"},
      {"--stride", s.stride != fresh.stride, is_cut, "--window above 0, and recordings that may be cut"},
      {"--remainder", s.remainder != fresh.remainder, is_cut, "--window above 0, and recordings that may be cut"},
      {"--stratify", s.stratify, draws && s.validation_groups.empty() && s.test_groups.empty(),
       "--split random, or --split group without named groups"},
      {"--patience", s.patience > 0, judges, "a validation part, or --monitor loss"},
      {"--min-delta", s.min_delta > 0, judges, "a validation part, or --monitor loss"},
      {"--monitor", s.monitor != fresh.monitor, judges, "a validation part, or --monitor loss"},
  };
  for (const Dependent& d : all)
    if (d.is_changed && !d.applies) refuse(d.option, "given where it would change nothing", d.where, "Leave it out.");
}

void check_split(const TrainSettings& s) {
  const bool by_name = !s.validation_groups.empty() || !s.test_groups.empty();
  if (by_name && s.group.empty())
    refuse("--validation-groups, --test-groups", "given without --group", "the column that names recordings", "");
  if (by_name && s.split != "group" && s.split != "auto")
    refuse("--split", s.split, "group, as groups are named", "Leave --split out.");
  if (s.split == "group" && s.group.empty() && !is_ts(s))
    refuse("--split", "group, without --group", "the column that names recordings", "");
  if (s.validation + s.test >= 1)
    refuse("the sum of --validation and --test", fmt::format("{:g}", s.validation + s.test), "less than 1",
           "Leave some steps to train on.");
}

}  // namespace

bool is_ts(const TrainSettings& s) { return s.data.ends_with(".ts"); }

bool judges_epochs(const TrainSettings& s) {
  return s.validation > 0 || !s.validation_groups.empty() || !s.monitor.starts_with("val_");
}

std::optional<double> first_dt_of(const TrainSettings& s) {
  if (s.first_dt == "median") return {};
  const auto seconds = train::parse_number(s.first_dt);
  if (seconds && std::isfinite(*seconds) && *seconds >= 0) return seconds;
  refuse("--first-dt", quote(s.first_dt), "median, or a number of seconds, 0 or more", "");
}

std::optional<double> time_unit_of(const TrainSettings& s) {
  if (s.time_unit == "auto") return {};
  if (s.time_unit == "off") return 1;
  const auto seconds = train::parse_number(s.time_unit);
  if (seconds && std::isfinite(*seconds) && *seconds > 0) return seconds;
  refuse("--time-unit", quote(s.time_unit), "auto, off, or a number of seconds above 0", "");
}

void check_settings(const TrainSettings& s) {
  if (s.data.empty())
    refuse("the data", "not named", "a CSV or .ts file", "Name it first: elegans train data.csv --target y.");
  if (s.target.empty() && !is_ts(s))
    refuse("--target", "missing", "the name of a column", "See the header line of the file.");
  check_choices(s);
  if (!s.wiring.empty() && s.units > 0)
    refuse("--units", "given beside --wiring", "one of the two", "A wiring says itself how many units it has.");
  check_split(s);
  check_dependents(s);
}

std::string split_of(const TrainSettings& s) {
  if (s.split != "auto") return s.split;
  const bool whole = s.answer == "recording" || is_ts(s);
  return whole || !s.validation_groups.empty() || !s.test_groups.empty() ? "group" : "time";
}

std::string reproducing_text(const Settings& options, std::string_view file) {
  nlohmann::json kept = nlohmann::json::object();
  const nlohmann::json values = options.values();
  for (const auto& [key, value] : values.items())
    if (!(value.is_string() && value.get<std::string>().empty()) && !(value.is_array() && value.empty()))
      kept[key] = value;
  return file.ends_with(".json") ? to_json_text(kept, 2) + "\n" : train::to_toml(kept);
}

}  // namespace elegans::cli
