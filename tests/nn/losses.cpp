// Each loss against its formula in long double, and its gradient against finite differences.

#include "elegans/nn/losses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/gradient.hpp"
#include "evaluate_loss.hpp"
#include "support/check_gradient.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::message_of;
using testing::random_tensor;

using Real = long double;
using Row = std::span<const double>;

const double nan = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

// l of one place, in the plainest way.
using Formula = Real (*)(Row p, Row t);

template <class Each>
Real mean(Row p, Row t, Each each) {
  Real total = 0;
  for (std::size_t c = 0; c < p.size(); ++c) total += each(Real(p[c]), Real(t[c]));
  return total / Real(p.size());
}

Real log_softmax(Row p, std::size_t at) {
  Real total = 0;
  for (const double x : p) total += std::exp(Real(x) - Real(p[at]));
  return -std::log(total);
}

struct Case {
  Loss loss;
  Formula formula;
  double low = -3, high = 3;  // of predictions
  double target_low = -3, target_high = 3;
  std::int64_t targets = 4;  // numbers of one
};

// Predictions [2, 3, 4].
std::vector<Case> cases() {
  return {
      {mean_squared_error(), [](Row p, Row t) { return mean(p, t, [](Real a, Real b) { return (a - b) * (a - b); }); }},
      {mean_absolute_error(), [](Row p, Row t) { return mean(p, t, [](Real a, Real b) { return std::abs(a - b); }); }},
      {huber({.delta = 0.75}),
       [](Row p, Row t) {
         return mean(p, t, [](Real a, Real b) {
           const Real e = std::abs(a - b);
           return e <= 0.75L ? e * e / 2 : 0.75L * e - 0.75L * 0.75L / 2;
         });
       }},
      {log_cosh(), [](Row p, Row t) { return mean(p, t, [](Real a, Real b) { return std::log(std::cosh(a - b)); }); }},
      {quantile({.quantiles = {0.2}}),
       [](Row p, Row t) {
         return mean(p, t, [](Real a, Real b) { return std::max(Real(0.2) * (b - a), (Real(0.2) - 1) * (b - a)); });
       }},
      {quantile({.quantiles = {0.1, 0.75}}),
       [](Row p, Row t) {
         Real total = 0;
         for (std::size_t c = 0; c < 4; ++c) {
           const Real q = c < 2 ? 0.1 : 0.75, e = Real(t[c % 2]) - Real(p[c]);
           total += std::max(q * e, (q - 1) * e);
         }
         return total / 4;
       },
       -3, 3, -3, 3, 2},
      {poisson(),
       [](Row p, Row t) { return mean(p, t, [](Real a, Real b) { return a - b * std::log(a + Real(1e-7)); }); }, 0.1, 3,
       0, 5},
      {gaussian_negative_log_likelihood(),
       [](Row p, Row t) {
         Real total = 0;
         for (std::size_t c = 0; c < 2; ++c) {
           const Real e = Real(t[c]) - Real(p[c]);
           total += (Real(p[2 + c]) + e * e / std::exp(Real(p[2 + c]))) / 2;
         }
         return total / 2;
       },
       -3, 3, -3, 3, 2},
      {cosine_similarity(),
       [](Row p, Row t) {
         Real dot = 0, pp = 0, tt = 0;
         for (std::size_t c = 0; c < 4; ++c) dot += Real(p[c]) * t[c], pp += Real(p[c]) * p[c], tt += Real(t[c]) * t[c];
         return -dot / std::sqrt(pp * tt);
       }},
      {hinge(), [](Row p, Row t) { return mean(p, t, [](Real a, Real b) { return std::max(1 - a * b, Real(0)); }); }},
      {squared_hinge(),
       [](Row p, Row t) {
         return mean(p, t, [](Real a, Real b) { return std::pow(std::max(1 - a * b, Real(0)), Real(2)); });
       }},
      {kl_divergence(), [](Row p, Row t) { return 4 * mean(p, t, [](Real a, Real b) { return b * std::log(b / a); }); },
       0.05, 0.95, 0.05, 0.95},
      {binary_crossentropy({.label_smoothing = 0.25}),
       [](Row p, Row t) {
         return mean(p, t, [](Real a, Real b) {
           const Real soft = b * 0.75L + 0.125L, likely = 1 / (1 + std::exp(-a));
           return -(soft * std::log(likely) + (1 - soft) * std::log(1 - likely));
         });
       },
       -3, 3, 0, 1},
      {binary_crossentropy({.predictions = Predictions::probabilities}),
       [](Row p, Row t) {
         return mean(p, t, [](Real a, Real b) { return -(b * std::log(a) + (1 - b) * std::log(1 - a)); });
       },
       0.05, 0.95, 0, 1},
      {categorical_crossentropy({.label_smoothing = 0.25}),
       [](Row p, Row t) {
         Real total = 0;
         for (std::size_t c = 0; c < 4; ++c) total -= (t[c] * 0.75L + 0.25L / 4) * log_softmax(p, c);
         return total;
       },
       -3, 3, 0, 1},
      {categorical_crossentropy({.predictions = Predictions::probabilities}),
       [](Row p, Row t) { return 4 * mean(p, t, [](Real a, Real b) { return -b * std::log(a); }); }, 0.05, 0.95, 0, 1},
  };
}

