// Optimizers against the equations of the header written out here in long double: a thousand steps of each, with every
// option; and what their options refuse.

#include "elegans/train/optimizers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "data.hpp"
#include "elegans/train/schedule.hpp"
#include "support/message_of.hpp"
#include "two_weights.hpp"

namespace elegans::train {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using Real = long double;

// Hyper-parameters of all optimizers, under the names of the header's equations.
struct Naive {
  std::string name;
  Real beta_1 = 0, beta_2 = 0, epsilon = 0, momentum = 0, rho = 0, momentum_decay = 0, first_sum = 0, decay = 0;
  bool nesterov = false, centered = false, decoupled = false;

  std::vector<Real> theta = {}, m = {}, v = {}, a = {}, most = {};
  Real product = 1;

  void start(const std::vector<double>& weights) {
    theta.assign(weights.begin(), weights.end());
    m = a = most = std::vector<Real>(weights.size());
    v.assign(weights.size(), first_sum);
    product = 1;
  }

  // How many steps back roundings still count, with the steps of the two running means.
  Real memory() const {
    const auto of = [](Real decay) { return decay > 0 ? 1 / (1 - decay) : 0; };
    return of(beta_1) + of(beta_2) + of(momentum) + of(rho) + (name == "adagrad" ? 1000 : 0);
  }

  void step(std::vector<Real> g, int t, Real eta) {
    const Real mu = beta_1 * (1 - std::pow(0.96L, t * momentum_decay) / 2);
    const Real next_mu = beta_1 * (1 - std::pow(0.96L, (t + 1) * momentum_decay) / 2);
    product *= mu;
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (decoupled)
        theta[i] *= 1 - eta * decay;
      else
        g[i] += decay * theta[i];
      theta[i] -= moved(i, g[i], t, eta, mu, next_mu);
    }
  }

 private:
  Real moved(std::size_t i, Real g, int t, Real eta, Real mu, Real next_mu) {
    const Real c1 = 1 - std::pow(beta_1, t), c2 = 1 - std::pow(beta_2, t);
    if (name == "sgd") {
      m[i] = momentum * m[i] + g;
      return eta * (nesterov ? g + momentum * m[i] : m[i]);
    }
    if (name == "lion") {
      const Real direction = beta_1 * m[i] + (1 - beta_1) * g;
      m[i] = beta_2 * m[i] + (1 - beta_2) * g;
      return direction > 0 ? eta : direction < 0 ? -eta : 0;
    }
    if (name == "adagrad") {
      v[i] += g * g;
      return eta * g / (std::sqrt(v[i]) + epsilon);
    }
    if (name == "rmsprop") {
      v[i] = rho * v[i] + (1 - rho) * g * g;
      a[i] = rho * a[i] + (1 - rho) * g;
      m[i] = momentum * m[i] + g / (std::sqrt(centered ? v[i] - a[i] * a[i] : v[i]) + epsilon);
      return eta * m[i];
    }
    m[i] = beta_1 * m[i] + (1 - beta_1) * g;
    v[i] = beta_2 * v[i] + (1 - beta_2) * g * g;
    if (name == "nadam") {
      const Real d = std::sqrt(v[i] / c2) + epsilon;
      return eta * (1 - mu) / (1 - product) * g / d + eta * next_mu / (1 - product * next_mu) * m[i] / d;
    }
    most[i] = name == "amsgrad" ? std::max(most[i], v[i]) : v[i];
    return eta / c1 * m[i] / (std::sqrt(most[i]) / std::sqrt(c2) + epsilon);
  }
};

struct Case {
  Optimizer optimizer;
  Naive naive;
};

