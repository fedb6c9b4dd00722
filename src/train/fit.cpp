#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <limits>

#include "elegans/model/machine_kind.hpp"
#include "train/trainer_implementation.hpp"

namespace elegans::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Keeps the columns [first, first + width) of every row, in the same memory.
View columns(const View& values, std::size_t first, std::size_t width) {
  const auto all = static_cast<std::size_t>(values.shape.back().factor());
  if (all == width) return values;
  View kept = values;
  kept.shape = values.shape.removed(values.shape.rank() - 1)
                   .inserted(values.shape.rank() - 1, Dim(static_cast<std::int64_t>(width)));
  ops::with_floating(values.dtype, [&]<class T>(T) {
    const std::span<T> numbers = values.as<T>();
    for (std::size_t row = 0; row * all < numbers.size(); ++row)
      std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(row * all + first), width,
                  numbers.begin() + static_cast<std::ptrdiff_t>(row * width));
  });
  return kept;
}

// Places that a data set has at most, whether they count or not.
std::size_t places_of(const Dataset& data) {
  std::size_t places = 0;
  for (std::size_t s = 0; s < data.size(); ++s)
    places += data.schema.target_at == TargetAt::every_step ? data.steps(s) : 1;
  return places;
}

}  // namespace

Evaluation Trainer::Implementation::evaluate(const Dataset& data) {
  Pass& pass = *evaluation.pass;
  Segments segments(data, {.steps = segment_steps(data), .batch_size = options.batch_size, .order = Order::sequential});
  RunningMean mean;
  const bool classifies = data.schema.classifies();
  const std::size_t width = classifies ? static_cast<std::size_t>(model->outputs()) : data.schema.targets.size();
  for (nn::Metric& metric : metrics)
    metric.expect({.outputs = width, .places = places_of(data), .predictions = loss.predictions});
  nn::ConfusionMatrix confusion(data.schema.classes.size());
  while (!segments.done()) {
    const std::span<const Segment> batch = segments.next();
    const double counted = pass.counted(data, batch);
    pass.run(data, batch, 0, {.counted = counted, .segments = batch.size()});
    mean.add(pass.mean_of(pass.loss(), counted), counted);
    for (std::size_t s = 0; s < pass.shards(); ++s) {
      Places places{.answers = columns(pass.answers(s), static_cast<std::size_t>(loss.point) * width, width),
                    .targets = pass.shard(s).targets_view(),
                    .weights = pass.shard(s).weights_view()};
      if (evaluation.unscaled) places = evaluation.unscaled->of(options.target_scaling, places);
      for (nn::Metric& metric : metrics) metric.add(places.answers, places.targets, places.weights);
      if (classifies) confusion.add(places.answers, places.targets, places.weights, loss.predictions);
    }
  }
  require_finite_evaluation(mean.value());
  Evaluation found{.loss = mean.value()};
  for (const nn::Metric& metric : metrics) found.metrics.push_back({metric.name(), metric.value()});
  if (classifies) found.confusion = std::move(confusion);
  return found;
}

double Trainer::Implementation::Fitting::seconds() const { return seconds_before + now() - began; }

void Trainer::Implementation::at_save_point(Trainer& self, const EpochRecord* epoch) {
  for (const CallbackPtr& callback : options.callbacks) callback->on_save_point(self, {.step = steps, .epoch = epoch});
}

void Trainer::Implementation::run_updates(Trainer& self, Segments& segments) {
  const std::size_t together = options.gradient_accumulation_steps;
  // An epoch may have fewer batches than are asked for together, each of one segment or more.
  const std::size_t all = segments.segments(), rows = std::min(options.batch_size, fitting->training->size());
  std::vector<Batch> some;
  some.reserve(std::min(together, all));
  StepRecord record{.epoch = fitting->epoch(), .step_of_epoch = fitting->updates};
  // The segments of several batches together.
  std::vector<Segment> held;
  held.reserve(together < all / rows ? together * rows : all);
  segments.start(epochs);
  for (std::size_t update = 0; update < fitting->updates; ++update)
    for (std::size_t i = 0; i < together && !segments.done(); ++i) segments.next();
  while (!segments.done()) {
    some.clear();
    held.clear();
    while (some.size() < together && !segments.done()) {
      const std::span<const Segment> batch = segments.next();
      held.insert(held.end(), batch.begin(), batch.end());
      some.emplace_back(*fitting->training, std::span<const Segment>(held).last(batch.size()));
    }
    record.loss = gradients(some);
    apply();
    fitting->mean.add(training.pass->mean_of(record.loss, counted), counted);
    record.step = steps;
    record.epoch_loss = fitting->mean.count > 0 ? fitting->mean.value() : 0;
    record.step_of_epoch = ++fitting->updates;
    for (const CallbackPtr& callback : options.callbacks) callback->on_step(record);
    at_save_point(self, nullptr);
  }
}

