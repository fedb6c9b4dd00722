#include "cli/train_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "cli/columns.hpp"
#include "cli/data_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/nn/metrics.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/optimizers.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

constexpr IntegerRange from_zero{.at_least = 0};
constexpr IntegerRange from_one{.at_least = 1};
constexpr NumberRange fraction{.at_least = 0, .below = 1};
constexpr NumberRange positive{.above = 0};

void add_data(Settings& options, TrainSettings& s) {
  options.add_argument("data", s.data,
                       "CSV file with a header line, .ts, .npy or .npz file, or a folder of .npy files");
  options.start_group("Data");
  options.add("time", s.time, "time column: seconds or ISO 8601 (none: every Δt is 1)");
  options.add("target", s.target, "target columns, with commas between: numbers, or one column of class names");
  options.add("features", s.features, "feature columns, with commas between (default: all others)");
  options.add("ignore", s.ignore, "columns that are no features, with commas between");
  options.add("group", s.group, "column that separates recordings");
  options.add("merge", s.merge, "other CSV files, with commas between, whose rows are merged by time");
  options.add("channel", s.channel, "long format: the column that names the channel of a row's value");
  options.add("value", s.value, "and the column of the value");
  options.add("tolerance", s.tolerance, "merging: seconds within which rows become one step", {.at_least = 0});
  options.add("task", s.task, "auto | regression | classification (auto: by the first target)");
  options.add("answer", s.answer, "every-step | last-step | recording: where a target stands");
  options.add("horizon", s.horizon,
              "forecast: targets are features so many steps later (--target names them; default: all); 0: columns of "
              "their own",
              from_zero);
  options.add("missing", s.missing, "error | forward-fill | drop | inputs: cells without a value");
  options.add(
      "sporadic", s.sporadic,
      "missing inputs: features that may be missing, with commas between (default: those that are in the file)");
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
  options.add("cell", s.cell, "cfc | ltc | ctrnn | ctgru | node (a neural ODE) | lstm | gru | simple_rnn");
  options.add("wiring", s.wiring, "autoncp:28,1[,sparsity=0.5,seed=3] | ncp:… | random:… | fully:… | @circuit.json");
  options.add("units", s.units, "neurons without a wiring (default: 32)", from_zero);
  options.add("mode", s.mode, "cfc: default | pure | no_gate");
  options.add("mixed-memory", s.mixed_memory, "an LSTM that remembers for the cell");
  options.add("backbone-units", s.backbone_units, "cfc without wiring", from_one);
  options.add("backbone-layers", s.backbone_layers, "cfc without wiring", from_zero);
  options.add("backbone-dropout", s.backbone_dropout, "cfc without wiring", fraction);
  options.add("activation", s.activation,
              "cfc without wiring: of the backbone: lecun_tanh | silu | relu | tanh | gelu | …");
  options.add("solver", s.solver,
              "ltc, ctrnn, node: auto | euler | heun | rk4 | semi_implicit (auto: semi_implicit, of a node rk4)");
  options.add("ode-unfolds", s.ode_unfolds, "ltc, ctrnn, node: solver steps in a step", from_one);
  options.add("tau", s.tau, "ctrnn: time constant; ctgru: the shortest one; in units of time", positive);
  options.add("fix-tau", s.fix_tau, "ctrnn: time constants stay as they are (no: one a unit is learned)");
  options.add("scales", s.scales, "ctgru: time constants of a unit, each √10 times the one before",
              {.at_least = 1, .at_most = 64});
  options.add("hidden-layers", s.hidden_layers, "node: layers between state and rate", {.at_least = 0, .at_most = 64});
  options.add("hidden-units", s.hidden_units, "node: their width", from_one);
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
  options.add("batch-size", s.batch_size, "sequences of a batch", from_one);
  options.add("gradient-accumulation-steps", s.gradient_accumulation_steps, "batches of an update", from_one);
  options.add("clip-norm", s.clip_norm, "longest gradient; 0: any", {.at_least = 0});
  options.add("clip-value", s.clip_value, "largest number of a gradient, with --clip-norm 0; 0: any", {.at_least = 0});
  options.add("ema-decay", s.ema_decay, "validate, and save, averages of the weights; 0: the weights", fraction);
  options.add("frozen", s.frozen, "weights that are not trained: patterns of their paths, with commas between");
  options.add("parameter-groups", s.parameter_groups,
              "weights with options of their own: \"*/bias weight_decay=0 learning_rate=0.001\", with commas between");
  options.add("shuffle", s.shuffle, "an order of sequences drawn anew each epoch");
  options.add("copies", s.copies, "train on so many copies of each recording, with noise; 0: on the recordings",
              from_zero);
  options.add("noise", s.noise, "copies: deviation of the noise, new at every step", {.at_least = 0});
  options.add("offset", s.offset, "copies: deviation of an offset, one for each feature of a copy", {.at_least = 0});
  options.add("repeat-target", s.repeat_target, "answer recording: train on its target at every step");
  options.add("loss", s.loss, "mse | mae | huber:delta=0.5 | quantile:0.9 | … (docs/cli.md; default: by the targets)");
  options.add("class-weight", s.class_weight,
              "balanced | NAME=WEIGHT, with commas between: how much each class counts in the loss");
  options.add(
      "metrics", s.metrics,
      "mae | rmse | r2; accuracy | balanced_accuracy | precision | recall | f1 | f1_macro | f1:CLASS | roc_auc | … "
      "(default: by the targets)");
  options.add("monitor", s.monitor, "figure that chooses the best epoch");
  options.add("patience", s.patience, "epochs without a better one before it stops; 0: never", from_zero);
  options.add("min-delta", s.min_delta, "how much better counts as better", {.at_least = 0});
  options.add("seed", s.seed, "of weights, splits and the order of batches", from_zero);
  options.add("threads", s.threads, "0: as many as the machine has; changes no bit", from_zero);
  options.add("kernels", s.kernels, "best | scalar: loops for this machine, or plain ones (for comparison)");
}