TEST(Losses, ComputeTheirFormulas) {
  for (Case& test : cases()) {
    test.loss.reduction = Reduction::none;
    for (const Dtype dtype : {Dtype::f64, Dtype::f32}) {
      const Tensor p = random_tensor({2, 3, 4}, 1, test.low, test.high).to(dtype);
      const Tensor t = random_tensor({2, 3, test.targets}, 2, test.target_low, test.target_high).to(dtype);
      const std::vector<double> actual = evaluate(test.loss, p, t).loss, ps = p.values(), ts = t.values();
      const auto width = static_cast<std::size_t>(test.targets);
      for (std::size_t i = 0; i < 6; ++i) {
        const auto expected =
            static_cast<double>(test.formula(Row(ps).subspan(i * 4, 4), Row(ts).subspan(i * width, width)));
        // A few dozen roundings of numbers up to about 20.
        const double bound = 32 * 20 * (dtype == Dtype::f64 ? 0x1p-53 : 0x1p-24);
        EXPECT_NEAR(actual[i], expected, bound) << test.loss.name << ", place " << i;
      }
    }
  }
}

// With respect to predictions and targets, with weights, a mean and no reduction.
TEST(Losses, HaveTheGradientsOfFiniteDifferences) {
  for (const Case& test : cases())
    for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
      Loss loss = test.loss;
      loss.reduction = reduction;
      SCOPED_TRACE(loss.name);
      testing::check_gradient({.inputs = {random_tensor({2, 3, 4}, 1, test.low, test.high),
                                          random_tensor({2, 3, test.targets}, 2, test.target_low, test.target_high),
                                          random_tensor({2, 3}, 3, 0.2, 2)},
                               .write = [&](const std::vector<Value>& in) {
                                 return std::vector{loss(in[0], in[1], {.sample_weight = in[2]})};
                               }});
    }
}

