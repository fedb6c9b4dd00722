#include "elegans/nn/activation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/activation_functions.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;
using testing::random_tensor;

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

struct Known {
  const char* name;
  double (*oracle)(double x);
};

const std::vector<Known> known{
    {"linear", [](double x) { return x; }},
    {"relu", [](double x) { return std::max(x, 0.0); }},
    {"sigmoid", [](double x) { return sigma(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
    {"silu", [](double x) { return x * sigma(x); }},
    {"swish", [](double x) { return x * sigma(x); }},
    {"relu6", [](double x) { return std::min(std::max(x, 0.0), 6.0); }},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"elu", [](double x) { return x > 0 ? x : std::expm1(x); }},
    {"selu", [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }},
    {"gelu_tanh",
     [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x))); }},
    {"mish", [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); }},
    {"hard_sigmoid", [](double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; }},
    {"hard_tanh", [](double x) { return std::min(std::max(x, -1.0), 1.0); }},
    {"gelu", [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2.0)); }},
    {"exponential", [](double x) { return std::exp(x); }},
    {"lecun_tanh", [](double x) { return 1.7159 * std::tanh(2 * x / 3); }},
    {"lecun_tanh_ncps", [](double x) { return 1.7159 * std::tanh(0.666 * x); }},
};

// f(x) and its gradient for g = 1.
std::pair<Tensor, Tensor> values_and_slopes(const Activation& f, const Tensor& x) {
  graph::Graph g;
  const Value in = g.input("x", {x.dtype(), x.shape()});
  const Value y = f(in);
  g.output("y", y + 0.0);
  g.output("slope", graph::gradients(sum(y), std::vector{in})[0]);
  graph::Executable run = graph::compile(std::move(g), {});
  const View view = x;
  std::vector<Tensor> results = run(std::span(&view, 1));
  return {std::move(results[0]), std::move(results[1])};
}

// A few roundings each, of numbers up to e^4.
TEST(Activations, ComputeTheirFormulas) {
  const Tensor x = random_tensor({40}, 3, -4, 4);
  for (const Known& one : known) {
    const Tensor y = values_and_slopes(Activation(one.name), x).first;
    for (std::size_t i = 0; i < x.elements(); ++i) {
      const double expected = one.oracle(x.as<double>()[i]);
      EXPECT_NEAR(y.as<double>()[i], expected, 16 * 0x1p-52 * std::max(1.0, std::abs(expected))) << one.name;
    }
  }
}

TEST(Activations, HaveTheGradientsOfFiniteDifferences) {
  for (const Known& one : known) {
    SCOPED_TRACE(one.name);
    Tensor x = random_tensor({12}, 4, 0.1, 3);  // away from the kink of relu
    for (std::size_t i = 0; i < 12; i += 2) x.as<double>()[i] *= -1;
    testing::check_gradient({.inputs = {x}, .write = [&](const std::vector<Value>& in) {
                               return std::vector{Activation(one.name)(in[0])};
                             }});
  }
}

TEST(Activations, StayFiniteFarOut) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    const Tensor x = Tensor::from({7}, {-1e30, -800, -90, 0, 90, 800, 1e30}, dtype);
    std::vector<std::string> names{"softmax", "log_softmax"};
    for (const Known& one : known) names.emplace_back(one.name);
    for (const std::string& name : names) {
      if (name == "exponential") continue;
      const auto [y, slope] = values_and_slopes(Activation(name), x);
      for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_TRUE(std::isfinite(y.values()[i])) << name << " of " << x.values()[i];
        EXPECT_TRUE(std::isfinite(slope.values()[i])) << name << " of " << x.values()[i];
      }
    }
  }
}

TEST(Activations, HaveTheGivenSlopesAtTheirKinks) {
  const auto slope = [](const char* name, double at) {
    return values_and_slopes(name, Tensor::from({1}, {at}, Dtype::f64)).second.values()[0];
  };
  EXPECT_EQ(slope("relu", 0), 0);
  EXPECT_EQ(slope("relu6", 0), 0);
  EXPECT_EQ(slope("relu6", 6), 0);
  EXPECT_EQ(slope("relu6", 3), 1);
  EXPECT_EQ(slope("leaky_relu", 0), 0.2);
  EXPECT_EQ(slope("elu", 0), 1);
  EXPECT_EQ(slope("selu", 0), 1.0507009873554805 * 1.6732632423543772);
  EXPECT_EQ(slope("softsign", 0), 1);
  for (const double end : {-3.0, 3.0}) EXPECT_EQ(slope("hard_sigmoid", end), 0);
  for (const double end : {-1.0, 1.0}) EXPECT_EQ(slope("hard_tanh", end), 0);
}

TEST(Activations, LetNotANumberThrough) {
  for (const Known& one : known)
    EXPECT_TRUE(
        std::isnan(values_and_slopes(one.name, Tensor::from({1}, {std::nan("")}, Dtype::f64)).first.values()[0]))
        << one.name;
}

