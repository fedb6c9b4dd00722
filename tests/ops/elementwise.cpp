// A chain against its instructions one by one on arrays that are spread before, however rows, columns and numbers are
// read.

#include "elegans/ops/elementwise.hpp"

#include <gtest/gtest.h>

#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::Unary;

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype) {
  return testing::random_tensor(shape, seed, -2, 2).to(dtype);
}

// 0 full, 1 row, 2 column, 3 number, 4 full
//     5 = 0 · 1   6 = 5 − 2   7 = tanh 6   8 = 6 · 7   9 = 3 / 8   10 = 4 ? 9 : 1   11 = max(10, 5)     outputs 7 and 11
std::vector<Instruction> program() {
  const auto binary = [](Binary function, std::uint16_t a, std::uint16_t b) {
    return Instruction{Instruction::Kind::binary, static_cast<std::uint8_t>(function), {a, b, 0}};
  };
  return {binary(Binary::multiply, 0, 1),
          binary(Binary::subtract, 5, 2),
          {Instruction::Kind::unary, static_cast<std::uint8_t>(Unary::tanh), {6, 0, 0}},
          binary(Binary::multiply, 6, 7),
          binary(Binary::divide, 3, 8),
          {Instruction::Kind::select, 0, {4, 9, 1}},
          binary(Binary::maximum, 10, 5)};
}

Tensor spread(const Tensor& given, std::int64_t outer, std::int64_t inner) {
  Tensor whole(Shape{outer, inner}, Dtype::f64);
  const std::vector<double> numbers = given.values();
  const Shape& shape = given.shape();
  for (std::int64_t r = 0; r < outer; ++r)
    for (std::int64_t c = 0; c < inner; ++c) {
      const std::int64_t row = shape[0] == Dim(1) ? 0 : r, column = shape[1] == Dim(1) ? 0 : c;
      const std::int64_t width = shape[1] == Dim(1) ? 1 : inner;
      static_cast<double*>(whole.data())[r * inner + c] = numbers[static_cast<std::size_t>(row * width + column)];
    }
  return whole.to(given.dtype());
}

void expect_same_bits(std::int64_t outer, std::int64_t inner, Dtype dtype, kernels::Target target) {
  SCOPED_TRACE(std::to_string(outer) + " rows of " + std::to_string(inner));
  std::vector<Tensor> given;
  const Shape shapes[] = {{outer, inner}, {1, inner}, {outer, 1}, {1, 1}, {outer, inner}};
  for (std::uint64_t i = 0; i < 5; ++i) given.push_back(random(shapes[i], i + 1, dtype));
  const Elementwise chain(5, program(), {7, 11});
  const std::vector<Tensor> together = call(chain, std::vector<View>(given.begin(), given.end()), target);

  std::vector<Tensor> values;
  for (const Tensor& tensor : given) values.push_back(spread(tensor, outer, inner));
  for (const Instruction& at : program()) {
    const OperationPtr alone = at.kind == Instruction::Kind::unary ? Elementwise::unary(static_cast<Unary>(at.function))
                               : at.kind == Instruction::Kind::binary
                                   ? Elementwise::binary(static_cast<Binary>(at.function))
                                   : Elementwise::select();
    std::vector<View> operands;
    for (std::size_t k = 0; k < at.operand_count(); ++k) operands.push_back(values[at.operands[k]]);
    values.push_back(call(*alone, operands, target)[0]);
  }
  EXPECT_EQ(together[0].values(), values[7].values());
  EXPECT_EQ(together[1].values(), values[11].values());
}

// Rows of a few numbers, of whole vectors, and longer than a tile.
TEST(ElementwiseChain, GivesTheBitsOfItsInstructions) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best})
    for (const Dtype dtype : {Dtype::f32, Dtype::f64})
      for (const std::int64_t outer : {1, 2, 5, 40})
        for (const std::int64_t inner : {1, 2, 3, 16, 24, 33, 64, 130, 1100})
          expect_same_bits(outer, inner, dtype, target);
}

// Arrays that come from memory.
TEST(ElementwiseChain, IsNoOtherWhereItStreams) { expect_same_bits(300, 513, Dtype::f32, kernels::Target::best); }

}  // namespace
}  // namespace elegans::ops