std::vector<Case> all_cases() {
  return {
      {SGD{.learning_rate = 0.05}, {.name = "sgd"}},
      {SGD{.learning_rate = 0.01, .momentum = 0.9}, {.name = "sgd", .momentum = 0.9L}},
      {SGD{.learning_rate = 0.01, .momentum = 0.8, .nesterov = true, .weight_decay = 0.1},
       {.name = "sgd", .momentum = 0.8L, .decay = 0.1L, .nesterov = true}},
      {SGD{.learning_rate = 0.01, .momentum = 0.5, .weight_decay = 0.2, .decoupled_weight_decay = true},
       {.name = "sgd", .momentum = 0.5L, .decay = 0.2L, .decoupled = true}},
      {Adam{}, {.name = "adam", .beta_1 = 0.9L, .beta_2 = 0.999L, .epsilon = 1e-8L}},
      {Adam{.learning_rate = 0.02, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1},
       {.name = "adam", .beta_1 = 0.8L, .beta_2 = 0.95L, .epsilon = 1e-3L, .decay = 0.1L}},
      {AdamW{.learning_rate = 0.01, .beta_2 = 0.99, .weight_decay = 0.3},
       {.name = "adam", .beta_1 = 0.9L, .beta_2 = 0.99L, .epsilon = 1e-8L, .decay = 0.3L, .decoupled = true}},
      {AMSGrad{.learning_rate = 0.01, .beta_2 = 0.5},
       {.name = "amsgrad", .beta_1 = 0.9L, .beta_2 = 0.5L, .epsilon = 1e-8L}},
      {AMSGrad{.beta_1 = 0.7, .beta_2 = 0.99, .weight_decay = 0.1},
       {.name = "amsgrad", .beta_1 = 0.7L, .beta_2 = 0.99L, .epsilon = 1e-8L, .decay = 0.1L}},
      {Nadam{}, {.name = "nadam", .beta_1 = 0.9L, .beta_2 = 0.999L, .epsilon = 1e-8L, .momentum_decay = 4e-3L}},
      {Nadam{.learning_rate = 0.01,
             .beta_2 = 0.97,
             .momentum_decay = 1,
             .weight_decay = 0.1,
             .decoupled_weight_decay = true},
       {.name = "nadam",
        .beta_1 = 0.9L,
        .beta_2 = 0.97L,
        .epsilon = 1e-8L,
        .momentum_decay = 1,
        .decay = 0.1L,
        .decoupled = true}},
      {RMSprop{}, {.name = "rmsprop", .epsilon = 1e-8L, .rho = 0.99L}},
      {RMSprop{.rho = 0.9, .epsilon = 1e-4, .momentum = 0.8, .centered = true, .weight_decay = 0.1},
       {.name = "rmsprop", .epsilon = 1e-4L, .momentum = 0.8L, .rho = 0.9L, .decay = 0.1L, .centered = true}},
      {Adagrad{}, {.name = "adagrad", .epsilon = 1e-10L}},
      {Adagrad{.learning_rate = 0.1, .epsilon = 1e-7, .initial_accumulator_value = 0.5, .weight_decay = 0.05},
       {.name = "adagrad", .epsilon = 1e-7L, .first_sum = 0.5L, .decay = 0.05L}},
      {Lion{.learning_rate = 1e-3}, {.name = "lion", .beta_1 = 0.9L, .beta_2 = 0.99L}},
      {Lion{.learning_rate = 1e-3, .beta_1 = 0.75, .beta_2 = 0.5, .weight_decay = 0.1},
       {.name = "lion", .beta_1 = 0.75L, .beta_2 = 0.5L, .decay = 0.1L, .decoupled = true}},
  };
}

struct Kind {
  const char* name;
  Dtype dtype;
  kernels::Target target;
};

class ThousandSteps : public ::testing::TestWithParam<Kind> {};

// A rate that rises for 100 steps and falls along half a cosine, written out.
Real rate_at(int t, Real eta) {
  if (t < 100) return eta * t / 100;
  return eta * (1 + std::cos(std::numbers::pi_v<Real> * std::min(Real(1), (t - 100) / Real(800)))) / 2;
}