void Trainer::Implementation::run_epoch(Trainer& self, Segments& segments) {
  run_updates(self, segments);
  require_finite_weights(fmt::format("fit, the end of epoch {}", fitting->epoch()));
  ++epochs;
  EpochRecord epoch{.epoch = epochs, .step = steps, .loss = fitting->mean.value(), .learning_rate = rate()};
  show_averages(true);
  if (fitting->validation) epoch.validation = evaluate(*fitting->validation);
  epoch.seconds = fitting->seconds();
  fitting->history.epochs.push_back(std::move(epoch));
  const EpochRecord& record = fitting->history.epochs.back();
  for (const CallbackPtr& callback : options.callbacks) {
    if (callback->on_epoch(self, record) != Next::stop) continue;
    fitting->stopped = true;
    fitting->stopped_for_good = !callback->verdict() || fitting->stopped_for_good;
  }
  show_averages(false);
  fitting->updates = 0;
  fitting->mean = {};
  at_save_point(self, &record);
}

void Trainer::Implementation::show_averages(bool shown) {
  if (!options.ema_decay || averages_shown == shown) return;
  update->swap_averages();
  averages_shown = shown;
}

// What it takes to start may not grow with the epochs that are asked for: with early stopping they are often far too many.
void Trainer::Implementation::count_steps(const Segments& segments) {
  const std::uint64_t first = fitting->first_epoch - 1, most = std::numeric_limits<std::uint64_t>::max();
  const std::size_t updates = updates_of(segments, first);
  fitting->steps_per_epoch = updates;
  fitting->steps = options.epochs <= most / updates ? options.epochs * updates : most;
  if (segments.epochs_are_alike() || !options.schedule.ends_with_fit) return;
  fitting->steps = 0;
  for (std::uint64_t e = 0; e < options.epochs; ++e) fitting->steps += updates_of(segments, first + e);
  fitting->steps_per_epoch = static_cast<std::size_t>((fitting->steps + options.epochs - 1) / options.epochs);
}

FitPlan Trainer::Implementation::plan_of() const {
  return {.first_epoch = fitting->first_epoch,
          .epochs = options.epochs,
          .steps_per_epoch = fitting->steps_per_epoch,
          .figures = figures_of(metrics, fitting->validation != nullptr),
          .parameters = parameters.count,
          .threads = workers.count(),
          .seed = seed,
          .machine_kind = fitting->history.machine_kind,
          .done = fitting->history.epochs,
          .steps_done = steps - fitting->first_step};
}

std::size_t Trainer::Implementation::updates_of(const Segments& segments, std::uint64_t epoch) const {
  const std::size_t together = options.gradient_accumulation_steps, batches = segments.batches(epoch);
  return batches / together + (batches % together > 0 ? 1 : 0);
}

std::exception_ptr Trainer::Implementation::end_fit(Trainer& self, std::size_t begun, Ending ending) {
  fitting->history.ending = ending;
  show_averages(false);
  if (options.ema_decay) update->take_averages();
  std::exception_ptr first;
  while (begun > 0) {
    try {
      options.callbacks[--begun]->on_end(self, fitting->history);
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  return first;
}

History Trainer::Implementation::fit(Trainer& self, const Dataset& data, const Dataset* validation) {
  if (fitting) throw ConfigError({"fit", "the trainer", "in a fit already", "one at a time", ""});
  reserve(data, training, "fit");
  seen = Seen(data);
  if (validation) reserve(*validation, evaluation, "fit, validation");

  Segments segments(
      data, {.steps = segment_steps(data), .batch_size = options.batch_size, .seed = seed, .order = options.order});
  fitting.emplace(Fitting{.training = &data, .validation = validation, .began = now()});
  fitting->history = {.seed = seed, .machine_kind = model::machine_kind(options.target)};
  fitting->first_epoch = epochs + 1;
  fitting->first_step = steps;
  std::size_t begun = 0;
  // Whatever happens, the fit is over.
  struct Over {
    Implementation& of;
    ~Over() {
      of.outside_from = of.steps;
      of.fitting.reset();
    }
  } over{*this};
  if (resumed) take_up(*resumed, segments);
  const std::unique_ptr<Checkpoint> from = std::move(resumed);
  count_steps(segments);
  try {
    const FitPlan plan = plan_of();
    for (const CallbackPtr& callback : options.callbacks) {
      ++begun;
      callback->on_start(self, plan);
    }
    if (from) load_states(self, *from);
    while (fitting->history.epochs.size() < options.epochs && !fitting->stopped) run_epoch(self, segments);
  } catch (...) {
    end_fit(self, begun, Ending::failed);  // an error of theirs would hide the one that training failed by
    throw;
  }
  if (const auto error = end_fit(self, begun, fitting->stopped ? Ending::stopped : Ending::all_epochs))
    std::rethrow_exception(error);
  return std::move(fitting->history);
}

}  // namespace elegans::train
