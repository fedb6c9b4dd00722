#include "elegans/nn/metrics.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::nn {
namespace {

const char* name_of(Metric::Kind kind) {
  switch (kind) {
    case Metric::accuracy:
      return "accuracy";
    case Metric::mean_absolute_error:
      return "mean_absolute_error";
    case Metric::root_mean_squared_error:
      return "root_mean_squared_error";
  }
  throw InternalError("a metric has no name");
}

template <class T>
double is_right(std::span<const T> p, std::int32_t label) {
  if (label < 0 || static_cast<std::size_t>(label) >= p.size()) return 0;
  const T own = p[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < p.size(); ++c) {
    const bool first = c < static_cast<std::size_t>(label);
    if (first ? p[c] >= own : p[c] > own) return 0;
  }
  return std::isnan(own) ? 0 : 1;
}

template <class T, class Each>
double mean_of(std::span<const T> p, std::span<const T> t, Each each) {
  double total = 0;
  for (std::size_t c = 0; c < p.size(); ++c) total += each(static_cast<double>(p[c]) - static_cast<double>(t[c]));
  return total / static_cast<double>(p.size());
}

void check(const char* metric, const View& predictions, const View& targets, const View& weights, bool classes) {
  const auto fail_dtype = [&](const char* argument, Dtype actual, std::string required) {
    throw DtypeError({metric, argument, std::string(to_string(actual)), std::move(required), ""});
  };
  const auto require_shape = [&](const char* argument, const Shape& actual, const Shape& required) {
    if (!(actual == required)) throw ShapeError({metric, argument, to_string(actual), to_string(required), ""});
  };
  if (!is_floating(predictions.dtype)) fail_dtype("predictions", predictions.dtype, "f32 or f64");
  if (const Dtype wanted = classes ? Dtype::i32 : predictions.dtype; targets.dtype != wanted)
    fail_dtype("targets", targets.dtype, std::string(to_string(wanted)));
  if (weights.dtype != predictions.dtype)
    fail_dtype("weights", weights.dtype, std::string(to_string(predictions.dtype)));
  if (predictions.shape.rank() < 2)
    throw ShapeError({metric, "predictions", to_string(predictions.shape), "[batch, ..., width]", ""});
  const Shape each = predictions.shape.removed(predictions.shape.rank() - 1);
  require_shape("targets", targets.shape, classes ? each : predictions.shape);
  require_shape("weights", weights.shape, each);
}

}  // namespace

Metric Metric::named(std::string_view name) {
  if (name == "mae") name = "mean_absolute_error";
  if (name == "rmse") name = "root_mean_squared_error";
  for (const Kind kind : {accuracy, mean_absolute_error, root_mean_squared_error})
    if (name == name_of(kind)) return Metric(kind);
  const std::vector<std::string> known{"accuracy", "mean_absolute_error", "mae", "root_mean_squared_error", "rmse"};
  throw ConfigError({"metric", "name", quote(name), "a known metric", suggest(name, known)});
}

std::string Metric::name() const { return name_of(kind_); }

void Metric::add(const View& predictions, const View& targets, const View& weights) {
  check(name_of(kind_), predictions, targets, weights, kind_ == accuracy);
  const auto width = static_cast<std::size_t>(predictions.shape.back().factor());
  ops::with_floating(predictions.dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::span<const T> p = predictions.as<T>();
    const std::span<const T> w = weights.as<T>();
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w[i] == 0) continue;
      const auto row = p.subspan(i * width, width);
      const auto numbers = [&] { return std::span<const T>(targets.as<T>()).subspan(i * width, width); };
      const double counted = kind_ == accuracy ? is_right(row, targets.as<std::int32_t>()[i])
                             : kind_ == mean_absolute_error
                                 ? mean_of(row, numbers(), [](double e) { return std::abs(e); })
                                 : mean_of(row, numbers(), [](double e) { return e * e; });
      sum_ += static_cast<double>(w[i]) * counted;
      weight_ += static_cast<double>(w[i]);
    }
  });
}

double Metric::value() const {
  const double mean = sum_ / weight_;
  return kind_ == root_mean_squared_error ? std::sqrt(mean) : mean;
}

}  // namespace elegans::nn