std::vector<Real> clipped(const std::vector<double>& g, const UpdateOptions& options) {
  std::vector<Real> made(g.begin(), g.end());
  Real squares = 0;
  for (const Real x : made) squares += x * x;
  for (Real& x : made) {
    if (options.clip_norm) x *= std::min(Real(1), *options.clip_norm / std::sqrt(squares));
    if (options.clip_value) x = std::clamp<Real>(x, -*options.clip_value, *options.clip_value);
  }
  return made;
}

// A step is computed with an error of a dozen roundings of itself and, through the running means, of those of the steps
// before that still count; the weight it is taken from is rounded once, or three times with weight decay.
void compare(const Kind& kind, Case both, UpdateOptions options) {
  options.target = kind.target;
  TwoWeights two(kind.dtype);
  UpdateStep update(two.layout, both.optimizer, options);
  const Schedule schedule = CosineDecay{.warmup_steps = 100, .decay_steps = 800};
  Naive& naive = both.naive;
  naive.start(two.all());
  Draw draw(3);
  const Real epsilon =
      kind.dtype == Dtype::f32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  Real bound = 0, largest = 0;
  for (int t = 1; t <= 1000; ++t) {
    std::vector<double> g(16);
    const double size = std::exp(1.5 * draw());
    for (double& x : g) x = kind.dtype == Dtype::f32 ? static_cast<float>(size * draw()) : size * draw();
    g.back() = 0;
    two.set_gradients(g);
    const double rate =
        schedule.at({.learning_rate = both.optimizer.learning_rate, .step = static_cast<std::uint64_t>(t - 1)});
    update.run(static_cast<std::uint64_t>(t), rate, two.gradients.data());
    const std::vector<Real> before = naive.theta;
    naive.step(clipped(g, options), t, rate_at(t - 1, both.optimizer.learning_rate));
    const std::vector<double> found = two.all();
    Real moved = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      moved = std::max(moved, std::abs(naive.theta[i] - before[i]));
      largest = std::max(largest, std::abs(naive.theta[i]));
    }
    bound += epsilon * (1.5L * largest + (12 + 2 * naive.memory()) * moved);
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], static_cast<double>(naive.theta[i]), static_cast<double>(bound))
          << to_string(both.optimizer) << ", step " << t << ", number " << i;
  }
}

TEST_P(ThousandSteps, EqualTheEquations) {
  for (const Case& both : all_cases()) {
    compare(GetParam(), both, {});
    compare(GetParam(), both, {.clip_norm = 1.5});
    compare(GetParam(), both, {.clip_value = 0.5});
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ThousandSteps,
                         ::testing::Values(Kind{"f64_scalar", Dtype::f64, kernels::Target::scalar},
                                           Kind{"f64_best", Dtype::f64, kernels::Target::best},
                                           Kind{"f32_scalar", Dtype::f32, kernels::Target::scalar},
                                           Kind{"f32_best", Dtype::f32, kernels::Target::best}),
                         [](const auto& info) { return info.param.name; });

// What a checkpoint resumes at a step, without the steps before it, has the same factors.
TEST(Optimizer, FactorsDependOnTheStepAlone) {
  for (const Case& each : all_cases()) {
    const Optimizer &a = each.optimizer, b = each.optimizer;
    std::vector<double> one_by_one(a.factors.size()), at_once(a.factors.size());
    for (std::uint64_t t = 1; t <= 300; ++t) a.set_factors(t, 0.1, one_by_one);
    b.set_factors(300, 0.1, at_once);
    EXPECT_EQ(one_by_one, at_once) << a.name;
    a.set_factors(2, 0.1, one_by_one);
    Optimizer(each.optimizer).set_factors(2, 0.1, at_once);
    EXPECT_EQ(one_by_one, at_once) << a.name << ", back again";
  }
}

// Gradients that hardly change: v − a² is 0, or by rounding a little less.
TEST(Optimizer, CenteredRMSpropTakesNoRootOfLessThanNothing) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    TwoWeights two(dtype);
    UpdateStep update(two.layout, RMSprop{.rho = 0.5, .centered = true}, {});
    Draw draw(5);
    std::vector<double> g(16);
    for (double& x : g) x = draw();
    two.set_gradients(g);
    for (std::uint64_t t = 1; t <= 200; ++t) {
      update.run(t, 1e-12, two.gradients.data());
      for (const double weight : two.all()) ASSERT_TRUE(std::isfinite(weight)) << t;
    }
  }
}