void add_optimizer(Settings& options, TrainSettings& s) {
  options.start_group("Optimizer");
  options.add("optimizer", s.optimizer, "adam | adamw | amsgrad | nadam | sgd | rmsprop | adagrad | lion");
  options.add("learning-rate", s.learning_rate, "of the optimizer", positive);
  options.add("momentum", s.momentum, "sgd, rmsprop", fraction);
  options.add("nesterov", s.nesterov, "sgd with momentum: look ahead");
  options.add("beta-1", s.beta_1, "adam and its kin, lion: of the mean of gradients", fraction);
  options.add_word_or_number("beta-2", s.beta_2, "of the mean of their squares (auto: 0.999; lion, of the mean: 0.99)");
  options.add_word_or_number("epsilon", s.epsilon, "beside the root (auto: 1e-8, adagrad 1e-10)");
  options.add("rho", s.rho, "rmsprop: of the mean of squares", fraction);
  options.add("centered", s.centered, "rmsprop: by the variance of gradients");
  options.add("momentum-decay", s.momentum_decay, "nadam", {.at_least = 0});
  options.add("initial-accumulator-value", s.initial_accumulator_value, "adagrad", {.at_least = 0});
  options.add_word_or_number("weight-decay", s.weight_decay, "of all weights (auto: 0, adamw 0.01)");
  options.add("decoupled-weight-decay", s.decoupled_weight_decay, "apart from the gradient, as adamw and lion do");
}

void add_schedule(Settings& options, TrainSettings& s) {
  options.start_group("Learning rate");
  options.add("schedule", s.schedule, "constant | cosine | one-cycle | step | exponential");
  options.add("warmup", s.warmup, "share of all updates in which the rate rises (one-cycle: 0 is 0.3)", fraction);
  options.add("decay-rate", s.decay_rate, "step, exponential: factor of the rate in --decay-epochs", {.at_least = 0});
  options.add("decay-epochs", s.decay_epochs, "step, exponential", positive);
  options.add("min-learning-rate", s.min_learning_rate, "cosine: the rate at the end", {.at_least = 0});
  options.add("reduce-on-plateau", s.reduce_on_plateau,
              "epochs without a better --monitor before the rate is reduced; 0: never", from_zero);
  options.add("plateau-factor", s.plateau_factor, "of a reduction", {.above = 0, .below = 1});
  options.add("plateau-min-delta", s.plateau_min_delta, "how much better counts as better", {.at_least = 0});
  options.add("plateau-cooldown", s.plateau_cooldown, "epochs after a reduction that do not count", from_zero);
  options.add("plateau-min-lr", s.plateau_min_lr, "lowest rate of reductions", {.at_least = 0});
}

