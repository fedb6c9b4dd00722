// Optimizers against loops written out here, and against torch.optim's golden numbers.

#include "elegans/train/optimizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data.hpp"
#include "elegans/nn/dense.hpp"
#include "support/goldens.hpp"
#include "support/message_of.hpp"
#include "train/update_step.hpp"

namespace elegans::train {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

// A model whose weights are a kernel [3, 4] and a bias [4], with flat gradients beside them.
struct TwoWeights {
  explicit TwoWeights(Dtype dtype, nn::Constraint constraint = {}) : model({.dtype = dtype}) {
    model.add(nn::Dense({.units = 4, .kernel_constraint = std::move(constraint)}));
    model.build(3);
    layout = layout_of(model);
    gradients = AlignedBuffer(layout.bytes());
  }
  Tensor& weight(std::size_t i) { return layout.entries[i].weight->value; }
  void set_gradient(std::size_t i, const Tensor& values) {
    const auto& entry = layout.entries[i];
    copy(values, View{gradients.data() + layout.byte_offset(entry), layout.dtype, entry.weight->stored_shape()});
  }

  Sequential model;
  ParameterLayout layout;
  AlignedBuffer gradients;
};

// Parameters as one list of numbers, updated by the equations of the header, in double.
struct Naive {
  std::vector<double> theta, m, v;
  explicit Naive(std::vector<double> start) : theta(std::move(start)), m(theta.size()), v(theta.size()) {}

  static void clip(std::vector<double>& g, double norm) {
    double squares = 0;
    for (const double x : g) squares += x * x;
    for (double& x : g) x *= std::min(1.0, norm / std::sqrt(squares));
  }
  void sgd(const std::vector<double>& g, const SGD& o) {
    for (std::size_t i = 0; i < g.size(); ++i) {
      m[i] = o.momentum * m[i] + g[i];
      theta[i] -= o.learning_rate * m[i];
    }
  }
  void adam(const std::vector<double>& g, const Adam& o, int t) {
    for (std::size_t i = 0; i < g.size(); ++i) {
      m[i] = o.beta_1 * m[i] + (1 - o.beta_1) * g[i];
      v[i] = o.beta_2 * v[i] + (1 - o.beta_2) * g[i] * g[i];
      theta[i] -= o.learning_rate / (1 - std::pow(o.beta_1, t)) * m[i] /
                  (std::sqrt(v[i]) / std::sqrt(1 - std::pow(o.beta_2, t)) + o.epsilon);
    }
  }
};

std::vector<double> all_weights(TwoWeights& two) {
  std::vector<double> all = two.weight(0).values();
  for (const double x : two.weight(1).values()) all.push_back(x);
  return all;
}

// 150 steps of both, with gradients of random size; the bound is steps × a few roundings of numbers up to `largest`.
template <class Method>
void compare_with_naive(Dtype dtype, const Optimizer& optimizer, std::optional<double> clip, Method&& method) {
  TwoWeights two(dtype);
  UpdateStep update(two.layout, optimizer, {.clip_norm = clip});
  Naive naive(all_weights(two));
  Draw draw(3);
  double largest = 1;
  constexpr int steps = 150;
  for (int t = 1; t <= steps; ++t) {
    std::vector<double> g(16);
    const double size = std::exp(3 * draw());
    for (double& x : g) x = dtype == Dtype::f32 ? static_cast<float>(size * draw()) : size * draw();
    g.back() = 0;
    two.set_gradient(0, Tensor::from({3, 4}, std::span(g).first(12), dtype));
    two.set_gradient(1, Tensor::from({4}, std::span(g).last(4), dtype));
    ASSERT_EQ(update.run(static_cast<std::uint64_t>(t), optimizer.learning_rate, two.gradients.data()), nullptr);
    if (clip) Naive::clip(g, *clip);
    method(naive, g, t);
    const std::vector<double> found = all_weights(two);
    for (std::size_t i = 0; i < found.size(); ++i) {
      largest = std::max(largest, std::abs(naive.theta[i]));
      const double epsilon =
          dtype == Dtype::f32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
      ASSERT_NEAR(found[i], naive.theta[i], 10 * t * epsilon * largest) << "step " << t << ", number " << i;
    }
  }
}

TEST(Optimizer, SgdEqualsItsEquations) {
  const SGD plain{.learning_rate = 0.05}, with_momentum{.learning_rate = 0.01, .momentum = 0.9};
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    compare_with_naive(dtype, plain, {}, [&](Naive& n, const auto& g, int) { n.sgd(g, plain); });
    compare_with_naive(dtype, with_momentum, {}, [&](Naive& n, const auto& g, int) { n.sgd(g, with_momentum); });
    compare_with_naive(dtype, with_momentum, 0.7, [&](Naive& n, const auto& g, int) { n.sgd(g, with_momentum); });
  }
}

TEST(Optimizer, AdamEqualsItsEquations) {
  const Adam defaults, own{.learning_rate = 0.02, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3};
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    compare_with_naive(dtype, defaults, {}, [&](Naive& n, const auto& g, int t) { n.adam(g, defaults, t); });
    compare_with_naive(dtype, own, {}, [&](Naive& n, const auto& g, int t) { n.adam(g, own, t); });
    compare_with_naive(dtype, own, 1.5, [&](Naive& n, const auto& g, int t) { n.adam(g, own, t); });
  }
}

