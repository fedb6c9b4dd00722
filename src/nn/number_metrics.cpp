// Metrics of numbers: sums of errors.

#include <algorithm>
#include <cmath>
#include <limits>

#include "elegans/nn/metrics.hpp"

namespace elegans::nn {
namespace {

constexpr double not_counted = std::numeric_limits<double>::quiet_NaN();

// Σ w mean f(p − t) / Σ w, and its root where that is asked for.
template <double (*f)(double)>
class MeanError final : public Metric::Count {
 public:
  explicit MeanError(double (*finish)(double)) : finish_(finish) {}

  void add(const MetricPlace& at) override {
    double total = 0;
    for (std::size_t c = 0; c < at.prediction.size(); ++c) total += f(at.prediction[c] - at.target[c]);
    sum_ += at.weight * (total / static_cast<double>(at.prediction.size()));
    weight_ += at.weight;
  }
  double value() const override { return weight_ > 0 ? finish_(sum_ / weight_) : not_counted; }
  void reset() override { sum_ = weight_ = 0; }
  std::unique_ptr<Count> clone() const override { return std::make_unique<MeanError>(*this); }

 private:
  double (*finish_)(double);
  double sum_ = 0, weight_ = 0;
};

double magnitude(double e) { return std::abs(e); }
double squared(double e) { return e * e; }
double itself(double x) { return x; }
double root(double x) { return std::sqrt(x); }

// Deviations from the mean are summed as numbers come (West, 1979): exactly 0 for a target that is always the same, and
// no digits are lost where the mean is large.
class ExplainedVariance final : public Metric::Count {
 public:
  void expect(const Expected& expected) override {
    columns_.assign(expected.outputs, {});
    reset();
  }

  void add(const MetricPlace& at) override {
    weight_ += at.weight;
    ++places_;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      Column& column = columns_[c];
      const double t = at.target[c], from_mean = t - column.mean;
      column.mean += at.weight / weight_ * from_mean;
      column.deviations += at.weight * from_mean * (t - column.mean);
      column.errors += at.weight * squared(at.prediction[c] - t);
    }
  }

  double value() const override {
    if (places_ < 2) return not_counted;
    double sum = 0;
    for (const Column& column : columns_)
      sum += column.deviations > 0 ? 1 - column.errors / column.deviations : column.errors == 0 ? 1 : 0;
    return sum / static_cast<double>(columns_.size());
  }

  void reset() override {
    std::fill(columns_.begin(), columns_.end(), Column{});
    weight_ = 0;
    places_ = 0;
  }
  std::unique_ptr<Count> clone() const override { return std::make_unique<ExplainedVariance>(*this); }

 private:
  struct Column {
    double mean = 0, deviations = 0, errors = 0;
  };
  std::vector<Column> columns_;
  double weight_ = 0;
  std::size_t places_ = 0;
};

}  // namespace

Metric Metric::mean_absolute_error() {
  return Metric("mean_absolute_error", Targets::numbers, Better::lower, std::make_unique<MeanError<magnitude>>(itself));
}
Metric Metric::root_mean_squared_error() {
  return Metric("root_mean_squared_error", Targets::numbers, Better::lower, std::make_unique<MeanError<squared>>(root));
}
Metric Metric::r2() { return Metric("r2", Targets::numbers, Better::higher, std::make_unique<ExplainedVariance>()); }

}  // namespace elegans::nn
