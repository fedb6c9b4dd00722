#include <fmt/format.h>

#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {

Lion::operator Optimizer() const {
  Optimizer optimizer = optimizer_with({"Lion", "lion", learning_rate, weight_decay, WeightDecay::decoupled});
  require_fraction("Lion", "beta_1", beta_1);
  require_fraction("Lion", "beta_2", beta_2);
  optimizer.settings = fmt::format("beta_1 {}, beta_2 {}", beta_1, beta_2);
  optimizer.moments = {{"m"}};
  optimizer.factors = {"rate"};
  optimizer.set_factors = rate_alone;
  // Both means from one difference, β·m + (1 − β)·g = g + β·(m − g): what reads one value becomes one pass.
  optimizer.write = [beta_1 = beta_1, beta_2 = beta_2](const UpdateInputs& in) {
    const Value &g = in.gradients, difference = in.moments[0] - g;
    const Value step = in.factors[0] * sign(g + difference * beta_1);
    return Update{.parameters = in.parameters - step, .moments = {g + difference * beta_2}};
  };
  return optimizer;
}

}  // namespace elegans::train
