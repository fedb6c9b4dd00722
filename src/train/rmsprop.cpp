#include <fmt/format.h>

#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {

RMSprop::operator Optimizer() const {
  Optimizer optimizer =
      optimizer_with({"RMSprop", "rmsprop", learning_rate, weight_decay, decay_of(decoupled_weight_decay)});
  require_fraction("RMSprop", "rho", rho);
  require_above_0("RMSprop", "epsilon", epsilon);
  require_fraction("RMSprop", "momentum", momentum);
  optimizer.settings =
      fmt::format("rho {}, epsilon {}, momentum {}{}", rho, epsilon, momentum, centered ? ", centered" : "");
  optimizer.moments = {{"v"}};
  if (centered) optimizer.moments.push_back({"a"});
  if (momentum > 0) optimizer.moments.push_back({"momentum"});
  optimizer.factors = {"rate"};
  optimizer.set_factors = rate_alone;
  optimizer.write = [rho = rho, epsilon = epsilon, momentum = momentum, centered = centered](const UpdateInputs& in) {
    const Value& g = in.gradients;
    Update update{.parameters = {}, .moments = {mean(in.moments[0], rho, square(g))}};
    Value variance = update.moments[0];
    if (centered) {
      update.moments.push_back(mean(in.moments[1], rho, g));
      // Of gradients that hardly change, rounding may leave a little less than nothing.
      variance = maximum(variance - square(update.moments[1]), constant(variance, 0));
    }
    Value step = g / (sqrt(variance) + epsilon);
    if (momentum > 0) {
      step = in.moments.back() * momentum + step;
      update.moments.push_back(step);
    }
    update.parameters = in.parameters - in.factors[0] * step;
    return update;
  };
  return optimizer;
}

}  // namespace elegans::train
