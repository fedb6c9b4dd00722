#include "elegans/nn/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::message_of;

const double nan = std::numeric_limits<double>::quiet_NaN();

Tensor numbers(const Shape& shape, std::initializer_list<double> values, Dtype dtype = Dtype::f64) {
  return Tensor::from(shape, values, dtype);
}

TEST(Metrics, CountAccuracyOverBatches) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    Metric accuracy(Metric::accuracy);
    EXPECT_TRUE(std::isnan(accuracy.value()));
    accuracy.add(numbers({2, 3}, {1, 3, 2, 0, 5, 9}, dtype), Tensor::from({2}, {1, 1}, Dtype::i32),
                 numbers({2}, {1, 1}, dtype));
    EXPECT_EQ(accuracy.value(), 0.5);
    accuracy.add(numbers({1, 2, 3}, {1, 0, 0, 1, 0, 0}, dtype), Tensor::from({1, 2}, {0, 1}, Dtype::i32),
                 numbers({1, 2}, {2, 0}, dtype));  // right with weight 2; wrong but not counted
    EXPECT_EQ(accuracy.value(), 0.75);
    accuracy.reset();
    EXPECT_TRUE(std::isnan(accuracy.value()));
  }
}

TEST(Metrics, AccuracyTakesTheFirstOfEqualsAndNeverANaN) {
  const auto right = [](std::initializer_list<double> p, double label) {
    Metric accuracy(Metric::accuracy);
    accuracy.add(numbers({1, 3}, p), Tensor::from({1}, {label}, Dtype::i32), numbers({1}, {1}));
    return accuracy.value();
  };
  EXPECT_EQ(right({4, 4, 1}, 0), 1);
  EXPECT_EQ(right({4, 4, 1}, 1), 0);
  EXPECT_EQ(right({nan, nan, nan}, 0), 0);
  EXPECT_EQ(right({1, 2, 3}, 3), 0);
  EXPECT_EQ(right({1, 2, 3}, -1), 0);
}

TEST(Metrics, MeasureErrors) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64}) {
    Metric mae = Metric::named("mae");
    Metric rmse = Metric::named("rmse");
    for (Metric* metric : {&mae, &rmse}) {
      metric->add(numbers({2, 2}, {1, 2, nan, 4}, dtype), numbers({2, 2}, {0, 4, 5, nan}, dtype),
                  numbers({2}, {1, 0}, dtype));
      metric->add(numbers({1, 2}, {3, 0}, dtype), numbers({1, 2}, {0, 0}, dtype), numbers({1}, {2}, dtype));
    }
    EXPECT_DOUBLE_EQ(mae.value(), (1.5 + 2 * 1.5) / 3);
    EXPECT_DOUBLE_EQ(rmse.value(), std::sqrt((2.5 + 2 * 4.5) / 3));
  }
}

TEST(Metrics, SayWhatTheyAre) {
  EXPECT_EQ(Metric::named("accuracy").better(), Better::higher);
  EXPECT_EQ(Metric::named("accuracy").targets(), Targets::classes);
  EXPECT_EQ(Metric::named("rmse").better(), Better::lower);
  EXPECT_EQ(Metric::named("rmse").targets(), Targets::numbers);
  EXPECT_EQ(Metric::named("mae").name(), "mean_absolute_error");
  EXPECT_EQ(message_of<ConfigError>([] { Metric::named("acuracy"); }),
            "metric: name is 'acuracy'; expected a known metric. Did you mean 'accuracy'?");
}

TEST(Metrics, RefuseWhatDoesNotFit) {
  Metric mae(Metric::mean_absolute_error);
  const Tensor p = numbers({2, 2}, {1, 2, 3, 4});
  const Tensor w = numbers({2}, {1, 1});
  EXPECT_EQ(message_of<ShapeError>([&] { mae.add(p, w, w); }), "mean_absolute_error: targets is [2]; expected [2, 2].");
  EXPECT_EQ(message_of<ShapeError>([&] { mae.add(p, p, p); }), "mean_absolute_error: weights is [2, 2]; expected [2].");
  EXPECT_EQ(message_of<DtypeError>([&] { mae.add(p, p.to(Dtype::f32), w); }),
            "mean_absolute_error: targets is f32; expected f64.");
  EXPECT_EQ(message_of<DtypeError>([&] { Metric(Metric::accuracy).add(p, w, w); }),
            "accuracy: targets is f64; expected i32.");
}

TEST(Metrics, AllocateNothing) {
  if (!testing::CountAllocations::supported()) GTEST_SKIP() << "a sanitizer's allocator cannot be counted";
  Metric rmse(Metric::root_mean_squared_error);
  const Tensor p = numbers({2, 2}, {1, 2, 3, 4});
  const Tensor w = numbers({2}, {1, 1});
  const testing::CountAllocations counting;
  rmse.add(p, p, w);
  EXPECT_EQ(counting.calls(), 0U);
  EXPECT_EQ(rmse.value(), 0);
}

}  // namespace
}  // namespace elegans::nn
