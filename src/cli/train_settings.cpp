#include "cli/train_settings.hpp"

#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

constexpr IntegerRange from_zero{.at_least = 0};
constexpr IntegerRange from_one{.at_least = 1};
constexpr std::int64_t most_copies = 1'000'000;  // more are a slip of the keyboard
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
  options.add("events", s.events, "with --channel: each row is an event, a step in which its channel alone is not 0");
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
  options.add("tbptt-steps", s.tbptt_steps,
              "steps of a segment: longer sequences are cut, and states carried on; 0: unroll them", from_zero);
  options.add("gradient-accumulation-steps", s.gradient_accumulation_steps, "batches of an update", from_one);
  options.add("clip-norm", s.clip_norm, "longest gradient; 0: any", {.at_least = 0});
  options.add("clip-value", s.clip_value, "largest number of a gradient, with --clip-norm 0; 0: any", {.at_least = 0});
  options.add("ema-decay", s.ema_decay, "validate, and save, averages of the weights; 0: the weights", fraction);
  options.add("frozen", s.frozen, "weights that are not trained: patterns of their paths, with commas between");
  options.add("parameter-groups", s.parameter_groups,
              "weights with options of their own: \"*/bias weight_decay=0 learning_rate=0.001\", with commas between");
  options.add("shuffle", s.shuffle, "an order of sequences drawn anew each epoch");
  options.add("copies", s.copies, "train on so many copies of each recording, with noise; 0: on the recordings",
              {.at_least = 0, .at_most = most_copies});
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

}  // namespace

void add_settings(Settings& options, TrainSettings& settings) {
  add_data(options, settings);
  add_network(options, settings);
  add_training(options, settings);
  add_optimizer(options, settings);
  add_schedule(options, settings);
  add_output(options, settings);
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
