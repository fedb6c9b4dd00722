// Losses of probabilities, and of the scores that become some.

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "elegans/nn/losses.hpp"
#include "nn/loss_parts.hpp"

namespace elegans::nn {
namespace {

// x within [low, high], with slope 0 from there on, whatever comes from behind; NaN stays NaN.
Value clip(Value x, double low, double high) {
  const auto slope = [low, high](Value at, Value, Value g) {
    return select(less(constant(at, low), at) * less(at, constant(at, high)), g, constant(g, 0));
  };
  return with_gradient(maximum(constant(x, low), minimum(constant(x, high), x)), x, slope);
}

// 0 where the factor is, whatever the logarithm.
Value times_log(Value factor, Value x) { return select(factor, factor * log(x), constant(factor, 0)); }

Value smooth(Value t, double smoothing, double spread) { return smoothing > 0 ? t * (1 - smoothing) + spread : t; }

std::string settings_of(const CrossentropyOptions& options) {
  return fmt::format("label_smoothing {}, epsilon {}, {}", options.label_smoothing, options.epsilon,
                     options.predictions == Predictions::logits ? "logits" : "probabilities");
}

enum class Target { numbers, one_hot };

// Σ t (ln Σ exp p − p). The largest p is taken away first, and gets no gradient of its own. Scores whose t is 0 may be
// −∞. A one-hot t, smoothed or not, has the sum 1.
Value write_of_logits(Value p, Value t, Target target) {
  const Value scores = p - stop_gradient(reduce_max(p, -1, graph::Keep::yes));
  const Value log_sum = log(reduce_sum(exp(scores), -1));
  const Value own = reduce_sum(select(t, t * scores, constant(t, 0)), -1);
  return (target == Target::one_hot ? log_sum : reduce_sum(t, -1) * log_sum) - own;
}

Loss softmax_loss(const char* name, Targets targets, const CrossentropyOptions& options) {
  const auto target = targets == Targets::classes ? Target::one_hot : Target::numbers;
  return {.name = name,
          .settings = settings_of(options),
          .targets = targets,
          .write =
              [=, smoothing = options.label_smoothing, epsilon = options.epsilon, predictions = options.predictions](
                  Value p, Value t) {
                const std::int64_t classes = p.shape().back().factor();
                if (classes < 2)
                  throw ShapeError({name, "prediction", to_string(p.shape()), "scores of two classes or more",
                                    "binary_crossentropy takes one score for two classes."});
                t = smooth(t, smoothing, smoothing / static_cast<double>(classes));
                return predictions == Predictions::logits ? write_of_logits(p, t, target)
                                                          : -reduce_sum(times_log(t, clip(p, epsilon, 1)), -1);
              },
          .reduction = options.reduction,
          .class_weight = options.class_weight,
          .ignore_index = options.ignore_index,
          .predictions = options.predictions,
          .lowest_target = 0,
          .highest_target = 1};
}

// max(p, 0) − p t + ln(1 + exp(−|p|)), in this order: far out the first two are equal, and the last is all there is.
// The slope of max(p, 0) has a jump at 0 that belongs to the other part.
Value write_of_logit(Value p, Value t) {
  const Value rest =
      with_gradient(softplus(-abs(p)), p, [](Value x, Value, Value g) { return g * (sigmoid(x) - step(x)); });
  return relu(p) - p * t + rest;
}

void check(const char* name, const CrossentropyOptions& options) {
  require_option(name, "label_smoothing", options.label_smoothing,
                 options.label_smoothing >= 0 && options.label_smoothing <= 1, "a number from 0 to 1");
  require_option(name, "epsilon", options.epsilon, options.epsilon >= 0 && options.epsilon < 0.5,
                 "a number from 0 to below 0.5");
  for (const double weight : options.class_weight)
    require_option(name, "a class weight", weight, std::isfinite(weight) && weight >= 0, "a finite number >= 0");
}

}  // namespace

Loss categorical_crossentropy(CrossentropyOptions options) {
  check("categorical_crossentropy", options);
  return softmax_loss("categorical_crossentropy", Targets::either, options);
}

Loss sparse_categorical_crossentropy(CrossentropyOptions options) {
  check("sparse_categorical_crossentropy", options);
  return softmax_loss("sparse_categorical_crossentropy", Targets::classes, options);
}

Loss binary_crossentropy(CrossentropyOptions options) {
  check("binary_crossentropy", options);
  return {.name = "binary_crossentropy",
          .settings = settings_of(options),
          .targets = Targets::either,
          .write =
              [smoothing = options.label_smoothing, epsilon = options.epsilon, predictions = options.predictions](
                  Value p, Value t) {
                t = smooth(t, smoothing, smoothing / 2);
                if (predictions == Predictions::logits) return reduce_mean(write_of_logit(p, t), -1);
                const Value likely = clip(p, epsilon, 1 - epsilon);
                return -reduce_mean(times_log(t, likely) + times_log(1.0 - t, 1.0 - likely), -1);
              },
          .reduction = options.reduction,
          .class_weight = std::move(options.class_weight),
          .ignore_index = options.ignore_index,
          .predictions = options.predictions,
          .lowest_target = 0,
          .highest_target = 1};
}

Loss kl_divergence(EpsilonOptions options) {
  const double epsilon = options.epsilon;
  require_option("kl_divergence", "epsilon", epsilon, epsilon > 0 && epsilon < 1, "a number above 0 and below 1");
  return {.name = "kl_divergence",
          .settings = fmt::format("epsilon {}", epsilon),
          .write =
              [epsilon](Value p, Value t) {
                const Value actual = clip(t, epsilon, 1);
                return reduce_sum(actual * (log(actual) - log(clip(p, epsilon, 1))), -1);
              },
          .reduction = options.reduction,
          .lowest_target = 0,
          .highest_target = 1};
}

}  // namespace elegans::nn