std::optional<Optimizer> optimizer_of(const nlohmann::json& golden) {
  const auto& config = golden.at("config");
  if (config.value("weight_decay", 0.0) != 0 || (config.contains("clipping") && config["clipping"].contains("value")))
    return {};
  if (golden.at("optimizer") == "sgd" && !config.at("nesterov").get<bool>())
    return SGD{.learning_rate = config["learning_rate"], .momentum = config["momentum"]};
  if (golden.at("optimizer") == "adam")
    return Adam{.learning_rate = config["learning_rate"],
                .beta_1 = config["beta_1"],
                .beta_2 = config["beta_2"],
                .epsilon = config["epsilon"]};
  return {};
}

TEST(Optimizer, EqualsTheReference) {
  const auto goldens = testing::golden_file("optimizers.json");
  if (!goldens) GTEST_SKIP() << "../shared/spec/goldens/optimizers.json is absent";
  int compared = 0;
  for (const auto& golden : goldens->at("cases")) {
    const std::optional<Optimizer> optimizer = optimizer_of(golden);
    if (!optimizer) continue;
    ++compared;
    TwoWeights two(Dtype::f64);
    UpdateOptions options;
    if (golden["config"].contains("clipping"))
      options.clip_norm = golden["config"]["clipping"]["global_norm"].get<double>();
    UpdateStep update(two.layout, *optimizer, options);
    for (const std::size_t i : {0, 1})
      copy(testing::golden_tensor(golden["parameters"]["p" + std::to_string(i)]), two.weight(i));
    for (std::size_t t = 0; t < golden["learning_rates"].size(); ++t) {
      for (const std::size_t i : {0, 1})
        two.set_gradient(i, testing::golden_tensor(golden["gradients"][t]["p" + std::to_string(i)]));
      ASSERT_EQ(update.run(t + 1, golden["learning_rates"][t].get<double>(), two.gradients.data()), nullptr);
      for (const std::size_t i : {0, 1})
        testing::expect_close(two.weight(i),
                              testing::golden_tensor(golden["parameters_after"][t]["p" + std::to_string(i)]), 1e-12,
                              golden["name"].get<std::string>());
    }
  }
  EXPECT_EQ(compared, 8);
}

TEST(Optimizer, ClippingLeavesZeroGradientsAlone) {
  TwoWeights two(Dtype::f32);
  const std::vector<double> before = all_weights(two);
  UpdateStep update(two.layout, Adam{}, {.clip_norm = 1});
  ASSERT_EQ(update.run(1, 1e-3, two.gradients.data()), nullptr);
  EXPECT_EQ(all_weights(two), before);
}

TEST(Optimizer, ConstraintsHoldAfterEveryStep) {
  TwoWeights two(Dtype::f32, nn::non_negative());
  two.set_gradient(0, Tensor::from({3, 4}, std::vector<double>(12, 1.0)));
  two.set_gradient(1, Tensor::from({4}, std::vector<double>(4, 1.0)));
  copy(Tensor::from({3, 4}, {-1, 0.05, 0.5, 2, -1, 0.05, 0.5, 2, -1, 0.05, 0.5, 2}), two.weight(0));
  UpdateStep update(two.layout, SGD{.learning_rate = 0.25}, {});
  ASSERT_EQ(update.run(1, 0.25, two.gradients.data()), nullptr);
  EXPECT_EQ(two.weight(0).values(), (std::vector<double>{0, 0, 0.25, 1.75, 0, 0, 0.25, 1.75, 0, 0, 0.25, 1.75}));
  EXPECT_EQ(two.weight(1).values(), std::vector<double>(4, -0.25)) << "the bias has no constraint";
}

TEST(Optimizer, AnUpdateThatIsNotFiniteChangesNothing) {
  TwoWeights two(Dtype::f32);
  const std::vector<double> before = all_weights(two);
  two.set_gradient(1, Tensor::from({4}, {0, 1e30, 0, 0}));
  UpdateStep update(two.layout, SGD{.learning_rate = 1e20}, {});
  const nn::Weight* broken = update.run(1, 1e20, two.gradients.data());
  ASSERT_NE(broken, nullptr);
  EXPECT_EQ(broken->path, "dense/bias");
  EXPECT_EQ(all_weights(two), before);
}

TEST(Optimizer, OneOfOnesOwn) {
  TwoWeights two(Dtype::f64);
  const std::vector<double> before = all_weights(two);
  const Optimizer sign_descent{.name = "sign",
                               .factors = {"rate"},
                               .set_factors = [](std::uint64_t, double rate, std::span<double> f) { f[0] = rate; },
                               .write =
                                   [](const UpdateInputs& in) {
                                     return Update{.parameters = in.parameters - in.factors[0] * sign(in.gradients)};
                                   }};
  two.set_gradient(1, Tensor::from({4}, {0.1, -7, 0, 3}, Dtype::f64));
  UpdateStep(two.layout, sign_descent, {}).run(1, 0.5, two.gradients.data());
  EXPECT_EQ(two.weight(1).values(), (std::vector<double>{-0.5, 0.5, 0, -0.5}));
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
  EXPECT_THAT(message_of<ConfigError>([] { optimizer_named("adm", 0.1); }), HasSubstr("Did you mean 'adam'"));
  EXPECT_EQ(optimizer_named("sgd", 0.1).name, "sgd");

  TwoWeights two(Dtype::f32);
  Optimizer forgetful = Adam{};
  forgetful.write = [](const UpdateInputs& in) { return Update{.parameters = in.parameters}; };
  EXPECT_THAT(message_of<ConfigError>([&] { UpdateStep(two.layout, forgetful, {}); }),
              HasSubstr("optimizer adam: the number of moments written is 0; expected 2, as it names."));
}

}  // namespace
}  // namespace elegans::train
