#include "elegans/nn/confusion_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/metric_places.hpp"

namespace elegans::nn {
namespace {

double share(double part, double of) { return of > 0 ? part / of : 0; }
double mean(double sum, double count) { return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN(); }

}  // namespace

std::optional<std::size_t> answer(std::span<const double> prediction, Predictions predictions) noexcept {
  if (prediction.size() == 1) {
    if (std::isnan(prediction[0])) return std::nullopt;
    return prediction[0] > (predictions == Predictions::logits ? 0 : 0.5) ? 1 : 0;
  }
  std::optional<std::size_t> best;
  for (std::size_t c = 0; c < prediction.size(); ++c)
    if (!std::isnan(prediction[c]) && (!best || prediction[c] > prediction[*best])) best = c;
  return best;
}

ConfusionMatrix::ConfusionMatrix(std::size_t classes)
    : counts_(classes * classes), occurs_(classes), answered_(classes) {}

void ConfusionMatrix::add(std::int32_t label, std::optional<std::size_t> answer, double weight) noexcept {
  total_ += weight;
  if (label < 0 || static_cast<std::size_t>(label) >= classes()) return;
  const auto row = static_cast<std::size_t>(label);
  occurs_[row] += weight;
  if (!answer || *answer >= classes()) return;
  answered_[*answer] += weight;
  counts_[row * classes() + *answer] += weight;
}

void ConfusionMatrix::add(const View& predictions, const View& labels, const View& weights, Predictions are) {
  check_places("confusion matrix", Targets::classes, predictions, labels, weights);
  const auto width = static_cast<std::size_t>(predictions.shape.back().factor());
  if (const std::size_t expected = width == 1 ? 2 : width; expected != classes())
    throw ShapeError({"confusion matrix", "predictions", to_string(predictions.shape),
                      std::to_string(classes()) + " numbers a place, one a class", ""});
  std::vector<double> prediction(width);
  for_each_place(Targets::classes, predictions, labels, weights, prediction, {},
                 [&](const MetricPlace& at) { add(at.label, answer(at.prediction, are), at.weight); });
}

void ConfusionMatrix::reset() {
  for (std::vector<double>* numbers : {&counts_, &occurs_, &answered_}) std::fill(numbers->begin(), numbers->end(), 0);
  total_ = 0;
}

double ConfusionMatrix::accuracy() const {
  double correct = 0;
  for (std::size_t c = 0; c < classes(); ++c) correct += at(c, c);
  return mean(correct, total_);
}

double ConfusionMatrix::precision(std::size_t label) const { return share(at(label, label), answered(label)); }
double ConfusionMatrix::recall(std::size_t label) const { return share(at(label, label), occurs(label)); }
double ConfusionMatrix::f1(std::size_t label) const {
  return share(2 * at(label, label), answered(label) + occurs(label));
}

double ConfusionMatrix::balanced_accuracy() const {
  double sum = 0, count = 0;
  for (std::size_t c = 0; c < classes(); ++c)
    if (occurs(c) > 0) sum += recall(c), ++count;
  return mean(sum, count);
}

double ConfusionMatrix::macro(double (ConfusionMatrix::*of)(std::size_t) const) const {
  double sum = 0, count = 0;
  for (std::size_t c = 0; c < classes(); ++c)
    if (occurs(c) > 0 || answered(c) > 0) sum += (this->*of)(c), ++count;
  return mean(sum, count);
}
double ConfusionMatrix::macro_precision() const { return macro(&ConfusionMatrix::precision); }
double ConfusionMatrix::macro_recall() const { return macro(&ConfusionMatrix::recall); }
double ConfusionMatrix::macro_f1() const { return macro(&ConfusionMatrix::f1); }

}  // namespace elegans::nn