TEST(SparseCategoricalCrossentropy, IsTheOneOfOneHotTargets) {
  const Tensor p = random_tensor({2, 3, 4}, 1, -3, 3), label = labels({2, 3}, {0, 3, 1, 2, 2, 0});
  Tensor one_hot(Shape{2, 3, 4}, Dtype::f64);
  for (double& x : one_hot.as<double>()) x = 0;
  for (std::size_t i = 0; i < 6; ++i)
    one_hot.as<double>()[i * 4 + static_cast<std::size_t>(label.as<std::int32_t>()[i])] = 1;
  for (const double smoothing : {0.0, 0.25})
    for (const Predictions predictions : {Predictions::logits, Predictions::probabilities}) {
      const CrossentropyOptions options{.label_smoothing = smoothing, .predictions = predictions};
      const Evaluated dense = evaluate(categorical_crossentropy(options), p, one_hot);
      for (const Loss& loss : {sparse_categorical_crossentropy(options), categorical_crossentropy(options)}) {
        const Evaluated sparse = evaluate(loss, p, label);
        EXPECT_NEAR(sparse.loss[0], dense.loss[0], 32 * 0x1p-52 * std::abs(dense.loss[0]));
        for (std::size_t i = 0; i < 24; ++i)
          EXPECT_NEAR(sparse.gradient[i], dense.gradient[i], 32 * 0x1p-52 * std::max(1.0, std::abs(dense.gradient[i])));
      }
      Real expected = 0;
      if (smoothing > 0 || predictions == Predictions::probabilities) continue;
      for (std::size_t i = 0; i < 6; ++i)
        expected -= log_softmax(Row(p.as<double>()).subspan(i * 4, 4), static_cast<std::size_t>(label.values()[i]));
      EXPECT_NEAR(dense.loss[0], static_cast<double>(expected / 6), 32 * 0x1p-52);
    }
}

TEST(Crossentropy, IsExactFarOut) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    const double epsilon = dtype == Dtype::f32 ? 0x1p-23 : 0x1p-52;
    const Tensor logits = numbers({3, 2}, {800, -800, 800, -800, -800, -800}, dtype);
    const Evaluated categorical =
        evaluate(sparse_categorical_crossentropy({.reduction = Reduction::sum}), logits, labels({3}, {0, 1, 0}));
    EXPECT_NEAR(categorical.loss[0], 1600 + std::log(2.0), 1600 * epsilon);
    EXPECT_THAT(categorical.gradient, ElementsAre(0, 0, 1, -1, -0.5, 0.5));

    const Evaluated binary =
        evaluate(binary_crossentropy({.reduction = Reduction::none}), numbers({5, 1}, {800, 800, -800, 20, 0}, dtype),
                 numbers({5, 1}, {1, 0, 0, 1, 0.25}, dtype));
    EXPECT_THAT(std::span(binary.loss).first(3), ElementsAre(0, 800, 0));
    EXPECT_NEAR(binary.loss[3], std::log1p(std::exp(-20.0)), 8 * epsilon * std::exp(-20.0))
        << "all digits of a small loss";
    EXPECT_NEAR(binary.loss[4], std::log(2.0), 4 * epsilon);
    EXPECT_THAT(std::span(binary.gradient).first(3), ElementsAre(0, 1, 0));
    EXPECT_DOUBLE_EQ(binary.gradient[4], 0.25);
  }
}

TEST(Crossentropy, MayForbidAClassThatIsNotTheTarget) {
  const Evaluated result =
      evaluate(sparse_categorical_crossentropy(), numbers({1, 3}, {1, -infinity, 1}), labels({1}, {0}));
  EXPECT_NEAR(result.loss[0], std::log(2.0), 4 * 0x1p-52);
  EXPECT_THAT(result.gradient, ElementsAre(-0.5, 0, 0.5));
}

TEST(Crossentropy, ClipsProbabilities) {
  const Loss binary = binary_crossentropy(
      {.predictions = Predictions::probabilities, .epsilon = 0x1p-10, .reduction = Reduction::none});
  const Evaluated both = evaluate(binary, numbers({4, 1}, {0, 0, 1, 0.5}), numbers({4, 1}, {1, 0, 0, 1}));
  const double clipped = 10 * std::log(2.0), kept = -std::log1p(-0x1p-10);
  for (const auto& [i, expected] : {std::pair{0, clipped}, {1, kept}, {2, clipped}, {3, std::log(2.0)}})
    EXPECT_NEAR(both.loss[static_cast<std::size_t>(i)], expected, 1e-14);
  EXPECT_THAT(both.gradient, ElementsAre(0, 0, 0, -2));

  // Nothing is clipped: what has target 0 is left out, whatever its logarithm.
  const Loss exact = categorical_crossentropy({.predictions = Predictions::probabilities, .epsilon = 0});
  const Evaluated result = evaluate(exact, numbers({1, 3}, {0, 0.5, 0.5}), numbers({1, 3}, {0, 1, 0}));
  EXPECT_NEAR(result.loss[0], std::log(2.0), 1e-15);
  EXPECT_THAT(result.gradient, ElementsAre(0, -2, 0));
  EXPECT_EQ(evaluate(exact, numbers({1, 2}, {0, 1}), labels({1}, {0})).loss[0], infinity);
}