TEST(Optimizer, OneOfOnesOwn) {
  TwoWeights two(Dtype::f64);
  const Optimizer sign_descent{.name = "sign",
                               .factors = {"rate"},
                               .set_factors = [](std::uint64_t, double rate, std::span<double> f) { f[0] = rate; },
                               .write =
                                   [](const UpdateInputs& in) {
                                     return Update{.parameters = in.parameters - in.factors[0] * sign(in.gradients)};
                                   }};
  two.set_gradient("bias", std::vector<double>{0.1, -7, 0, 3});
  UpdateStep(two.layout, sign_descent, {}).run(1, 0.5, two.gradients.data());
  EXPECT_EQ(two.weight(1).values(), (std::vector<double>{-0.5, 0.5, 0, -0.5}));
}

TEST(Optimizer, SayWhatTheyAre) {
  EXPECT_EQ(to_string(AdamW{.weight_decay = 0.1}),
            "adamw (beta_1 0.9, beta_2 0.999, epsilon 1e-08), weight_decay 0.1 decoupled");
  EXPECT_EQ(to_string(SGD{.momentum = 0.9, .nesterov = true, .weight_decay = 0.1}),
            "sgd (momentum 0.9, nesterov), weight_decay 0.1");
  EXPECT_EQ(to_string(RMSprop{.centered = true}), "rmsprop (rho 0.99, epsilon 1e-08, momentum 0, centered)");
  for (const std::string_view name : optimizer_names()) EXPECT_EQ(optimizer_named(name, 0.1).name, name);
}

TEST(Optimizer, ErrorsSayWhatToChange) {
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = Adam{.beta_1 = 1}; }),
            "Adam: beta_1 is 1; expected 0 or more and less than 1.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = Adam{.epsilon = 0}; }),
            "Adam: epsilon is 0; expected a finite number > 0.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = SGD{.learning_rate = -1}; }),
            "SGD: learning_rate is -1; expected a finite number >= 0.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = SGD{.momentum = -0.5}; }),
            "SGD: momentum is -0.5; expected 0 or more and less than 1.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = SGD{.nesterov = true}; }),
            "SGD: momentum is 0; expected above 0 where nesterov is set. Set momentum to 0.9, say.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = AdamW{.weight_decay = -0.1}; }),
            "AdamW: weight_decay is -0.1; expected a finite number >= 0.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = AMSGrad{.beta_2 = std::nan("")}; }),
            "AMSGrad: beta_2 is nan; expected 0 or more and less than 1.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = Nadam{.momentum_decay = -1}; }),
            "Nadam: momentum_decay is -1; expected a finite number >= 0.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = RMSprop{.rho = 1}; }),
            "RMSprop: rho is 1; expected 0 or more and less than 1.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = Adagrad{.initial_accumulator_value = -1}; }),
            "Adagrad: initial_accumulator_value is -1; expected a finite number >= 0.");
  EXPECT_EQ(message_of<ConfigError>([] { const Optimizer o = Lion{.beta_2 = 1.5}; }),
            "Lion: beta_2 is 1.5; expected 0 or more and less than 1.");
  EXPECT_THAT(message_of<ConfigError>([] { optimizer_named("adm", 0.1); }), HasSubstr("Did you mean 'adam'"));

  TwoWeights two(Dtype::f32);
  Optimizer forgetful = Adam{};
  forgetful.write = [](const UpdateInputs& in) { return Update{.parameters = in.parameters}; };
  EXPECT_THAT(message_of<ConfigError>([&] { UpdateStep(two.layout, forgetful, {}); }),
              HasSubstr("optimizer adam: the number of moments written is 0; expected 2, as it names."));
}

}  // namespace
}  // namespace elegans::train
