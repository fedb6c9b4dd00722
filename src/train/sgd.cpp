#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {

SGD::operator Optimizer() const {
  Optimizer optimizer = optimizer_with({"SGD", "sgd", learning_rate, weight_decay, decay_of(decoupled_weight_decay)});
  require_fraction("SGD", "momentum", momentum);
  if (nesterov && momentum == 0)
    throw ConfigError({"SGD", "momentum", "0", "above 0 where nesterov is set", "Set momentum to 0.9, say."});
  optimizer.settings = fmt::format("momentum {}{}", momentum, nesterov ? ", nesterov" : "");
  optimizer.factors = {"rate"};
  optimizer.set_factors = rate_alone;
  if (momentum == 0) {
    optimizer.write = [](const UpdateInputs& in) {
      return Update{.parameters = in.parameters - in.factors[0] * in.gradients};
    };
    return optimizer;
  }
  optimizer.moments = {{"momentum"}};
  optimizer.write = [momentum = momentum, nesterov = nesterov](const UpdateInputs& in) {
    const Value m = in.moments[0] * momentum + in.gradients;
    const Value step = nesterov ? in.gradients + m * momentum : m;
    return Update{.parameters = in.parameters - in.factors[0] * step, .moments = {m}};
  };
  return optimizer;
}

}  // namespace elegans::train
