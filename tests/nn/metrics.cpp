#include "elegans/nn/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "elegans/nn/confusion_matrix.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

const double nan = std::numeric_limits<double>::quiet_NaN();

Tensor numbers(const Shape& shape, std::initializer_list<double> values, Dtype dtype = Dtype::f64) {
  return Tensor::from(shape, values, dtype);
}
Tensor labels(const Shape& shape, std::initializer_list<double> values) {
  return Tensor::from(shape, values, Dtype::i32);
}

// Sixteen places whose figures are those of scikit-learn 1.9. Class 3 never occurs, but is answered once; scores are
// equal now and then; three places do not count.
constexpr std::int64_t places = 16;
const std::array<double, 64> scores{
    1.25, -1.75, -1.25, -2.0,  -1.25, 1.25, 1.5,   -0.75, -2.0,  -1.75, -0.75, -1.25, 0.5,  0.0,   -1.0, -2.5,
    0.75, 1.0,   -2.0,  -2.75, -0.25, -0.5, 1.75,  -1.0,  -0.25, -0.25, 0.75,  -0.75, -1.5, 1.0,   1.0,  1.0,
    1.25, -1.0,  -0.75, -0.25, 0.75,  0.75, 1.5,   -2.0,  1.75,  -2.0,  -1.75, 1.0,   2.0,  -0.75, -1.5, -1.75,
    -2.0, 1.75,  0.75,  -0.75, -1.0,  0.0,  -1.25, 0.25,  0.0,   -2.0,  -1.0,  0.0,   0.0,  -0.5,  -1.0, -2.75};
const std::array<double, 16> truth{1, 1, 1, 2, 2, 0, 1, 1, 0, 0, 1, 2, 0, 2, 1, 0};
const std::array<double, 16> counts{0.5, 2, 0, 1.5, 0, 1.5, 0.5, 2, 2, 1, 2, 1.5, 0.5, 2, 0.5, 0};
const std::array<double, 16> first_target{0.5, 0.75, 1.75, -0.5, -1.25, 1.25, 0.5,   -1.5,
                                          0.0, -0.5, -1.5, 1.75, 1.25,  -2.0, -1.25, -0.75};

template <std::size_t n>
Tensor tensor(const Shape& shape, const std::array<double, n>& values, Dtype dtype = Dtype::f64) {
  return Tensor::from(shape, values, dtype);
}

// In two batches, the second [1, 6, …].
double figure(Metric metric, const Tensor& p, const Tensor& t, const Tensor& w) {
  const auto part = [](const Tensor& of, std::size_t first, std::size_t last, std::vector<std::int64_t> batch) {
    const std::size_t width = of.elements() / places;
    const std::vector<double> all = of.values();
    if (of.shape().rank() == 2) batch.push_back(static_cast<std::int64_t>(width));
    return Tensor::from(Shape::of(batch), std::span(all).subspan(first * width, (last - first) * width), of.dtype());
  };
  metric.add(part(p, 0, 10, {10}), part(t, 0, 10, {10}), part(w, 0, 10, {10}));
  metric.add(part(p, 10, 16, {1, 6}), part(t, 10, 16, {1, 6}), part(w, 10, 16, {1, 6}));
  return metric.value();
}

TEST(Metrics, OfClassesAreThoseOfScikitLearn) {
  for (const Dtype dtype : {Dtype::f64, Dtype::f32}) {
    const Tensor p = tensor({places, 4}, scores, dtype), t = tensor({places}, truth, Dtype::i32);
    const Tensor w = tensor({places}, counts, dtype);
    const auto expect = [&](const Metric& metric, double expected) {
      EXPECT_NEAR(figure(metric, p, t, w), expected, 64 * 0x1p-53) << metric.name();
    };
    expect(Metric::accuracy(), 0.22857142857142856);
    expect(Metric::balanced_accuracy(), 0.22222222222222224);
    expect(Metric::precision({.average = Average::macro}), 0.2625);
    expect(Metric::recall({.average = Average::macro}), 0.16666666666666669);
    expect(Metric::f1({.average = Average::macro}), 0.17692307692307693);
    expect(Metric::precision({.positive = 1}), 0.8);
    expect(Metric::recall({.positive = 0}), 0.4);
    expect(Metric::f1({.positive = 0}), 0.3076923076923077);
    expect(Metric::f1({.positive = 3}), 0);
    expect(Metric::roc_auc(), 0.4408888888888889);
  }
}

