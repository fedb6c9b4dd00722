// Sizes and numbers that cannot be.

#include "elegans/tensor/tensor.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "support/message_of.hpp"

namespace elegans {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

TEST(Sizes, OfNothingHaveAText) {
  EXPECT_EQ(to_string(Dim(0) * Dim::batch()), "0*batch");
  EXPECT_EQ(to_string(Dim(6) * Dim::segments() * Dim::batch()), "6*segments*batch");
}

TEST(Sizes, ThatNoMemoryHoldsAreRefused) {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_THAT(message_of<ShapeError>([] { Tensor(Shape{huge}); }), HasSubstr("than there can be memory for"));
  EXPECT_THAT(message_of<ShapeError>([] { Tensor(Shape{huge - 1}); }), HasSubstr("than there can be memory for"));
  EXPECT_THROW(Tensor::from({huge, 4}, {}), ShapeError);
  EXPECT_THAT(message_of<ShapeError>([] { (void)(Dim(huge) * Dim(4)); }), HasSubstr("below 2^63"));
}

TEST(Tensors, OfIntegersRefuseWhatTheyCannotHold) {
  for (const double x : {std::nan(""), 1e10, -1e10, 2147483648.0}) {
    EXPECT_THAT(message_of<DtypeError>([x] { Tensor::from({1}, {x}, Dtype::i32); }), HasSubstr("i32 can hold"));
    EXPECT_THROW(Tensor::from({1}, {x}, Dtype::f64).to(Dtype::i32), DtypeError);
  }
  EXPECT_EQ(Tensor::from({2}, {-2147483648.0, 2147483647.0}, Dtype::i32).as<std::int32_t>()[1], 2147483647);
}

}  // namespace
}  // namespace elegans
