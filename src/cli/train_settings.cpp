#include "cli/train_settings.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

constexpr IntegerRange from_zero{.at_least = 0};
constexpr IntegerRange from_one{.at_least = 1};
constexpr NumberRange fraction{.at_least = 0, .below = 1};

void add_data(Settings& options, TrainSettings& s) {
  options.add_argument("data", s.data, "CSV file with a header line, or a .ts file of a time series archive");
  options.add("time", s.time, "time column: seconds or ISO 8601 (none: every Δt is 1)");
  options.add("target", s.target, "target columns: numbers, or one column of class names");
  options.add("features", s.features, "feature columns (default: all others)");
  options.add("ignore", s.ignore, "columns that are no features");
  options.add("group", s.group, "column that separates recordings");
  options.add("task", s.task, "auto | regression | classification (auto: by the first target)");
  options.add("answer", s.answer, "every-step | last-step | recording: where a target stands");
  options.add("missing", s.missing, "error | forward-fill | drop: cells without a value");
  options.add("window", s.window, "steps of a training sequence; 0: whole recordings", from_zero);
  options.add("stride", s.stride, "steps from window to window; 0: the window's length", from_zero);
  options.add("split", s.split, "auto | time | group | random");
  options.add("validation", s.validation, "share that chooses the best epoch", fraction);
  options.add("test", s.test, "share that training never sees", fraction);
  options.add("validation-groups", s.validation_groups, "recordings to validate on (instead of a share)");
  options.add("test-groups", s.test_groups, "recordings to test on (instead of a share)");
}

void add_network(Settings& options, TrainSettings& s) {
  options.add("cell", s.cell, "cfc | ltc");
  options.add("wiring", s.wiring, "autoncp:28,1 | ncp:… | random:… | fully:… | @circuit.json");
  options.add("units", s.units, "neurons without a wiring (default: 32)", from_zero);
  options.add("mode", s.mode, "cfc: default | pure | no_gate");
  options.add("mixed-memory", s.mixed_memory, "an LSTM that remembers for the cell");
  options.add("backbone-units", s.backbone_units, "cfc without wiring", from_one);
  options.add("backbone-layers", s.backbone_layers, "cfc without wiring", from_zero);
  options.add("backbone-dropout", s.backbone_dropout, "cfc without wiring", fraction);
  options.add("ode-unfolds", s.ode_unfolds, "ltc: solver steps in a step", from_one);
  options.add("readout", s.readout, "auto | dense | none: a dense layer after the cell");
  options.add("dtype", s.dtype, "f32 | f64");
}

void add_training(Settings& options, TrainSettings& s) {
  options.add("epochs", s.epochs, "times that each sequence is seen", from_one);
  options.add("batch-size", s.batch_size, "sequences of an update", from_one);
  options.add("optimizer", s.optimizer, "adam | sgd");
  options.add("learning-rate", s.learning_rate, "of the optimizer", {.above = 0});
  options.add("clip-norm", s.clip_norm, "longest gradient; 0: any", {.at_least = 0});
  options.add("loss", s.loss, "mse | categorical_crossentropy (default: by the targets)");
  options.add("patience", s.patience, "epochs without a better val_loss before it stops; 0: never", from_zero);
  options.add("seed", s.seed, "of weights, splits and the order of batches", from_zero);
  options.add("threads", s.threads, "0: as many as the machine has; changes no bit", from_zero);
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

void check_settings(const TrainSettings& s) {
  if (s.data.empty())
    refuse("the data", "not named", "a CSV or .ts file", "Name it first: elegans train data.csv --target y.");
  const bool is_ts = s.data.ends_with(".ts");
  if (s.target.empty() && !is_ts)
    refuse("--target", "missing", "the name of a column", "See the header line of the file.");
  require_choice("task", s.task, {"auto", "regression", "classification"});
  require_choice("answer", s.answer, {"every-step", "last-step", "recording"});
  require_choice("missing", s.missing, {"error", "forward-fill", "drop"});
  require_choice("split", s.split, {"auto", "time", "group", "random"});
  require_choice("cell", s.cell, {"cfc", "ltc"});
  require_choice("mode", s.mode, {"default", "pure", "no_gate"});
  require_choice("readout", s.readout, {"auto", "dense", "none"});
  require_choice("dtype", s.dtype, {"f32", "f64"});
  require_choice("optimizer", s.optimizer, {"adam", "sgd"});
  if (!s.wiring.empty() && s.units > 0)
    refuse("--units", "given beside --wiring", "one of the two", "A wiring says itself how many units it has.");
  const bool by_name = !s.validation_groups.empty() || !s.test_groups.empty();
  if (by_name && s.group.empty())
    refuse("--validation-groups, --test-groups", "given without --group", "the column that names recordings", "");
  if (by_name && s.split != "group" && s.split != "auto")
    refuse("--split", s.split, "group, as groups are named", "Leave --split out.");
  if (s.split == "group" && s.group.empty() && !is_ts)
    refuse("--split", "group, without --group", "the column that names recordings", "");
  if (s.patience > 0 && s.validation == 0 && s.validation_groups.empty())
    refuse("--patience", fmt::format("{}, without a validation part", s.patience), "--validation above 0",
           "What stops training is the loss of the validation part.");
}

std::string split_of(const TrainSettings& s) {
  if (s.split != "auto") return s.split;
  const bool whole = s.answer == "recording" || s.data.ends_with(".ts");
  return whole || !s.validation_groups.empty() || !s.test_groups.empty() ? "group" : "time";
}

std::string reproducing_toml(const Settings& options) {
  nlohmann::json kept = nlohmann::json::object();
  const nlohmann::json values = options.values();
  for (const auto& [key, value] : values.items())
    if (!(value.is_string() && value.get<std::string>().empty()) && !(value.is_array() && value.empty()))
      kept[key] = value;
  return train::to_toml(kept);
}

}  // namespace elegans::cli
