#include <fmt/format.h>
#include <chrono>

#include "elegans/model/machine_kind.hpp"
#include "train/trainer_implementation.hpp"

namespace elegans::train {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The rows of `values` in the units of the data, in place.
void unscale(const model::Scaling& scaling, const View& values) {
  ops::with_floating(values.dtype, [&]<class T>(T) {
    const std::span<T> all = values.as<T>();
    const std::size_t width = scaling.columns();
    for (std::size_t at = 0; at < all.size(); at += width) {
      const std::span<T> row = all.subspan(at, width);
      model::unstandardise<T, T>(scaling, row, row);
    }
  });
}

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

// A mean over what counts, of the means over its parts.
struct RunningMean {
  double sum = 0, count = 0;
  void add(double mean, double of) {
    sum += mean * of;
    count += of;
  }
  double value() const { return count > 0 ? sum / count : 0; }
};

}  // namespace

Evaluation Trainer::Implementation::evaluate(const Dataset& data) {
  Pass& pass = *evaluation.pass;
  Batches batches({.sequences = data.size(), .batch_size = options.batch_size, .order = Order::sequential});
  RunningMean mean;
  const bool classifies = data.schema.classifies();
  const std::size_t width = classifies ? static_cast<std::size_t>(model->outputs()) : data.schema.targets.size();
  for (nn::Metric& metric : metrics)
    metric.expect({.outputs = width, .places = places_of(data), .predictions = loss.predictions});
  nn::ConfusionMatrix confusion(data.schema.classes.size());
  while (!batches.done()) {
    pass.run(data, batches.next(), 0);
    mean.add(pass.mean_loss(), pass.counted());
    for (std::size_t s = 0; s < pass.shards(); ++s) {
      const View targets = pass.shard(s).targets_view(), weights = pass.shard(s).weights_view();
      const View answers = columns(pass.answers(s), static_cast<std::size_t>(loss.point) * width, width);
      if (!options.target_scaling.empty()) {
        unscale(options.target_scaling, answers);
        unscale(options.target_scaling, targets);
      }
      for (nn::Metric& metric : metrics) metric.add(answers, targets, weights);
      if (classifies) confusion.add(answers, targets, weights, loss.predictions);
    }
  }
  require_finite_evaluation(mean.value());
  Evaluation found{.loss = mean.value()};
  for (const nn::Metric& metric : metrics) found.metrics.push_back({metric.name(), metric.value()});
  if (classifies) found.confusion = std::move(confusion);
  return found;
}

bool Trainer::Implementation::run_epoch(Trainer& self, const Dataset& data, const Dataset* validation, Batches& batches,
                                        History& history) {
  RunningMean mean;
  StepRecord record{.epoch = fit_epoch};
  for (batches.start(epochs); !batches.done();) {
    record.loss = gradients({data, batches.next()});
    apply();
    mean.add(training.pass->mean_loss(), training.pass->counted());
    record.step = steps;
    record.epoch_loss = mean.value();
    ++record.step_of_epoch;
    for (const CallbackPtr& callback : options.callbacks) callback->on_step(record);
  }
  ++epochs;
  EpochRecord epoch{.epoch = epochs, .step = steps, .loss = mean.value(), .learning_rate = learning_rate};
  if (validation) epoch.validation = evaluate(*validation);
  epoch.seconds = now() - fit_began;
  history.epochs.push_back(std::move(epoch));
  bool stops = false;
  for (const CallbackPtr& callback : options.callbacks)
    stops = callback->on_epoch(self, history.epochs.back()) == Next::stop || stops;
  return stops;
}

History Trainer::Implementation::fit(Trainer& self, const Dataset& data, const Dataset* validation) {
  reserve(data, training, "fit");
  seen = Seen(data);
  if (validation) reserve(*validation, evaluation, "fit, validation");

  Batches batches({.sequences = data.size(), .batch_size = options.batch_size, .seed = seed, .order = options.order});
  History history{.seed = seed, .machine_kind = model::machine_kind(options.target)};
  const FitPlan plan{.first_epoch = epochs + 1,
                     .epochs = options.epochs,
                     .steps_per_epoch = batches.per_epoch(),
                     .figures = figures_of(metrics, validation != nullptr),
                     .parameters = parameters.count,
                     .threads = workers.count(),
                     .seed = seed,
                     .machine_kind = history.machine_kind};
  std::size_t begun = 0;
  const auto end = [&](Ending ending) {
    fit_epoch = 0;
    history.ending = ending;
    while (begun > 0) options.callbacks[--begun]->on_end(self, history);
  };
  fit_began = now();
  try {
    for (const CallbackPtr& callback : options.callbacks) {
      ++begun;
      callback->on_start(self, plan);
    }
    bool stopped = false;
    for (std::uint64_t e = 0; e < options.epochs && !stopped; ++e) {
      fit_epoch = epochs + 1;
      stopped = run_epoch(self, data, validation, batches, history);
    }
    end(stopped ? Ending::stopped : Ending::all_epochs);
  } catch (...) {
    end(Ending::failed);
    throw;
  }
  return history;
}

}  // namespace elegans::train