// e^{x_i} / Σ e^{x_j} along each axis, by loops.
TEST(Activations, SoftmaxGoesAlongAnyAxis) {
  const Tensor x = random_tensor({2, 3, 4}, 5, -3, 3);
  const std::vector<double> in = x.values();
  const std::size_t sizes[] = {2, 3, 4}, strides[] = {12, 4, 1};
  for (std::int64_t axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    const std::vector<double> p = values_and_slopes([&](Value v) { return softmax(v, axis - 3); }, x).first.values(),
                              logs = values_and_slopes([&](Value v) { return log_softmax(v, axis); }, x).first.values();
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::size_t first = i - i / strides[a] % sizes[a] * strides[a];
      double sum = 0;
      for (std::size_t k = 0; k < sizes[a]; ++k) sum += std::exp(in[first + k * strides[a]]);
      EXPECT_NEAR(p[i], std::exp(in[i]) / sum, 16 * 0x1p-52);
      EXPECT_NEAR(logs[i], in[i] - std::log(sum), 32 * 0x1p-52);
    }
    for (const bool logarithm : {false, true})
      testing::check_gradient({.inputs = {x}, .write = [&](const std::vector<Value>& v) {
                                 return std::vector{logarithm ? log_softmax(v[0], axis) : softmax(v[0], axis)};
                               }});
  }
}

TEST(Activations, AreMadeFromEnumerators) {
  EXPECT_EQ(Activation(Activation::gelu).name(), "gelu");
  EXPECT_EQ(Activation().name(), "linear");
  EXPECT_EQ(Activation("swish").name(), "silu");
  EXPECT_TRUE(Activation("relu").is(Activation::relu));
}

TEST(Activations, MeanAnotherConstantInNcps) {
  EXPECT_TRUE(as_in_ncps("lecun_tanh").is(Activation::lecun_tanh_ncps));
  EXPECT_TRUE(as_in_ncps("tanh").is(Activation::tanh));
}

TEST(Activations, AnUnknownNameIsSuggested) {
  const std::string message = message_of<ConfigError>([] { Activation a("sigmoyd"); });
  EXPECT_EQ(message,
            "activation: the activation is 'sigmoyd'; expected a known activation. Did you mean 'sigmoid'? One's own "
            "is made known "
            "by register_activation().");
}

TEST(OwnActivation, TrainsAndKeepsItsOwnGradient) {
  const Activation doubled = [](Value x) { return x * 2.0; };
  const Activation marked = Activation::Own{.function = [](Value x) { return x * 2.0; },
                                            .gradient = [](Value, Value, Value g) { return g * 7.0; }};
  const Tensor x = Tensor::from({2}, {1, 2}, Dtype::f64);
  EXPECT_EQ(values_and_slopes(doubled, x).first.values(), (std::vector<double>{2, 4}));
  EXPECT_EQ(values_and_slopes(doubled, x).second.values(), (std::vector<double>{2, 2}));
  EXPECT_EQ(values_and_slopes(marked, x).first.values(), (std::vector<double>{2, 4}));
  EXPECT_EQ(values_and_slopes(marked, x).second.values(), (std::vector<double>{7, 7}));
}

TEST(OwnActivation, IsSavedByItsRegisteredName) {
  const Activation::Function cube = [](Value x) { return x * x * x; };
  EXPECT_EQ(message_of<ConfigError>([&] { to_config(Activation(cube), "head"); }),
            "head: activation is a function without a name; expected one that can be saved. Make it known by "
            "register_activation(\"name\", function) at the start of the program, and pass the name.");
  register_activation("cube_of_test", {.function = cube});
  EXPECT_EQ(to_config(Activation("cube_of_test"), "head"), "cube_of_test");
  EXPECT_EQ(values_and_slopes("cube_of_test", Tensor::from({1}, {2}, Dtype::f64)).first.values()[0], 8);
  EXPECT_EQ(message_of<ConfigError>([&] { register_activation("cube_of_test", {.function = cube}); }),
            "register_activation: name is 'cube_of_test', which is taken; expected a new name. Register once, at the "
            "start of "
            "the program.");
  EXPECT_THROW(register_activation("relu", {.function = cube}), ConfigError);
  EXPECT_THROW(register_activation("", {.function = cube}), ConfigError);
  EXPECT_THROW(register_activation("none_of_test", {}), ConfigError);
}

TEST(OwnActivation, MustKeepTheShape) {
  graph::Graph g;
  const Value x = g.input("x", {Dtype::f32, {2, 3}});
  const Activation summing = [](Value v) { return sum(v); };
  EXPECT_EQ(message_of<ShapeError>([&] { summing(x); }),
            "activation: the result is []; expected [2, 3], as its argument is.");
}

}  // namespace
}  // namespace elegans::nn