void add_output(Settings& options, TrainSettings& s) {
  options.start_group("Output");
  options.add("history", s.history, "CSV file with the figures of each epoch");
  options.add("checkpoint", s.checkpoint, "file after each epoch from which --resume goes on");
  options.add("checkpoint-steps", s.checkpoint_steps, "and after so many updates; 0: after epochs alone", from_zero);
  options.add("checkpoint-keep", s.checkpoint_keep, "how many of these files stay", from_one);
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
  add_optimizer(options, settings);
  add_schedule(options, settings);
  add_output(options, settings);
}

namespace {

// What the network that is made answers: one number a target, or the logit of each class.
void check_loss(const TrainSettings& s) {
  for (const std::string& name : s.metrics)
    if (name.find(':') == name.npos) nn::Metric::named(name);
  if (s.loss.empty()) return;
  const nn::Loss loss = nn::loss_named(s.loss);
  if (loss.outputs_per_target != 1)
    refuse("--loss", fmt::format("{}, of {} numbers a target", loss.name, loss.outputs_per_target), "one of one number",
           "Several are for Trainer in C++.");
  if (loss.predictions == nn::Predictions::probabilities)
    refuse("--loss", loss.name + " of probabilities", "one of logits, which the network answers with", "");
}

void check_choices(const TrainSettings& s) {
  require_choice("task", s.task, {"auto", "regression", "classification"});
  target_at_named(s.answer);
  missing_named(s.missing);
  require_choice("remainder", s.remainder, {"keep", "drop", "align"});
  require_choice("split", s.split, {"auto", "time", "clock", "group", "random"});
  require_choice("cell", s.cell, {"cfc", "ltc", "ctrnn", "ctgru", "node", "lstm", "gru", "simple_rnn"});
  require_choice("solver", s.solver, {"auto", "euler", "heun", "rk4", "semi_implicit"});
  require_choice("mode", s.mode, {"default", "pure", "no_gate"});
  require_choice("input-mapping", s.input_mapping, {"affine", "linear", "none"});
  require_choice("output-mapping", s.output_mapping, {"affine", "linear", "none"});
  require_choice("readout", s.readout, {"auto", "dense", "none"});
  require_choice("dtype", s.dtype, {"f32", "f64"});
  const auto optimizers = train::optimizer_names();
  require_choice("optimizer", s.optimizer, {optimizers.begin(), optimizers.end()});
  require_choice("schedule", s.schedule, {"constant", "cosine", "one-cycle", "step", "exponential"});
  require_choice("kernels", s.kernels, {"best", "scalar"});
  first_dt_of(s);
  time_unit_of(s);
  beta_2_of(s);
  epsilon_of(s);
  weight_decay_of(s);
  parameter_groups_of(s);
  check_loss(s);
}

// An option that was changed, and what has to be so that it means something.
struct Dependent {
  const char* option;
  bool is_changed;
  bool applies;
  const char* where;
};

// Options of optimizers and of the learning rate.
std::vector<Dependent> dependents_of_updates(const TrainSettings& s) {
  const TrainSettings fresh;
  const auto is_one_of = [&](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), s.optimizer) != names.end();
  };
  const bool has_betas = is_one_of({"adam", "adamw", "amsgrad", "nadam", "lion"});
  const bool decays = s.schedule == "step" || s.schedule == "exponential", judges = judges_epochs(s);
  const char *betas = "--optimizer adam, adamw, amsgrad, nadam or lion", *decay = "--schedule step or exponential";
  const char *reduces = "--reduce-on-plateau above 0", *saves = "--checkpoint";
  return {
      {"--momentum", s.momentum != fresh.momentum, is_one_of({"sgd", "rmsprop"}), "--optimizer sgd or rmsprop"},
      {"--nesterov", s.nesterov, s.optimizer == "sgd" && s.momentum > 0, "--optimizer sgd and --momentum above 0"},
      {"--beta-1", s.beta_1 != fresh.beta_1, has_betas, betas},
      {"--beta-2", s.beta_2 != fresh.beta_2, has_betas, betas},
      {"--epsilon", s.epsilon != fresh.epsilon, !is_one_of({"sgd", "lion"}), "an optimizer other than sgd and lion"},
      {"--rho", s.rho != fresh.rho, s.optimizer == "rmsprop", "--optimizer rmsprop"},
      {"--centered", s.centered, s.optimizer == "rmsprop", "--optimizer rmsprop"},
      {"--momentum-decay", s.momentum_decay != fresh.momentum_decay, s.optimizer == "nadam", "--optimizer nadam"},
      {"--initial-accumulator-value", s.initial_accumulator_value > 0, s.optimizer == "adagrad", "--optimizer adagrad"},
      {"--decoupled-weight-decay", s.decoupled_weight_decay,
       !is_one_of({"adamw", "lion"}) && weight_decay_of(s).value_or(0) > 0,
       "--weight-decay above 0, and an optimizer other than adamw and lion, whose weight decay always is"},
      {"--clip-value", s.clip_value > 0, s.clip_norm == 0, "--clip-norm 0"},
      {"--warmup", s.warmup > 0, s.schedule != "constant", "--schedule cosine, one-cycle, step or exponential"},
      {"--decay-rate", s.decay_rate != fresh.decay_rate, decays, decay},
      {"--decay-epochs", s.decay_epochs != fresh.decay_epochs, decays, decay},
      {"--min-learning-rate", s.min_learning_rate > 0, s.schedule == "cosine", "--schedule cosine"},
      {"--reduce-on-plateau", s.reduce_on_plateau > 0, judges, "a validation part, or --monitor loss"},
      {"--plateau-factor", s.plateau_factor != fresh.plateau_factor, s.reduce_on_plateau > 0, reduces},
      {"--plateau-min-delta", s.plateau_min_delta != fresh.plateau_min_delta, s.reduce_on_plateau > 0, reduces},
      {"--plateau-cooldown", s.plateau_cooldown > 0, s.reduce_on_plateau > 0, reduces},
      {"--plateau-min-lr", s.plateau_min_lr > 0, s.reduce_on_plateau > 0, reduces},
      {"--checkpoint-steps", s.checkpoint_steps > 0, !s.checkpoint.empty(), saves},
      {"--checkpoint-keep", s.checkpoint_keep > 1, !s.checkpoint.empty(), saves},
  };
}

