#include "elegans/nn/losses.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/loss_parts.hpp"

namespace elegans::nn {

Loss mean_squared_error(LossOptions options) {
  return {.name = "mean_squared_error",
          .write = [](Value p, Value t) { return reduce_mean(square(p - t), -1); },
          .reduction = options.reduction};
}

Loss mean_absolute_error(LossOptions options) {
  return {.name = "mean_absolute_error",
          .write = [](Value p, Value t) { return reduce_mean(abs(p - t), -1); },
          .reduction = options.reduction};
}

// With c = min(|e|, δ) both branches are c (|e| − c/2), and the slope is e clipped to [−δ, δ].
Loss huber(HuberOptions options) {
  const double delta = options.delta;
  require_option("huber", "delta", delta, std::isfinite(delta) && delta > 0, "a finite number > 0");
  const auto slope = [delta](Value e, Value, Value g) {
    return g * maximum(constant(e, -delta), minimum(constant(e, delta), e));
  };
  return {.name = "huber",
          .settings = fmt::format("delta {}", delta),
          .write =
              [delta, slope](Value p, Value t) {
                const Value e = p - t, size = abs(e), capped = minimum(constant(e, delta), size);
                return reduce_mean(with_gradient(capped * (size - capped * 0.5), e, slope), -1);
              },
          .reduction = options.reduction};
}

Loss log_cosh(LossOptions options) {
  const auto slope = [](Value e, Value, Value g) { return g * tanh(e); };
  return {.name = "log_cosh",
          .write =
              [slope](Value p, Value t) {
                const Value e = p - t, size = abs(e);
                const Value l = size + softplus(size * -2.0) - std::numbers::ln2;
                return reduce_mean(with_gradient(l, e, slope), -1);
              },
          .reduction = options.reduction};
}

Loss hinge(LossOptions options) {
  return {.name = "hinge",
          .write = [](Value p, Value t) { return reduce_mean(relu(1.0 - t * p), -1); },
          .reduction = options.reduction,
          .lowest_target = -1,
          .highest_target = 1};
}

Loss squared_hinge(LossOptions options) {
  return {.name = "squared_hinge",
          .write = [](Value p, Value t) { return reduce_mean(square(relu(1.0 - t * p)), -1); },
          .reduction = options.reduction,
          .lowest_target = -1,
          .highest_target = 1};
}

Loss poisson(EpsilonOptions options) {
  const double epsilon = options.epsilon;
  require_option("poisson", "epsilon", epsilon, std::isfinite(epsilon) && epsilon > 0, "a finite number > 0");
  return {.name = "poisson",
          .settings = fmt::format("epsilon {}", epsilon),
          .write = [epsilon](Value p, Value t) { return reduce_mean(p - t * log(p + epsilon), -1); },
          .reduction = options.reduction,
          .lowest_target = 0};
}

Loss cosine_similarity(EpsilonOptions options) {
  const double epsilon = options.epsilon;
  require_option("cosine_similarity", "epsilon", epsilon, std::isfinite(epsilon) && epsilon > 0, "a finite number > 0");
  // The root of what is epsilon² at least, so that its slope is finite where p is 0.
  const auto norm = [epsilon](Value x) {
    const Value squares = reduce_sum(square(x), -1);
    return sqrt(maximum(squares, constant(squares, epsilon * epsilon)));
  };
  return {.name = "cosine_similarity",
          .settings = fmt::format("epsilon {}", epsilon),
          .write = [norm](Value p, Value t) { return -(reduce_sum(p * t, -1) / (norm(p) * norm(t))); },
          .reduction = options.reduction};
}

Loss quantile(QuantileOptions options) {
  const std::vector<double>& quantiles = options.quantiles;
  if (quantiles.empty()) throw ConfigError({"quantile", "quantiles", "empty", "one number or more", ""});
  for (const double q : quantiles)
    require_option("quantile", "quantiles", q, q > 0 && q < 1, "numbers above 0 and below 1");
  const auto nearest = std::min_element(quantiles.begin(), quantiles.end(),
                                        [](double a, double b) { return std::abs(a - 0.5) < std::abs(b - 0.5); });
  const std::int64_t point = nearest - quantiles.begin();
  const auto count = static_cast<std::int64_t>(quantiles.size());
  return {.name = "quantile",
          .settings = fmt::format("quantiles {}", fmt::join(quantiles, ", ")),
          .write =
              [quantiles = options.quantiles](Value p, Value t) {
                const auto width = static_cast<std::size_t>(p.shape().back().factor());
                std::vector<double> of_output(width);
                for (std::size_t i = 0; i < width; ++i) of_output[i] = quantiles[i * quantiles.size() / width];
                const std::vector<Value> targets(quantiles.size(), t);
                const Value e = p - concat(targets, -1);
                const Value q = constant(*p.graph, Tensor::from(Shape{p.shape().back()}, of_output, p.dtype()));
                return reduce_mean(abs(e) * select(less(e, constant(e, 0)), q, 1.0 - q), -1);
              },
          .reduction = options.reduction,
          .outputs_per_target = count,
          .point = point};
}

Loss gaussian_negative_log_likelihood(GaussianOptions options) {
  const double epsilon = options.epsilon;
  require_option("gaussian_negative_log_likelihood", "epsilon", epsilon, std::isfinite(epsilon) && epsilon > 0,
                 "a finite number > 0");
  const double lowest = std::log(epsilon);
  return {.name = "gaussian_negative_log_likelihood",
          .settings = fmt::format("epsilon {}", epsilon),
          .write =
              [lowest](Value p, Value t) {
                const std::int64_t width = t.shape().back().factor();
                const Value mean = slice(p, -1, 0, width), given = slice(p, -1, width, 2 * width);
                const Value log_variance = with_gradient(maximum(constant(given, lowest), given), given,
                                                         [](Value, Value, Value g) { return g; });
                return reduce_mean((log_variance + square(t - mean) * exp(-log_variance)) * 0.5, -1);
              },
          .reduction = options.reduction,
          .outputs_per_target = 2};
}

}  // namespace elegans::nn