TEST(Crossentropy, OfOneScoreIsForTwoClasses) {
  const Tensor p = numbers({3, 1}, {0.5, -1, 2}), two = numbers({3, 2}, {0, 0.5, 0, -1, 0, 2});
  const Tensor label = labels({3}, {1, 0, 0});
  const CrossentropyOptions options{.class_weight = {1, 3}};
  EXPECT_NEAR(evaluate(binary_crossentropy(options), p, label).loss[0],
              evaluate(sparse_categorical_crossentropy(options), two, label).loss[0], 16 * 0x1p-53);
  EXPECT_EQ(message_of<ShapeError>([&] { evaluate(sparse_categorical_crossentropy(), p, label); }),
            "sparse_categorical_crossentropy: prediction is [3, 1]; expected scores of two classes or more. "
            "binary_crossentropy takes one score for two classes.");
}

TEST(Losses, HaveTheirSlopesAtKinks) {
  const Tensor at = numbers({1, 2}, {1, -1});
  EXPECT_THAT(evaluate(mean_absolute_error(), at, at).gradient, Each(0));
  EXPECT_THAT(evaluate(quantile({.quantiles = {0.9}}), at, at).gradient, Each(0));
  EXPECT_THAT(evaluate(hinge(), at, at).gradient, Each(0));
  EXPECT_THAT(evaluate(huber({.delta = 2}), at, numbers({1, 2}, {-1, 1})).gradient, ElementsAre(1, -1));
  EXPECT_THAT(evaluate(cosine_similarity(), numbers({1, 2}, {0, 0}), at).gradient, Each(::testing::Ne(infinity)));
  EXPECT_THAT(evaluate(cosine_similarity(), at, numbers({1, 2}, {0, 0})).loss, ElementsAre(0));
  EXPECT_THAT(evaluate(kl_divergence(), numbers({1, 3}, {0, 1, 2}), numbers({1, 3}, {0.5, 0.5, 0})).gradient, Each(0));
}

TEST(Losses, AreExactFarOut) {
  const Tensor far = numbers({1, 1}, {1e5}), zero = numbers({1, 1}, {0});
  EXPECT_DOUBLE_EQ(evaluate(log_cosh(), far, zero).loss[0], 1e5 - std::log(2.0));
  EXPECT_THAT(evaluate(log_cosh(), far, zero).gradient, ElementsAre(1));
  EXPECT_DOUBLE_EQ(evaluate(huber(), far, zero).loss[0], 1e5 - 0.5);
  EXPECT_THAT(evaluate(huber(), far, zero).gradient, ElementsAre(1));
}

// The variance is held at epsilon, and its slope there makes it grow where the error is larger.
TEST(GaussianNegativeLogLikelihood, HoldsTheVariance) {
  const Evaluated result =
      evaluate(gaussian_negative_log_likelihood({.epsilon = 0.25}), numbers({1, 2}, {1, -50}), numbers({1, 1}, {0}));
  EXPECT_NEAR(result.loss[0], (std::log(0.25) + 4) / 2, 1e-14);
  EXPECT_NEAR(result.gradient[0], 4, 1e-14);
  EXPECT_NEAR(result.gradient[1], (1 - 4.0) / 2, 1e-14);
}