void check_dependents(const TrainSettings& s) {
  const TrainSettings fresh;
  const bool is_cfc = s.cell == "cfc", is_ltc = s.cell == "ltc", has_backbone = is_cfc && s.wiring.empty();
  const bool is_ctrnn = s.cell == "ctrnn", is_ctgru = s.cell == "ctgru", is_node = s.cell == "node";
  const bool is_gated = s.cell == "lstm" || s.cell == "gru" || s.cell == "simple_rnn";
  const bool can_be_wired = is_cfc || is_ltc || is_ctrnn, has_solver = is_ltc || is_ctrnn || is_node;
  const bool merges = !s.merge.empty() || !s.channel.empty();
  const DataFormat format = format_of(s.data);
  const bool is_csv = format == DataFormat::csv, is_ts = format == DataFormat::ts;
  const bool may_have_time = !is_csv || !s.time.empty();
  const bool is_cut = s.window > 0 && s.answer != "recording" && !is_ts;
  const bool draws = split_of(s) == "random" || split_of(s) == "group";
  const bool judges = judges_epochs(s);
  const char* backbone = "--cell cfc without --wiring, which has a backbone";
  const char* ltc = "--cell ltc";
  const char* gated = "--cell lstm, gru or simple_rnn";
  const char* wired = "--cell cfc, ltc or ctrnn";
  const char* continuous = "--cell cfc, ltc, ctrnn, ctgru or node";
  const char* solved = "--cell ltc, ctrnn or node";
  const char* csv = "a CSV file";
  const char* table = "a CSV file or arrays (a .ts file says itself what its columns are)";
  std::vector<Dependent> all{
      {"--wiring", !s.wiring.empty(), can_be_wired, wired},
      {"--mixed-memory", s.mixed_memory, !is_gated, continuous},
      {"--recurrent-dropout", s.recurrent_dropout > 0, is_gated, gated},
      {"--timespan-as-feature", s.timespan_as_feature, is_gated, gated},
      {"--mode", s.mode != fresh.mode, is_cfc, "--cell cfc"},
      {"--backbone-units", s.backbone_units != fresh.backbone_units, has_backbone, backbone},
      {"--backbone-layers", s.backbone_layers != fresh.backbone_layers, has_backbone, backbone},
      {"--backbone-dropout", s.backbone_dropout != fresh.backbone_dropout, has_backbone, backbone},
      {"--activation", s.activation != fresh.activation, has_backbone, backbone},
      {"--solver", s.solver != fresh.solver, has_solver, solved},
      {"--ode-unfolds", s.ode_unfolds != fresh.ode_unfolds, has_solver, solved},
      {"--tau", s.tau != fresh.tau, is_ctrnn || is_ctgru, "--cell ctrnn or ctgru"},
      {"--no-fix-tau", s.fix_tau != fresh.fix_tau, is_ctrnn, "--cell ctrnn"},
      {"--scales", s.scales != fresh.scales, is_ctgru, "--cell ctgru"},
      {"--hidden-layers", s.hidden_layers != fresh.hidden_layers, is_node, "--cell node"},
      {"--hidden-units", s.hidden_units != fresh.hidden_units, is_node && s.hidden_layers > 0,
       "--cell node with --hidden-layers above 0"},
      {"--no-implicit", s.implicit != fresh.implicit, is_ltc, ltc},
      {"--ode-epsilon", s.ode_epsilon != fresh.ode_epsilon, is_ltc, ltc},
      {"--input-mapping", s.input_mapping != fresh.input_mapping, is_ltc, ltc},
      {"--output-mapping", s.output_mapping != fresh.output_mapping, is_ltc, ltc},
      {"--noise", s.noise != fresh.noise, s.copies > 0, "--copies above 0"},
      {"--offset", s.offset != fresh.offset, s.copies > 0, "--copies above 0"},
      {"--repeat-target", s.repeat_target, s.answer == "recording" || !is_csv, "--answer recording"},
      {"--time", !s.time.empty(), !is_ts, table},
      {"--target", !s.target.empty(), !is_ts, table},
      {"--features", !s.features.empty(), !is_ts, table},
      {"--ignore", !s.ignore.empty(), !is_ts, table},
      {"--group", !s.group.empty(), is_csv, csv},
      {"--merge", !s.merge.empty(), is_csv, csv},
      {"--channel", !s.channel.empty(), is_csv, csv},
      {"--value", !s.value.empty(), !s.channel.empty(), "--channel"},
      {"--tolerance", s.tolerance > 0, merges, "--merge, or --channel"},
      {"--sporadic", !s.sporadic.empty(), s.missing == "inputs", "--missing inputs"},
      {"--first-dt", s.first_dt != fresh.first_dt, may_have_time, "--time"},
      {"--time-unit", s.time_unit != fresh.time_unit, may_have_time, "--time"},
      {"--stride", s.stride != fresh.stride, is_cut, "--window above 0, and recordings that may be cut"},
      {"--remainder", s.remainder != fresh.remainder, is_cut, "--window above 0, and recordings that may be cut"},
      {"--stratify", s.stratify, draws && s.validation_groups.empty() && s.test_groups.empty(),
       "--split random, or --split group without named groups"},
      {"--patience", s.patience > 0, judges, "a validation part, or --monitor loss"},
      {"--min-delta", s.min_delta > 0, judges, "a validation part, or --monitor loss"},
      {"--monitor", s.monitor != fresh.monitor, judges, "a validation part, or --monitor loss"},
  };
  const std::vector<Dependent> more = dependents_of_updates(s);
  all.insert(all.end(), more.begin(), more.end());
  for (const Dependent& d : all)
    if (d.is_changed && !d.applies) refuse(d.option, "given where it would change nothing", d.where, "Leave it out.");
}

