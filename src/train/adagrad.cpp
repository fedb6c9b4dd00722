#include <fmt/format.h>

#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {

Adagrad::operator Optimizer() const {
  Optimizer optimizer =
      optimizer_with({"Adagrad", "adagrad", learning_rate, weight_decay, decay_of(decoupled_weight_decay)});
  require_above_0("Adagrad", "epsilon", epsilon);
  require_at_least_0("Adagrad", "initial_accumulator_value", initial_accumulator_value);
  optimizer.settings = fmt::format("epsilon {}, initial_accumulator_value {}", epsilon, initial_accumulator_value);
  optimizer.moments = {{"sum", initial_accumulator_value}};
  optimizer.factors = {"rate"};
  optimizer.set_factors = rate_alone;
  optimizer.write = [epsilon = epsilon](const UpdateInputs& in) {
    const Value sum = in.moments[0] + square(in.gradients);
    return Update{.parameters = in.parameters - in.factors[0] * in.gradients / (sqrt(sum) + epsilon), .moments = {sum}};
  };
  return optimizer;
}

}  // namespace elegans::train
