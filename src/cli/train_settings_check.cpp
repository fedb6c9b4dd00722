// Which settings of `elegans train` go together.

#include <fmt/format.h>

#include <algorithm>

#include "cli/columns.hpp"
#include "cli/data_file.hpp"
#include "cli/merging.hpp"
#include "cli/train_settings.hpp"
#include "elegans/base/error.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/nn/metrics.hpp"
#include "elegans/train/cells.hpp"
#include "elegans/train/optimizers.hpp"

namespace elegans::cli {
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
  if (loss.name == "poisson" || loss.name == "kl_divergence")
    refuse("--loss", fmt::format("{}, of {}", loss.name, loss.name == "poisson" ? "rates above 0" : "probabilities"),
           "one of numbers of any sign, which the network answers with",
           "In C++ let an activation behind the network make them.");
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
  const DataFormat format = format_of(s.data);
  const bool is_csv = format == DataFormat::csv, is_ts = format == DataFormat::ts;
  const bool may_have_time = !is_csv || !s.time.empty();
  const bool is_cut = cuts_windows(s);
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
      {"--sporadic", !s.sporadic.empty(), s.missing == "inputs", "--missing inputs"},
      {"--first-dt", s.first_dt != fresh.first_dt, may_have_time, "--time"},
      {"--time-unit", s.time_unit != fresh.time_unit, may_have_time, "--time"},
      {"--stride", s.stride != fresh.stride, is_cut, "--window above 0, and recordings that may be cut"},
      {"--remainder", s.remainder != fresh.remainder, is_cut, "--window above 0, and recordings that may be cut"},
      {"--stratify", s.stratify, draws && s.validation_groups.empty() && s.test_groups.empty(),
       "--split random, or --split group without named groups"},
      {"--tbptt-steps", s.tbptt_steps > 0, !is_cut || s.tbptt_steps < s.window, "--window 0, or a longer window"},
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
  if (s.bidirectional)
    refuse("--horizon", "given beside --bidirectional", "one of the two",
           "A network that reads from the end has seen what it is to foresee.");
  if (s.missing == "inputs") refuse_beside("--missing", s.missing, "error, forward-fill or drop");
  if (format_of(s.data) == DataFormat::ts) refuse_beside("the data", "a .ts file", "a CSV, .npy or .npz file");
}

// The rate falls to the minimum.
void check_schedule(const TrainSettings& s) {
  if (s.schedule == "cosine" && s.min_learning_rate > s.learning_rate)
    refuse("--min-learning-rate", fmt::format("{}", s.min_learning_rate),
           fmt::format("at most {}, which is --learning-rate", s.learning_rate), "The rate falls from there.");
}

void check_copies(const TrainSettings& s) {
  if (copies_windows(s) && split_of(s) == "random") refuse_copies("--split random", "--split time, clock or group");
}

void check_segments(const TrainSettings& s) {
  if (s.tbptt_steps == 0) return;
  if (s.bidirectional)
    refuse("--tbptt-steps", "given beside --bidirectional", "one of the two",
           "A network that reads from the end has no state to carry on: cut windows.");
  const bool one_answer = s.answer != "every-step" && !s.repeat_target;
  if (one_answer && format_of(s.data) == DataFormat::csv)
    refuse("--tbptt-steps", "given beside --answer " + s.answer, "a target at every step",
           s.answer == "recording" ? "Add --repeat-target." : "Leave --answer out.");
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
  check_merging(
      "train", {.merge = s.merge, .channel = s.channel, .value = s.value, .events = s.events, .tolerance = s.tolerance},
      format_of(s.data), {.time = s.time, .missing = missing_named(s.missing)});
  check_split(s);
  check_segments(s);
  check_dependents(s);
  check_schedule(s);
  check_copies(s);
}

}  // namespace elegans::cli