// What a forecast answers are numbers that the file has at every step.
void check_forecast(const TrainSettings& s) {
  if (s.horizon == 0) return;
  const auto refuse_beside = [](const char* option, const std::string& actual, const char* required) {
    refuse(option, actual + ", beside --horizon", required, "A forecast is of features, at every step.");
  };
  if (s.task == "classification") refuse_beside("--task", s.task, "auto or regression");
  if (s.answer != "every-step") refuse_beside("--answer", s.answer, "every-step");
  if (s.missing == "inputs") refuse_beside("--missing", s.missing, "error, forward-fill or drop");
  if (format_of(s.data) == DataFormat::ts) refuse_beside("the data", "a .ts file", "a CSV, .npy or .npz file");
}

void check_split(const TrainSettings& s) {
  const bool by_name = !s.validation_groups.empty() || !s.test_groups.empty();
  const bool has_names = !s.group.empty() || names_recordings(s.data);
  if (by_name && !has_names)
    refuse("--validation-groups, --test-groups", "given without --group", "the column that names recordings", "");
  if (by_name && s.split != "group" && s.split != "auto")
    refuse("--split", s.split, "group, as groups are named", "Leave --split out.");
  if (s.split == "group" && !has_names)
    refuse("--split", "group, without --group", "the column that names recordings", "");
  if (s.validation + s.test >= 1)
    refuse("the sum of --validation and --test", fmt::format("{:g}", s.validation + s.test), "less than 1",
           "Leave some steps to train on.");
}

}  // namespace

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

