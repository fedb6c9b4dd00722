#include "cli/trainer_options.hpp"

#include <algorithm>
#include <cmath>

#include "cli/class_weights.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/nn/metrics.hpp"
#include "elegans/train/checkpoint.hpp"
#include "elegans/train/csv_history.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/reduce_on_plateau.hpp"

namespace elegans::cli {
namespace {

train::Order order_of(const TrainSettings& s) { return s.shuffle ? train::Order::shuffled : train::Order::sequential; }

// Adam and those that have its options.
template <class Kind>
train::Optimizer adam_like(const TrainSettings& s, Kind kind) {
  kind.beta_1 = s.beta_1;
  kind.beta_2 = beta_2_of(s).value_or(kind.beta_2);
  kind.epsilon = epsilon_of(s).value_or(kind.epsilon);
  if constexpr (requires { kind.momentum_decay; }) kind.momentum_decay = s.momentum_decay;
  return kind;
}

train::Optimizer optimizer_without_decay(const TrainSettings& s) {
  if (s.optimizer == "sgd") return train::SGD{.momentum = s.momentum, .nesterov = s.nesterov};
  if (s.optimizer == "adam") return adam_like(s, train::Adam{});
  if (s.optimizer == "adamw") return adam_like(s, train::AdamW{});
  if (s.optimizer == "amsgrad") return adam_like(s, train::AMSGrad{});
  if (s.optimizer == "nadam") return adam_like(s, train::Nadam{});
  if (s.optimizer == "lion") {
    train::Lion lion{.beta_1 = s.beta_1};
    lion.beta_2 = beta_2_of(s).value_or(lion.beta_2);
    return lion;
  }
  if (s.optimizer == "adagrad") {
    train::Adagrad adagrad{.initial_accumulator_value = s.initial_accumulator_value};
    adagrad.epsilon = epsilon_of(s).value_or(adagrad.epsilon);
    return adagrad;
  }
  train::RMSprop rmsprop{.rho = s.rho, .momentum = s.momentum, .centered = s.centered};
  rmsprop.epsilon = epsilon_of(s).value_or(rmsprop.epsilon);
  return rmsprop;
}

train::Optimizer optimizer(const TrainSettings& s) {
  train::Optimizer made = optimizer_without_decay(s);
  made.learning_rate = s.learning_rate;
  made.weight_decay = weight_decay_of(s).value_or(made.weight_decay);
  if (s.decoupled_weight_decay) made.decay = train::WeightDecay::decoupled;
  return made;
}

train::Schedule schedule(const TrainSettings& s, std::uint64_t steps_per_epoch) {
  const auto all = static_cast<double>(s.epochs) * static_cast<double>(steps_per_epoch);
  const auto warmup = static_cast<std::uint64_t>(std::round(s.warmup * all));
  const double decay = std::max(1.0, std::round(s.decay_epochs * static_cast<double>(steps_per_epoch)));
  const auto decay_steps = static_cast<std::uint64_t>(std::min(decay, 1e15));
  if (s.schedule == "cosine") return train::CosineDecay{.minimum = s.min_learning_rate, .warmup_steps = warmup};
  if (s.schedule == "one-cycle") return s.warmup > 0 ? train::OneCycle{.rise = s.warmup} : train::OneCycle{};
  if (s.schedule == "step")
    return train::Warmup{.warmup_steps = warmup,
                         .then = train::StepDecay{.step_size = decay_steps, .gamma = s.decay_rate}};
  if (s.schedule == "exponential")
    return train::Warmup{.warmup_steps = warmup,
                         .then = train::ExponentialDecay{.decay_rate = s.decay_rate, .decay_steps = decay_steps}};
  return warmup > 0 ? train::Schedule(train::Warmup{.warmup_steps = warmup}) : train::Schedule();
}

// Updates of an epoch, of the first one where epochs differ.
std::uint64_t updates_per_epoch(const TrainSettings& s, const train::Dataset& training) {
  const auto together = static_cast<std::size_t>(s.gradient_accumulation_steps);
  const train::Segments segments(
      training, {.steps = s.tbptt_steps > 0 ? static_cast<std::size_t>(s.tbptt_steps) : training.longest(),
                 .batch_size = static_cast<std::size_t>(s.batch_size),
                 .seed = static_cast<std::uint64_t>(s.seed),
                 .order = order_of(s)});
  return segments.batches(0) / together + (segments.batches(0) % together == 0 ? 0 : 1);
}

void add_callbacks(const TrainSettings& s, std::vector<train::CallbackPtr>& callbacks) {
  if (s.reduce_on_plateau > 0)
    callbacks.push_back(train::reduce_on_plateau({.monitor = s.monitor,
                                                  .factor = s.plateau_factor,
                                                  .patience = static_cast<std::uint64_t>(s.reduce_on_plateau),
                                                  .min_delta = s.plateau_min_delta,
                                                  .cooldown = static_cast<std::uint64_t>(s.plateau_cooldown),
                                                  .min_lr = s.plateau_min_lr}));
  if (!s.history.empty()) callbacks.push_back(train::csv_history(s.history));
  // Without patience training goes on to the end, and still keeps the best weights.
  if (judges_epochs(s))
    callbacks.push_back(train::early_stopping(
        {.monitor = s.monitor, .patience = static_cast<std::uint64_t>(s.patience), .min_delta = s.min_delta}));
  if (!s.checkpoint.empty())
    callbacks.push_back(train::checkpoint({.file = s.checkpoint,
                                           .every_steps = static_cast<std::uint64_t>(s.checkpoint_steps),
                                           .keep = static_cast<std::size_t>(s.checkpoint_keep)}));
}

}  // namespace

kernels::Target kernels_of(const TrainSettings& s) {
  return s.kernels == "scalar" ? kernels::Target::scalar : kernels::Target::best;
}

train::TrainerOptions trainer_options(const TrainSettings& s, const TrainingData& data) {
  const auto batch_size = static_cast<std::size_t>(s.batch_size);
  const auto together = static_cast<std::size_t>(s.gradient_accumulation_steps);
  train::TrainerOptions options{.optimizer = optimizer(s),
                                .schedule = schedule(s, updates_per_epoch(s, data.parts.train)),
                                .groups = parameter_groups_of(s),
                                .frozen = s.frozen,
                                .batch_size = batch_size,
                                .epochs = static_cast<std::uint64_t>(s.epochs),
                                .gradient_accumulation_steps = together,
                                .order = order_of(s),
                                .threads = static_cast<std::size_t>(s.threads),
                                .target = kernels_of(s),
                                .target_scaling = data.preprocessing.outputs};
  if (!s.loss.empty()) options.loss = nn::loss_named(s.loss);
  if (!s.class_weight.empty()) options.loss.class_weight = class_weights_of(s.class_weight, data.parts.train);
  for (const std::string& name : s.metrics)
    options.metrics.push_back(nn::Metric::named(name, data.preprocessing.classes));
  if (s.tbptt_steps > 0) options.tbptt_steps = static_cast<std::size_t>(s.tbptt_steps);
  if (s.clip_norm > 0) options.clip_norm = s.clip_norm;
  if (s.clip_value > 0) options.clip_value = s.clip_value;
  if (s.ema_decay > 0) options.ema_decay = s.ema_decay;
  add_callbacks(s, options.callbacks);
  return options;
}

}  // namespace elegans::cli