// A NaN that counts is never hidden by a clip or a maximum.
TEST(Losses, KeepNaN) {
  for (Case& test : cases()) {
    const Tensor p = Tensor::from({1, 4}, {nan, 0.5, 0.5, 0.5}, Dtype::f64);
    const Tensor t =
        Tensor::from({1, test.targets}, std::vector<double>(static_cast<std::size_t>(test.targets), 0.5), Dtype::f64);
    EXPECT_TRUE(std::isnan(evaluate(test.loss, p, t).loss[0])) << test.loss.name;
  }
}

TEST(Losses, ValidateTheirOptions) {
  EXPECT_EQ(message_of<ConfigError>([] { huber({.delta = 0}); }), "huber: delta is 0; expected a finite number > 0.");
  EXPECT_EQ(message_of<ConfigError>([] {
              quantile({.quantiles = {0.5, 1}});
            }),
            "quantile: quantiles is 1; expected numbers above 0 and below 1.");
  EXPECT_EQ(message_of<ConfigError>([] { quantile({.quantiles = {}}); }),
            "quantile: quantiles is empty; expected one number or more.");
  EXPECT_THROW(poisson({.epsilon = nan}), ConfigError);
  EXPECT_THROW(cosine_similarity({.epsilon = 0}), ConfigError);
  EXPECT_THROW(gaussian_negative_log_likelihood({.epsilon = infinity}), ConfigError);
  EXPECT_EQ(message_of<ConfigError>([] { kl_divergence({.epsilon = 1}); }),
            "kl_divergence: epsilon is 1; expected a number above 0 and below 1.");
  EXPECT_EQ(message_of<ConfigError>([] { binary_crossentropy({.label_smoothing = 1.5}); }),
            "binary_crossentropy: label_smoothing is 1.5; expected a number from 0 to 1.");
  EXPECT_EQ(message_of<ConfigError>([] { categorical_crossentropy({.epsilon = 0.5}); }),
            "categorical_crossentropy: epsilon is 0.5; expected a number from 0 to below 0.5.");
  EXPECT_EQ(message_of<ConfigError>([] {
              sparse_categorical_crossentropy({.class_weight = {1, -1}});
            }),
            "sparse_categorical_crossentropy: a class weight is -1; expected a finite number >= 0.");
  EXPECT_EQ(quantile({.quantiles = {0.1, 0.45, 0.9}}).point, 1);
}

TEST(LossNamed, KnowsEveryLoss) {
  for (const std::string& name : known_losses()) EXPECT_TRUE(loss_named(name).write) << name;
  EXPECT_EQ(loss_named("mse").name, "mean_squared_error");
  EXPECT_EQ(loss_named("gaussian_nll").name, "gaussian_negative_log_likelihood");
  EXPECT_EQ(message_of<ConfigError>([] { loss_named("mean_squared"); }),
            "loss: name is 'mean_squared'; expected a known loss. Did you mean 'mean_squared_error'?");
}

TEST(LossNamed, ReadsOptions) {
  const Tensor p = numbers({1, 1}, {3}), t = numbers({1, 1}, {0});
  EXPECT_EQ(evaluate(loss_named("huber:delta=0.5"), p, t).loss[0], 0.5 * 3 - 0.125);
  EXPECT_EQ(evaluate(loss_named("huber", {{"delta", 2}}), p, t).loss[0], 4);
  EXPECT_EQ(loss_named("mse:reduction=sum").reduction, Reduction::sum);
  EXPECT_EQ(loss_named("quantile:0.1,0.5,0.9").outputs_per_target, 3);
  EXPECT_EQ(loss_named("quantile:quantiles=0.25").outputs_per_target, 1);
  EXPECT_EQ(loss_named("bce:predictions=probabilities,epsilon=1e-3").predictions, Predictions::probabilities);
  EXPECT_EQ(loss_named("sparse_categorical_crossentropy:ignore_index=-1").ignore_index, -1);
  EXPECT_EQ(loss_named("sparse_categorical_crossentropy", {{"class_weight", {1, 2}}}).class_weight.size(), 2U);
  EXPECT_EQ(evaluate(loss_named("kld:epsilon=0.5"), numbers({1, 1}, {0.25}), numbers({1, 1}, {1})).loss[0],
            std::log(2.0));
}