namespace {

// A number, or nothing for "auto".
std::optional<double> auto_or_number(const char* option, const std::string& text, const NumberRange& range,
                                     const char* required) {
  if (text == "auto") return {};
  const auto number = train::parse_number(text);
  const bool fits =
      number && std::isfinite(*number) && *number >= range.at_least && *number > range.above && *number < range.below;
  if (!fits) refuse(option, quote(text), fmt::format("auto, or {}", required), "");
  return number;
}

}  // namespace

std::optional<double> beta_2_of(const TrainSettings& s) {
  return auto_or_number("--beta-2", s.beta_2, fraction, "a number ≥ 0 and < 1");
}
std::optional<double> epsilon_of(const TrainSettings& s) {
  return auto_or_number("--epsilon", s.epsilon, positive, "a number > 0");
}
std::optional<double> weight_decay_of(const TrainSettings& s) {
  return auto_or_number("--weight-decay", s.weight_decay, {.at_least = 0}, "a number ≥ 0");
}

std::vector<train::ParameterGroup> parameter_groups_of(const TrainSettings& s) {
  constexpr const char* required = "patterns, then learning_rate=NUMBER, weight_decay=NUMBER or both";
  std::vector<train::ParameterGroup> groups;
  for (const std::string& text : s.parameter_groups) {
    train::ParameterGroup group;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) {
        group.weights.push_back(word);
        continue;
      }
      const std::string key = word.substr(0, equals);
      const auto number = train::parse_number(std::string_view(word).substr(equals + 1));
      const bool known = key == "learning_rate" || key == "weight_decay";
      if (!known || !number || !std::isfinite(*number) || *number < 0)
        refuse("--parameter-groups", quote(word), "learning_rate=NUMBER or weight_decay=NUMBER, 0 or more", "");
      (key == "learning_rate" ? group.learning_rate : group.weight_decay) = number;
    }
    if (group.weights.empty() || (!group.learning_rate && !group.weight_decay))
      refuse("--parameter-groups", quote(text), required, "");
    groups.push_back(std::move(group));
  }
  return groups;
}

void check_settings(const TrainSettings& s) {
  if (s.data.empty())
    refuse("the data", "not named", "a CSV, .ts, .npy or .npz file",
           "Name it first: elegans train data.csv --target y.");
  if (s.target.empty() && s.horizon == 0 && format_of(s.data) != DataFormat::ts && !s.data.ends_with(".npz"))
    refuse("--target", "missing", "the name of a column", "See the header line of the file.");
  check_choices(s);
  if (!s.wiring.empty() && s.units > 0)
    refuse("--units", "given beside --wiring", "one of the two", "A wiring says itself how many units it has.");
  check_forecast(s);
  check_split(s);
  check_dependents(s);
}

std::string split_of(const TrainSettings& s) {
  if (s.split != "auto") return s.split;
  const bool whole = s.answer == "recording" || format_of(s.data) == DataFormat::ts;
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
