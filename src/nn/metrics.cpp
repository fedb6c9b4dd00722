#include "elegans/nn/metrics.hpp"

#include <fmt/format.h>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "nn/class_metrics.hpp"
#include "nn/metric_places.hpp"

namespace elegans::nn {

void check_places(const std::string& what, Targets kind, const View& predictions, const View& targets,
                  const View& weights) {
  const bool classes = kind == Targets::classes;
  const auto require_dtype = [&](const char* argument, Dtype actual, Dtype required) {
    if (actual != required)
      throw DtypeError({what, argument, std::string(to_string(actual)), std::string(to_string(required)), ""});
  };
  const auto require_shape = [&](const char* argument, const Shape& actual, const Shape& required) {
    if (!(actual == required)) throw ShapeError({what, argument, to_string(actual), to_string(required), ""});
  };
  if (!is_floating(predictions.dtype))
    throw DtypeError({what, "predictions", std::string(to_string(predictions.dtype)), "f32 or f64", ""});
  require_dtype("targets", targets.dtype, classes ? Dtype::i32 : predictions.dtype);
  require_dtype("weights", weights.dtype, predictions.dtype);
  if (predictions.shape.rank() < 2 || predictions.shape.back() == Dim(0))
    throw ShapeError({what, "predictions", to_string(predictions.shape), "[batch, ..., width]", ""});
  const Shape each = predictions.shape.removed(predictions.shape.rank() - 1);
  require_shape("targets", targets.shape, classes ? each : predictions.shape);
  require_shape("weights", weights.shape, each);
}

Metric::Metric(std::string name, Targets targets, Better better, std::unique_ptr<Count> count)
    : name_(std::move(name)), targets_(targets), better_(better), count_(std::move(count)) {
  if (targets_ == Targets::either)
    throw ConfigError({name_, "targets", "either", "numbers or classes: a metric counts one of them", ""});
}

Metric::Metric(const Metric& other) : Metric(other.name_, other.targets_, other.better_, other.count_->clone()) {
  outputs_ = other.outputs_;
  prediction_ = other.prediction_;
  target_ = other.target_;
}

Metric& Metric::operator=(const Metric& other) { return *this = Metric(other); }

Metric Metric::named(std::string_view name, std::span<const std::string> classes) {
  if (name == "mean_absolute_error" || name == "mae") return mean_absolute_error();
  if (name == "root_mean_squared_error" || name == "rmse") return root_mean_squared_error();
  if (name == "r2") return r2();
  if (name == "accuracy") return accuracy();
  if (name == "balanced_accuracy") return balanced_accuracy();
  if (name == "roc_auc") return roc_auc();
  if (auto metric = class_metric_named(name, classes)) return std::move(*metric);
  const std::vector<std::string> known{"mean_absolute_error",
                                       "mae",
                                       "root_mean_squared_error",
                                       "rmse",
                                       "r2",
                                       "accuracy",
                                       "balanced_accuracy",
                                       "precision",
                                       "precision_macro",
                                       "recall",
                                       "recall_macro",
                                       "f1",
                                       "f1_macro",
                                       "roc_auc"};
  throw ConfigError({"metric", "name", quote(name), "a known metric", suggest(name, known)});
}

void Metric::expect(const Expected& expected) {
  count_->expect(expected);
  count_->reset();
  outputs_ = expected.outputs;
  prediction_.assign(outputs_, 0);
  target_.assign(targets_ == Targets::numbers ? outputs_ : 0, 0);
}

void Metric::add(const View& predictions, const View& targets, const View& weights) {
  check_places(name_, targets_, predictions, targets, weights);
  const auto width = static_cast<std::size_t>(predictions.shape.back().factor());
  if (outputs_ == 0) expect({.outputs = width});
  if (width != outputs_)
    throw ShapeError({name_, "predictions", to_string(predictions.shape),
                      fmt::format("{} numbers a place, as before", outputs_), ""});
  for_each_place(targets_, predictions, targets, weights, prediction_, target_,
                 [&](const MetricPlace& place) { count_->add(place); });
}

}  // namespace elegans::nn
