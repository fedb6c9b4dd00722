#include "elegans/train/trainer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "train/not_finite.hpp"
#include "train/trainer_implementation.hpp"

namespace elegans::train {
namespace {

constexpr std::size_t most_shards = 16;
constexpr const char* lower_the_rate =
    "Lower the learning rate, clip gradients (clip_norm), or look for outliers in the data and its Δt.";

void require(bool fits, const char* option, std::string actual, const char* required) {
  if (!fits) throw ConfigError({"Trainer", option, std::move(actual), required, ""});
}

std::string text(double number) { return fmt::format("{}", number); }

void check_update(const TrainerOptions& options) {
  const auto rate = [](const char* option, double value) {
    require(std::isfinite(value) && value >= 0, option, text(value), "a finite number >= 0");
  };
  if (options.clip_norm)
    require(*options.clip_norm > 0, "clip_norm", text(*options.clip_norm), "a number > 0, or none for no clipping");
  if (options.clip_value)
    require(*options.clip_value > 0, "clip_value", text(*options.clip_value), "a number > 0, or none for no clipping");
  require(!options.clip_norm || !options.clip_value, "clip_value", "given beside clip_norm", "one of the two");
  require(options.gradient_accumulation_steps > 0, "gradient_accumulation_steps", "0", "1 or more");
  if (options.ema_decay)
    require(*options.ema_decay >= 0 && *options.ema_decay < 1, "ema_decay", text(*options.ema_decay),
            "0 or more and less than 1, or none for no averages");
  for (const ParameterGroup& group : options.groups) {
    require(!group.weights.empty(), "a group", "without patterns of weights", "one or more");
    if (group.weight_decay) rate("the weight_decay of a group", *group.weight_decay);
    if (!group.learning_rate) continue;
    rate("the learning_rate of a group", *group.learning_rate);
    require(options.optimizer.learning_rate > 0, "the optimizer's learning_rate", "0",
            "above 0 where a group has a rate of its own, which is taken as a multiple of it");
  }
}

TrainerOptions checked(TrainerOptions options) {
  require(options.batch_size > 0, "batch_size", "0", "1 or more");
  require(options.tbptt_steps != 0U, "tbptt_steps", "0", "1 or more, or none where sequences are not cut");
  require(options.epochs > 0, "epochs", "0", "1 or more");
  require(options.threads <= 1024, "threads", fmt::format("{}", options.threads),
          "1 … 1024, or 0 for all of the machine");
  check_update(options);
  const Optimizer& optimizer = options.optimizer;
  require(optimizer.write && optimizer.set_factors, "the optimizer", "without write or set_factors", "both functions");
  require(std::isfinite(optimizer.learning_rate) && optimizer.learning_rate >= 0, "the optimizer's learning_rate",
          text(optimizer.learning_rate), "a finite number >= 0");
  require(options.target_scaling.mean.size() == options.target_scaling.std.size(), "target_scaling",
          "of different numbers of means and deviations", "one of each for every target");
  for (auto callback = options.callbacks.begin(); callback != options.callbacks.end(); ++callback) {
    require(*callback != nullptr, "a callback", "null", "callbacks");
    require(std::find(options.callbacks.begin(), callback, *callback) == callback, "a callback", "given twice",
            "each one once");
  }
  require(options.loss.write || options.loss.name.empty(), "the loss", options.loss.name + " without write",
          "the function that writes what a place costs");
  return options;
}

std::size_t shards_of(std::size_t batch_size) {
  const std::size_t rows = shard_rows(batch_size);
  return (batch_size + rows - 1) / rows;
}

Workers workers_for(const TrainerOptions& options) {
  const std::size_t of_machine = Workers::of_machine();
  const std::size_t threads = options.threads > 0 ? std::min(options.threads, of_machine) : of_machine;
  return Workers(std::min(threads, shards_of(options.batch_size)));
}

}  // namespace

std::size_t shard_rows(std::size_t batch_size) {
  constexpr std::size_t unit = 16;
  const std::size_t least = (batch_size + most_shards - 1) / most_shards;
  return std::max(unit, (least + unit - 1) / unit * unit);
}

Trainer::Implementation::Implementation(Sequential& of, TrainerOptions given)
    : model(&of),
      options(checked(std::move(given))),
      seed(options.seed.value_or(of.seed())),
      learning_rate(options.optimizer.learning_rate),
      workers(workers_for(options)) {}

void Trainer::Implementation::reserve(const Dataset& data, Compiled& compiled, const char* operation,
                                      std::size_t sequences) {
  if (!model->built()) {
    if (data.feature_count() == 0) validate(data, operation);
    model->build(static_cast<std::int64_t>(data.feature_count()));
  }
  check_fits(data, *model, operation);
  const bool cuts = data.longest() > segment_steps(data);
  if (cuts && compiled.kind == PassKind::gradients && data.schema.target_at != TargetAt::every_step)
    throw ConfigError({operation, "the target of a sequence", "that of its last step or of its whole recording",
                       fmt::format("one at every step, for the longest of {} steps is cut into segments of {}",
                                   data.longest(), *options.tbptt_steps),
                       data.schema.target_at == TargetAt::whole_recording
                           ? "Repeat it at each step with repeat_targets(), or leave tbptt_steps out."
                           : "Train on the target of every step (TargetAt::every_step), or leave tbptt_steps out."});
  if (classes && *classes != data.schema.classifies())
    throw ConfigError({operation, "the kind of targets", *classes ? "numbers" : "classes",
                       *classes ? "classes, as in the data before" : "numbers, as in the data before", ""});
  if (!classes) {
    nn::Loss chosen = loss_for(data, *model, options.loss, operation);
    check_outputs(data, *model, chosen, operation);
    check_targets(data, chosen, operation);
    loss = std::move(chosen);
    metrics = metrics_for(data, options.metrics, operation);
    const std::size_t scaled = options.target_scaling.columns();
    if (scaled > 0 && (data.schema.classifies() || scaled != data.schema.targets.size()))
      throw ConfigError({operation, "the number of columns of target_scaling", fmt::format("{}", scaled),
                         data.schema.classifies() ? "none, for the data have classes"
                                                  : fmt::format("{}, one a target", data.schema.targets.size()),
                         ""});
    classes = data.schema.classifies();
  } else {
    check_outputs(data, *model, loss, operation);
    check_targets(data, loss, operation);
  }
  if (parameters.entries.empty()) parameters = layout_of(*model, options.groups, options.frozen);

  DataNeeds needs = needs_of(data, options.batch_size, segment_steps(data));
  needs.sequences = std::max(needs.sequences, sequences);
  if (compiled.pass && covers(compiled.needs, needs)) return;
  const DataNeeds all = compiled.pass ? either(compiled.needs, needs) : needs;
  compiled.pass.reset();
  carry(compiled, all.sequences, operation);
  if (compiled.kind == PassKind::gradients) whole.reserve(all.sequences);
  has_gradients = has_gradients && compiled.kind != PassKind::gradients;
  compiled.pass = std::make_unique<Pass>(
      *model, parameters, workers,
      PassOptions{.kind = compiled.kind,
                  .layout = layout_for(data, *model, all, std::min(shard_rows(options.batch_size), all.sequences)),
                  .batch_size = all.sequences,
                  .accumulates = options.gradient_accumulation_steps > 1 && compiled.kind == PassKind::gradients,
                  .timespans = all.timespans && model->has_time(),
                  .lengths = all.lengths,
                  .loss = loss,
                  .carried = compiled.carried ? &*compiled.carried : nullptr,
                  .seed = seed,
                  .target = options.target,
                  .disable = options.disable});
  if (compiled.kind == PassKind::evaluation && !options.target_scaling.empty())
    compiled.unscaled.emplace(compiled.pass->options().layout);
  compiled.needs = all;
  if (compiled.kind == PassKind::gradients) make_update();
}

void Trainer::Implementation::make_update() {
  if (update) return;
  update = std::make_unique<UpdateStep>(parameters, options.optimizer,
                                        UpdateOptions{.clip_norm = options.clip_norm,
                                                      .clip_value = options.clip_value,
                                                      .ema_decay = options.ema_decay,
                                                      .groups = options.groups,
                                                      .target = options.target,
                                                      .disable = options.disable});
}

std::size_t Trainer::Implementation::segment_steps(const Dataset& data) const {
  return options.tbptt_steps.value_or(data.longest());
}

void Trainer::Implementation::carry(Compiled& compiled, std::size_t rows, const char* operation) {
  if (!options.tbptt_steps) return;
  if (!compiled.carried) compiled.carried.emplace(*model, operation);
  compiled.carried->grow(rows);
}

std::string Trainer::Implementation::where(const char* otherwise) const {
  return fitting ? fmt::format("fit, epoch {}, step {}", fitting->epoch(), steps + 1)
                 : fmt::format("{}, step {}", otherwise, steps + 1);
}

std::optional<std::string> Trainer::Implementation::first_not_finite_weight() const {
  for (const nn::WeightPtr& weight : model->weights()) {
    const Tensor& value = weight->value;
    if (const auto at = first_not_finite(value.data(), value.elements(), value.dtype()))
      return fmt::format("{} is {}", quote(weight->path), number_at(value.data(), *at, value.dtype()));
  }
  return std::nullopt;
}

void Trainer::Implementation::require_finite_weights(const std::string& place) const {
  if (const auto weight = first_not_finite_weight())
    throw Error(Complaint{place, "the weight " + *weight, "", "finite numbers",
                          fmt::format("Begin again from finite weights. {}", lower_the_rate)});
}

void Trainer::Implementation::require_finite(double value) const {
  const Dtype dtype = parameters.dtype;
  std::string gradient, trouble;  // of the first gradient that is not finite
  for (const auto& entry : parameters.entries) {
    const std::byte* numbers = training.pass->gradients() + parameters.byte_offset(entry);
    if (const auto at = first_not_finite(numbers, entry.count, dtype)) {
      gradient = "the gradient of " + quote(entry.weight->path);
      trouble = number_at(numbers, *at, dtype);
      break;
    }
  }
  if (std::isfinite(value) && gradient.empty()) return;
  require_finite_weights(where("gradients"));
  if (std::isfinite(value))
    throw Error(Complaint{where("gradients"), gradient, trouble, "finite numbers", lower_the_rate});
  const std::string also =
      gradient.empty() ? "though all weights and gradients are finite" : fmt::format("and {} {}", gradient, trouble);
  throw Error(Complaint{where("gradients"), "the loss", fmt::format("{}, {}", to_text(value), also), "finite numbers",
                        lower_the_rate});
}

void Trainer::Implementation::require_finite_evaluation(double value) const {
  if (std::isfinite(value)) return;
  const std::string place =
      fitting ? fmt::format("fit, epoch {}, validation", fitting->epoch()) : std::string("evaluate");
  const auto weight = first_not_finite_weight();
  throw Error(Complaint{place, "the loss",
                        weight ? fmt::format("{}, and the weight {}", to_text(value), *weight)
                               : fmt::format("{}, though all weights are finite", to_text(value)),
                        "finite numbers", lower_the_rate});
}

void Trainer::Implementation::apply() {
  if (!has_gradients)
    throw ConfigError({"apply", "the gradient", "not there", "that of a batch", "Call gradients(batch) first."});
  const double now = rate();
  if (options.schedule.ends_with_fit && !fitting)
    throw ConfigError({"apply", "the schedule " + to_string(options.schedule), "without a length of its own",
                       "one, in a loop of one's own", "Give it the number of updates."});
  if (!(std::isfinite(now) && now >= 0))
    throw ConfigError(
        {where("apply"), "the rate of schedule " + options.schedule.name, text(now), "a finite number >= 0", ""});
  has_gradients = false;
  update->run(steps + 1, now, training.pass->gradients());
  ++steps;
}

double Trainer::Implementation::rate() const {
  if (fitting)
    return options.schedule.at(
        {.learning_rate = learning_rate, .step = steps - fitting->first_step, .steps = fitting->steps});
  if (options.schedule.ends_with_fit) return learning_rate;
  return options.schedule.at({.learning_rate = learning_rate, .step = steps - outside_from});
}

UpdateStep& Trainer::Implementation::made_update(const char* operation) const {
  if (!update)
    throw ConfigError({operation, "the update", "not compiled yet", "memory taken for training",
                       "Call reserve(data) or fit(data) first."});
  return *update;
}

Trainer::Trainer(Sequential& model, TrainerOptions options)
    : implementation_(std::make_unique<Implementation>(model, std::move(options))) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

History Trainer::fit(const Dataset& training) { return implementation_->fit(*this, training, nullptr); }
History Trainer::fit(const Dataset& training, const Dataset& validation) {
  return implementation_->fit(*this, training, &validation);
}

void Trainer::save_checkpoint(const std::filesystem::path& file) { implementation_->save_checkpoint(file); }
void Trainer::resume(const std::filesystem::path& file) { implementation_->resume(file); }

Evaluation Trainer::evaluate(const Dataset& data) {
  implementation_->reserve(data, implementation_->evaluation, "evaluate");
  return implementation_->evaluate(data);
}

void Trainer::reserve(const Dataset& data) {
  implementation_->reserve(data, implementation_->training, "reserve");
  implementation_->seen = Implementation::Seen(data);
}

double Trainer::gradients(const Batch& batch) { return implementation_->gradients({&batch, 1}); }
double Trainer::gradients(std::span<const Batch> batches) { return implementation_->gradients(batches); }
void Trainer::apply() { implementation_->apply(); }

View Trainer::gradient(std::string_view path) {
  Implementation& self = *implementation_;
  if (!self.has_gradients)
    throw ConfigError({"gradient", "the gradient", "not there", "that of a batch", "Call gradients(batch) first."});
  std::vector<std::string> known;
  for (const auto& entry : self.parameters.entries) {
    if (entry.weight->path == path)
      return {self.training.pass->gradients() + self.parameters.byte_offset(entry), self.parameters.dtype,
              entry.weight->stored_shape()};
    known.push_back(entry.weight->path);
  }
  throw ConfigError({"gradient", "path", quote(path), "that of a trainable weight", suggest(path, known)});
}

double Trainer::gradient_norm() const {
  const Implementation& self = *implementation_;
  if (!self.has_gradients)
    throw ConfigError(
        {"gradient_norm", "the gradient", "not there", "that of a batch", "Call gradients(batch) first."});
  return norm_of(self.training.pass->gradients(), self.parameters.size, self.parameters.dtype);
}

void Trainer::swap_averages() {
  if (!implementation_->options.ema_decay)
    throw ConfigError(
        {"swap_averages", "ema_decay", "not given", "the decay of the averages", "Set it in the trainer's options."});
  implementation_->made_update("swap_averages");
  implementation_->show_averages(!implementation_->averages_shown);
}

std::uint64_t Trainer::step() const { return implementation_->steps; }
double Trainer::learning_rate() const { return implementation_->rate(); }
double Trainer::base_learning_rate() const { return implementation_->learning_rate; }
void Trainer::set_learning_rate(double rate) {
  if (!(std::isfinite(rate) && rate >= 0))
    throw ConfigError({"set_learning_rate", "rate", fmt::format("{}", rate), "a finite number >= 0", ""});
  implementation_->learning_rate = rate;
}
Sequential& Trainer::model() { return *implementation_->model; }
const TrainerOptions& Trainer::options() const { return implementation_->options; }

std::size_t Trainer::parameters() const {
  const Implementation& self = *implementation_;
  if (!self.parameters.entries.empty() || !self.model->built()) return self.parameters.count;
  return layout_of(*self.model, self.options.groups, self.options.frozen).count;
}

std::size_t Trainer::bytes() const {
  const Implementation& self = *implementation_;
  std::size_t bytes = 0;
  for (const auto* compiled : {&self.training, &self.evaluation}) {
    if (compiled->pass) bytes += compiled->pass->bytes();
    if (compiled->carried) bytes += compiled->carried->bytes();
    if (compiled->unscaled) bytes += compiled->unscaled->bytes();
  }
  return bytes + (self.update ? self.update->bytes() : 0);
}

UpdateBytes Trainer::update_bytes() const { return implementation_->made_update("update_bytes").bytes_a_parameter(); }

std::string Trainer::explain() const {
  const std::string update = implementation_->made_update("explain").explain();
  return "gradients of a shard\n" + implementation_->training.pass->executable().explain() + update;
}

}  // namespace elegans::train
