#include <fmt/format.h>
#include <cmath>

#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {
namespace {

struct Betas {
  double beta_1, beta_2, epsilon;
};

struct Moments {
  Value m, v;
};

Moments moments(const UpdateInputs& in, const Betas& o) {
  return {mean(in.moments[0], o.beta_1, in.gradients), mean(in.moments[1], o.beta_2, square(in.gradients))};
}

// All but `write`.
Optimizer adam_like(const CommonOptions& common, const Betas& o) {
  Optimizer optimizer = optimizer_with(common);
  require_fraction(common.type, "beta_1", o.beta_1);
  require_fraction(common.type, "beta_2", o.beta_2);
  require_above_0(common.type, "epsilon", o.epsilon);
  optimizer.settings = fmt::format("beta_1 {}, beta_2 {}, epsilon {}", o.beta_1, o.beta_2, o.epsilon);
  optimizer.moments = {{"m"}, {"v"}};
  optimizer.factors = {"rate", "correction"};
  optimizer.set_factors = [o](std::uint64_t step, double rate, std::span<double> factors) {
    const auto t = static_cast<double>(step);
    factors[0] = rate / (1 - std::pow(o.beta_1, t));
    factors[1] = 1 / std::sqrt(1 - std::pow(o.beta_2, t));
  };
  return optimizer;
}

Optimizer adam(const CommonOptions& common, const Betas& o) {
  Optimizer optimizer = adam_like(common, o);
  optimizer.write = [o](const UpdateInputs& in) {
    const auto [m, v] = moments(in, o);
    const Value step = in.factors[0] * m / (sqrt(v) * in.factors[1] + o.epsilon);
    return Update{.parameters = in.parameters - step, .moments = {m, v}};
  };
  return optimizer;
}

// μₜ and Πₜ = μ₁⋯μₜ. The product of the last step is kept, so that one multiplication makes the next; after a jump
// (training resumed) it is made anew, factor by factor, and has the same bits.
class MomentumSchedule {
 public:
  MomentumSchedule(double beta_1, double decay) : beta_1_(beta_1), decay_(decay) {}
  double momentum(std::uint64_t t) const noexcept {
    return beta_1_ * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * decay_));
  }
  double product(std::uint64_t t) noexcept {
    if (t < step_) {
      step_ = 0;
      product_ = 1;
    }
    while (step_ < t) product_ *= momentum(++step_);
    return product_;
  }

 private:
  double beta_1_, decay_;
  std::uint64_t step_ = 0;
  double product_ = 1;
};

}  // namespace

Adam::operator Optimizer() const {
  return adam({"Adam", "adam", learning_rate, weight_decay, decay_of(decoupled_weight_decay)},
              {beta_1, beta_2, epsilon});
}

AdamW::operator Optimizer() const {
  return adam({"AdamW", "adamw", learning_rate, weight_decay, WeightDecay::decoupled}, {beta_1, beta_2, epsilon});
}

AMSGrad::operator Optimizer() const {
  const Betas o{beta_1, beta_2, epsilon};
  Optimizer optimizer =
      adam_like({"AMSGrad", "amsgrad", learning_rate, weight_decay, decay_of(decoupled_weight_decay)}, o);
  optimizer.moments.push_back({"v_max"});
  optimizer.write = [o](const UpdateInputs& in) {
    const auto [m, v] = moments(in, o);
    const Value v_max = maximum(in.moments[2], v);
    const Value step = in.factors[0] * m / (sqrt(v_max) * in.factors[1] + o.epsilon);
    return Update{.parameters = in.parameters - step, .moments = {m, v, v_max}};
  };
  return optimizer;
}

Nadam::operator Optimizer() const {
  const Betas o{beta_1, beta_2, epsilon};
  Optimizer optimizer = adam_like({"Nadam", "nadam", learning_rate, weight_decay, decay_of(decoupled_weight_decay)}, o);
  require_at_least_0("Nadam", "momentum_decay", momentum_decay);
  optimizer.settings += fmt::format(", momentum_decay {}", momentum_decay);
  optimizer.factors = {"rate of g", "rate of m", "correction"};
  optimizer.set_factors = [o, schedule = MomentumSchedule(beta_1, momentum_decay)](std::uint64_t step, double rate,
                                                                                   std::span<double> factors) mutable {
    const double now = schedule.momentum(step), next = schedule.momentum(step + 1), product = schedule.product(step);
    factors[0] = rate * (1 - now) / (1 - product);
    factors[1] = rate * next / (1 - product * next);
    factors[2] = 1 / std::sqrt(1 - std::pow(o.beta_2, static_cast<double>(step)));
  };
  optimizer.write = [o](const UpdateInputs& in) {
    const auto [m, v] = moments(in, o);
    const Value step = (in.factors[0] * in.gradients + in.factors[1] * m) / (sqrt(v) * in.factors[2] + o.epsilon);
    return Update{.parameters = in.parameters - step, .moments = {m, v}};
  };
  return optimizer;
}

}  // namespace elegans::train