TEST(Metrics, OfTwoClassesAreThoseOfScikitLearn) {
  std::array<double, 16> margin{}, is_positive{};
  std::array<double, 32> both{};
  for (std::size_t i = 0; i < 16; ++i) {
    both[2 * i] = scores[4 * i];
    both[2 * i + 1] = scores[4 * i + 1];
    margin[i] = scores[4 * i + 1] - scores[4 * i];
    is_positive[i] = truth[i] > 0;
  }
  const Tensor two = tensor({places, 2}, both), one = tensor({places, 1}, margin);
  const Tensor t = tensor({places}, is_positive, Dtype::i32), w = tensor({places}, counts);
  for (const Tensor* p : {&two, &one}) {
    const auto expect = [&](const Metric& metric, double expected) {
      EXPECT_NEAR(figure(metric, *p, t, w), expected, 64 * 0x1p-53) << metric.name();
    };
    expect(Metric::precision(), 0.9230769230769231);
    expect(Metric::precision({.positive = 0}), 0.4090909090909091);
    expect(Metric::recall(), 0.48);
    expect(Metric::recall({.positive = 0}), 0.9);
    expect(Metric::f1(), 0.631578947368421);
    expect(Metric::f1({.positive = 0}), 0.5625);
    expect(Metric::roc_auc(), 0.528);
  }
  Metric every = Metric::roc_auc();
  every.add(one, t, tensor({places}, std::array<double, 16>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_NEAR(every.value(), 0.47272727272727266, 64 * 0x1p-53);
}

TEST(Metrics, OfNumbersAreThoseOfScikitLearn) {
  std::array<double, 32> p{}, t{};
  for (std::size_t i = 0; i < 16; ++i) {
    p[2 * i] = scores[4 * i];
    p[2 * i + 1] = scores[4 * i + 1];
    t[2 * i] = first_target[i];
    t[2 * i + 1] = 0.75;
  }
  const Tensor w = tensor({places}, counts), target = tensor({places, 2}, t);
  EXPECT_NEAR(figure(Metric::mean_absolute_error(), tensor({places, 2}, p), target, w), 1.2642857142857142, 1e-15);
  EXPECT_NEAR(figure(Metric::root_mean_squared_error(), tensor({places, 2}, p), target, w), std::sqrt(2.425), 1e-15);
  EXPECT_NEAR(figure(Metric::r2(), tensor({places, 2}, p), target, w), -0.4043296089385475, 4e-15);
  for (std::size_t i = 0; i < 16; ++i) p[2 * i + 1] = 0.75;
  EXPECT_NEAR(figure(Metric::r2(), tensor({places, 2}, p), target, w), 0.09567039106145248, 4e-15);
}

// Deviations of 1 around 1e8: their squares are lost in the sum of squares of the numbers themselves.
TEST(Metrics, R2LosesNoDigitsFarFromZero) {
  Metric r2 = Metric::r2();
  const Tensor w = numbers({4}, {1, 1, 1, 1});
  r2.add(numbers({4, 1}, {1e8 - 1, 1e8 + 1, 1e8 - 1, 1e8}), numbers({4, 1}, {1e8 - 1, 1e8 + 1, 1e8 - 1, 1e8 + 1}), w);
  EXPECT_DOUBLE_EQ(r2.value(), 0.75);
}

TEST(Metrics, AreNaNWhereNothingCanBeSaid) {
  const Tensor p = numbers({2, 2}, {1, 2, 4, 3}), t = labels({2}, {1, 1}), w = numbers({2}, {1, 1});
  for (Metric metric : {Metric::accuracy(), Metric::balanced_accuracy(), Metric::f1(), Metric::roc_auc(),
                        Metric::mean_absolute_error(), Metric::r2()}) {
    EXPECT_TRUE(std::isnan(metric.value())) << metric.name();
    const Tensor& target = metric.targets() == Targets::classes ? t : p;
    metric.add(p, target, numbers({2}, {0, 0}));
    EXPECT_TRUE(std::isnan(metric.value())) << metric.name();
  }
  Metric auc = Metric::roc_auc();
  auc.add(p, t, w);
  EXPECT_TRUE(std::isnan(auc.value())) << "one class only";
  auc.reset();
  auc.add(numbers({2, 2}, {nan, 2, 4, 3}), labels({2}, {0, 1}), w);
  EXPECT_TRUE(std::isnan(auc.value()));
  Metric r2 = Metric::r2();
  r2.add(p, p, numbers({2}, {1, 0}));
  EXPECT_TRUE(std::isnan(r2.value())) << "one place only";
}

TEST(Metrics, CountAccuracyOverBatches) {
  Metric accuracy = Metric::accuracy();
  accuracy.add(numbers({2, 3}, {1, 3, 2, 0, 5, 9}), labels({2}, {1, 1}), numbers({2}, {1, 1}));
  EXPECT_EQ(accuracy.value(), 0.5);
  const Metric copy = accuracy;
  accuracy.add(numbers({1, 2, 3}, {1, 0, 0, 1, 0, 0}), labels({1, 2}, {0, 1}),
               numbers({1, 2}, {2, 0}));  // right with weight 2; wrong but not counted
  EXPECT_EQ(accuracy.value(), 0.75);
  EXPECT_EQ(copy.value(), 0.5) << "a copy counts by itself";
  accuracy.reset();
  EXPECT_TRUE(std::isnan(accuracy.value()));
}

TEST(Metrics, AccuracyTakesTheFirstOfEqualsAndNeverANaN) {
  const auto right = [](std::initializer_list<double> p, double label) {
    Metric accuracy = Metric::accuracy();
    accuracy.add(numbers({1, 3}, p), labels({1}, {label}), numbers({1}, {1}));
    return accuracy.value();
  };
  EXPECT_EQ(right({4, 4, 1}, 0), 1);
  EXPECT_EQ(right({4, 4, 1}, 1), 0);
  EXPECT_EQ(right({nan, -4, nan}, 1), 1);
  EXPECT_EQ(right({nan, nan, nan}, 0), 0);
  EXPECT_EQ(right({1, 2, 3}, 3), 0);
  EXPECT_EQ(right({1, 2, 3}, -1), 0);
}

TEST(Metrics, OneScoreIsTakenAsWhatItIs) {
  const Tensor p = numbers({2, 1}, {0.25, 0.75}), t = labels({2}, {1, 1}), w = numbers({2}, {1, 1});
  for (const auto& [predictions, expected] : {std::pair{Predictions::logits, 1.0}, {Predictions::probabilities, 0.5}}) {
    Metric recall = Metric::recall();
    recall.expect({.outputs = 1, .predictions = predictions});
    recall.add(p, t, w);
    EXPECT_EQ(recall.value(), expected);
  }
}

TEST(Metrics, ReadNothingThatDoesNotCount) {
  Metric mae = Metric::mean_absolute_error();
  mae.add(numbers({2, 2}, {1, 2, nan, 4}), numbers({2, 2}, {0, 4, 5, nan}), numbers({2}, {1, 0}));
  EXPECT_EQ(mae.value(), 1.5);
  Metric accuracy = Metric::accuracy();
  accuracy.add(numbers({2, 2}, {1, 2, nan, nan}), labels({2}, {1, -7}), numbers({2}, {1, 0}));
  EXPECT_EQ(accuracy.value(), 1);
}

TEST(Metrics, AreKnownByName) {
  for (const char* name : {"accuracy", "balanced_accuracy", "precision", "precision_macro", "recall", "recall_macro",
                           "f1", "f1_macro", "roc_auc", "f1:2"}) {
    EXPECT_EQ(Metric::named(name).name(), name);
    EXPECT_EQ(Metric::named(name).targets(), Targets::classes);
    EXPECT_EQ(Metric::named(name).better(), Better::higher);
  }
  EXPECT_EQ(Metric::named("mae").name(), "mean_absolute_error");
  EXPECT_EQ(Metric::named("rmse").better(), Better::lower);
  EXPECT_EQ(Metric::named("r2").better(), Better::higher);
  EXPECT_EQ(Metric::named("r2").targets(), Targets::numbers);
  EXPECT_EQ(message_of<ConfigError>([] { Metric::named("acuracy"); }),
            "metric: name is 'acuracy'; expected a known metric. Did you mean 'accuracy'?");

  const std::vector<std::string> classes{"down", "up"};
  Metric of_down = Metric::named("recall:down", classes);
  EXPECT_EQ(of_down.name(), "recall:down");
  of_down.add(numbers({3, 2}, {1, 0, 0, 1, 0, 1}), labels({3}, {0, 0, 1}), numbers({3}, {1, 1, 1}));
  EXPECT_EQ(of_down.value(), 0.5);
  EXPECT_EQ(message_of<ConfigError>([&] { Metric::named("f1:upp", classes); }),
            "metric 'f1:upp': the class is 'upp'; expected one of the classes. Did you mean 'up'?");
  EXPECT_THAT(message_of<ConfigError>([&] { Metric::named("f1:up"); }), HasSubstr("'up'; expected a label"));
}

TEST(Metrics, RefuseWhatDoesNotFit) {
  Metric mae = Metric::mean_absolute_error();
  const Tensor p = numbers({2, 2}, {1, 2, 3, 4}), w = numbers({2}, {1, 1});
  EXPECT_EQ(message_of<ShapeError>([&] { mae.add(p, w, w); }), "mean_absolute_error: targets is [2]; expected [2, 2].");
  EXPECT_EQ(message_of<ShapeError>([&] { mae.add(p, p, p); }), "mean_absolute_error: weights is [2, 2]; expected [2].");
  EXPECT_EQ(message_of<DtypeError>([&] { mae.add(p, p.to(Dtype::f32), w); }),
            "mean_absolute_error: targets is f32; expected f64.");
  EXPECT_EQ(message_of<DtypeError>([&] { Metric::accuracy().add(p, w, w); }),
            "accuracy: targets is f64; expected i32.");
  const Tensor empty(Shape{2, 0}, Dtype::f64), labels(Shape{2}, Dtype::i32);
  EXPECT_THAT(message_of<ShapeError>([&] { Metric::roc_auc().add(empty, labels, w); }),
              ::testing::HasSubstr("predictions is [2, 0]; expected [batch, ..., width]"));
  ConfusionMatrix two(2);
  two.add(0, 5, 1.0);  // a class that there is none of is a wrong answer
  EXPECT_EQ(two.accuracy(), 0);
  mae.add(p, p, w);
  const Tensor wide = numbers({1, 3}, {1, 2, 3});
  EXPECT_EQ(message_of<ShapeError>([&] { mae.add(wide, wide, numbers({1}, {1})); }),
            "mean_absolute_error: predictions is [1, 3]; expected 2 numbers a place, as before.");
  EXPECT_EQ(message_of<ConfigError>([] { Metric::f1().expect({.outputs = 3}); }),
            "f1: the number of classes is 3; expected 2. 'f1_macro' is the mean over all classes, 'f1:NAME' of one.");
  EXPECT_EQ(message_of<ConfigError>([] { Metric::f1({.positive = 3}).expect({.outputs = 3}); }),
            "f1:3: the number of classes is 3; expected 4 or more.");
  EXPECT_EQ(message_of<ConfigError>([] { Metric::f1({.positive = -1}); }),
            "f1: positive is -1; expected a label, 0 or more.");
}

TEST(Metrics, AddingAllocatesNothing) {
  if (!testing::CountAllocations::supported()) GTEST_SKIP() << "a sanitizer's allocator cannot be counted";
  const Tensor p = tensor({places, 4}, scores), t = tensor({places}, truth, Dtype::i32), w = tensor({places}, counts);
  for (Metric metric : {Metric::accuracy(), Metric::f1({.average = Average::macro}), Metric::roc_auc(), Metric::r2(),
                        Metric::root_mean_squared_error()}) {
    metric.expect({.outputs = 4, .places = 2 * places});
    const Tensor& target = metric.targets() == Targets::classes ? t : p;
    const testing::CountAllocations counting;
    metric.add(p, target, w);
    metric.add(p, target, w);
    EXPECT_EQ(counting.calls(), 0U) << metric.name();
  }
}

struct Worst final : Metric::Count {
  double most = 0;
  void add(const MetricPlace& at) override { most = std::max(most, std::abs(at.prediction[0] - at.target[0])); }
  double value() const override { return most; }
  void reset() override { most = 0; }
  std::unique_ptr<Count> clone() const override { return std::make_unique<Worst>(*this); }
};

TEST(Metrics, MayBeOnesOwn) {
  Metric worst("worst", Targets::numbers, Better::lower, std::make_unique<Worst>());
  worst.add(numbers({3, 1}, {1, 5, 2}), numbers({3, 1}, {0, 0, 4}), numbers({3}, {1, 0, 3}));
  EXPECT_EQ(worst.value(), 2);
}

TEST(ConfusionMatrix, CountsWhichClassIsTakenForWhich) {
  ConfusionMatrix matrix(4);
  matrix.add(tensor({places, 4}, scores), tensor({places}, truth, Dtype::i32), tensor({places}, counts));
  const double expected[4][4] = {{2, 0.5, 2.5, 0}, {3, 2, 2.5, 0}, {3, 0, 0, 2}, {0, 0, 0, 0}};
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t p = 0; p < 4; ++p) EXPECT_EQ(matrix.at(t, p), expected[t][p]) << t << ", " << p;
  EXPECT_EQ(matrix.total(), 17.5);
  EXPECT_EQ(matrix.occurs(1), 7.5);
  EXPECT_EQ(matrix.answered(2), 5);
  matrix.add(2, std::nullopt, 1);
  EXPECT_EQ(matrix.occurs(2), 6) << "a place without an answer counts for its class";
  EXPECT_EQ(message_of<ShapeError>([&] {
              matrix.add(numbers({1, 3}, {1, 2, 3}), labels({1}, {0}), numbers({1}, {1}));
            }),
            "confusion matrix: predictions is [1, 3]; expected 4 numbers a place, one a class.");
}

}  // namespace
}  // namespace elegans::nn