TEST(LossNamed, RefusesOptionsItDoesNotKnow) {
  const auto refused = [](const char* text) { return message_of<ConfigError>([&] { loss_named(text); }); };
  EXPECT_EQ(refused("huber:detla=1"),
            "loss 'huber': key 'detla' is unknown; expected a known key. Did you mean 'delta'?");
  EXPECT_EQ(refused("huber:1"),
            "loss 'huber:1': '1' is without a name; expected name=value. Options of huber are delta, "
            "reduction.");
  EXPECT_EQ(refused("huber:delta=1,delta=2"),
            "loss 'huber:delta=1,delta=2': 'delta=2' is given twice; expected each option once. Options of huber are "
            "delta, reduction.");
  EXPECT_EQ(refused("huber:delta=wide"), "loss 'huber': key 'delta' is \"wide\"; expected a number.");
  EXPECT_EQ(refused("huber:delta=-1"), "huber: delta is -1; expected a finite number > 0.");
  EXPECT_THAT(refused("mse:reduction=total"), ::testing::HasSubstr("Known are 'none', 'sum' or 'mean'."));
  EXPECT_THAT(refused("sparse_categorical_crossentropy:ignore_index=0.5"),
              ::testing::HasSubstr("is 0.5; expected an integer"));
}

// As training writes it, of batches of any size with weights: one visit of each row, and the labels are never made rows of
// zeros and ones (graph/passes/pick.hpp).
TEST(Losses, OfLabelsReadTheLabelAlone) {
  const auto written = [](std::optional<std::int32_t> ignored) {
    graph::Graph graph;
    const Value prediction = graph.input("p", {Dtype::f64, {Dim::batch(), Dim::time(), 7}});
    const Value target = graph.input("t", {Dtype::i32, {Dim::batch(), Dim::time()}});
    const Value weight = graph.input("w", {Dtype::f64, {Dim::batch(), Dim::time()}});
    const Value normaliser = graph.input("n", {Dtype::f64, Shape{}});
    const Loss loss = sparse_categorical_crossentropy({.ignore_index = ignored});
    const Value value = loss({.prediction = prediction, .target = target, .weight = weight, .normaliser = normaliser});
    graph.output("loss", value);
    graph.output("gradient", graph::gradients(value, std::array{prediction})[0]);
    return graph;
  };
  const Tensor prediction = random_tensor({4, 3, 7}, 1), weight = random_tensor({4, 3}, 2),
               normaliser = Tensor::from(Shape{}, {2}, Dtype::f64);
  Tensor target({4, 3}, Dtype::i32);
  for (std::int32_t i = 0; i < 12; ++i) target.as<std::int32_t>()[static_cast<std::size_t>(i)] = i % 7;
  for (const std::optional<std::int32_t> ignored : {std::optional<std::int32_t>(), std::optional<std::int32_t>(3)}) {
    const Extents reserve{.batch = 4, .time = 3};
    graph::Executable run = graph::compile(written(ignored), {.reserve = reserve}),
                      plain = graph::compile(written(ignored), {.reserve = reserve, .disable = {"pick"}});
    const auto chains = [](const graph::Executable& executable) {
      std::string text;
      for (const graph::Node& node : executable.graph().nodes())
        if (node.operation->name() == "row_chain") text += node.operation->options();
      return text;
    };
    EXPECT_THAT(chains(run), ::testing::AllOf(::testing::HasSubstr("pick("), ::testing::HasSubstr("add_at("),
                                              ::testing::Not(::testing::HasSubstr("equal("))));
    EXPECT_THAT(chains(plain), ::testing::HasSubstr("equal("));
    const std::array<View, 4> inputs{prediction, target, weight, normaliser};
    const auto a = run(inputs), b = plain(inputs);
    for (std::size_t o = 0; o < 2; ++o) EXPECT_EQ(a[o].values(), b[o].values());
  }
}

}  // namespace
}  // namespace elegans::nn
