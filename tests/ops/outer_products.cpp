// outer_products against sums written here.

#include "elegans/ops/outer_products.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/ops/matmul.hpp"
#include "support/message_of.hpp"
#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using testing::message_of;
using testing::random_tensor;

TEST(OuterProducts, SumOverRowsForEachPair) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
      const std::vector<std::int64_t> width{3, 20, 5, 1, 9};  // two left operands, three right ones
      std::vector<Tensor> operands;
      for (std::size_t i = 0; i < width.size(); ++i)
        operands.push_back(random_tensor({2, 3, width[i]}, 1 + i).to(dtype));
      const std::vector<View> views(operands.begin(), operands.end());
      const std::vector<Tensor> y = call(OuterProducts(2, 3), views, target);
      ASSERT_EQ(y.size(), 6U);
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
          const Tensor& got = y[3 * i + j];
          ASSERT_EQ(got.shape(), (Shape{width[i], width[2 + j]}));
          const std::vector<double> a = operands[i].values(), b = operands[2 + j].values(), values = got.values();
          const auto m = static_cast<std::size_t>(width[i]), n = static_cast<std::size_t>(width[2 + j]);
          for (std::size_t r = 0; r < m; ++r)
            for (std::size_t c = 0; c < n; ++c) {
              double sum = 0;
              for (std::size_t k = 0; k < 6; ++k) sum += a[k * m + r] * b[k * n + c];
              EXPECT_NEAR(values[r * n + c], sum, 6 * (dtype == Dtype::f32 ? 1.2e-7 : 2.3e-16));  // of 6 up to 1
            }
          EXPECT_EQ(values, matmul(operands[i], operands[2 + j], {.transpose_a = true}, target).values());
        }
    }
}

TEST(OuterProducts, CountTheirArithmetic) {
  const std::vector<Type> inputs{
      {Dtype::f32, {Dim::batch(), 3}}, {Dtype::f32, {Dim::batch(), 4}}, {Dtype::f32, {Dim::batch(), 5}}};
  const OuterProducts products(2, 1);
  const std::vector<Type> outputs = products.infer(inputs);
  EXPECT_EQ(products.cost(inputs, outputs, {.batch = 10}).flop, 2 * 10 * (3 + 4) * 5);
  EXPECT_EQ(products.options(), "2 a' by 1 b");
}

TEST(OuterProducts, NameAnOperandOfAWrongShape) {
  const OuterProducts products(1, 2);
  const auto infer = [&](Shape a, Shape b0, Shape b1) {
    return message_of<ShapeError>([&] {
      (void)products.infer(std::array<Type, 3>{Type{Dtype::f32, a}, Type{Dtype::f32, b0}, Type{Dtype::f32, b1}});
    });
  };
  EXPECT_EQ(infer({6, 3}, {6, 4}, {5, 4}),
            "outer_products: b 1 is [5, 4]; expected [6, 4]. All axes but the last are summed over and must agree.");
  EXPECT_EQ(infer({2, 3, 3}, {6, 4}, {2, 3, 4}),
            "outer_products: b 0 is [6, 4]; expected [2, 3, 4]. All axes but the last are summed over and must agree.");
  EXPECT_EQ(infer({3}, {3}, {3}),
            "outer_products: a 0 is [3]; expected a shape of rank 2 or more. All axes but the last are summed over and "
            "must agree.");
  EXPECT_THROW(OuterProducts(0, 1), InternalError);
  EXPECT_THROW(OuterProducts(1, OuterProducts::max_parts + 1), InternalError);
  EXPECT_THROW(OuterProducts(OuterProducts::max_terms + 1, 1), InternalError);
  EXPECT_THROW(OuterProducts(OuterProducts::max_terms, OuterProducts::max_parts), InternalError);
}

}  // namespace
}  // namespace elegans::ops
