// Products with a chain behind them: results that are written over a left operand.

#include "elegans/ops/product_chain.hpp"

#include <gtest/gtest.h>
#include <cstring>

#include "elegans/ops/matmul.hpp"
#include "elegans/ops/pack.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using Use = ProductChain::Use;

constexpr std::int64_t units = 34;
constexpr std::size_t none = static_cast<std::size_t>(-1);

Instruction instruction(Instruction::Kind kind, std::size_t function, std::array<std::uint16_t, 3> operands) {
  return {kind, static_cast<std::uint8_t>(function), operands};
}
Instruction tanh_of(std::uint16_t value) {
  return instruction(Instruction::Kind::unary, static_cast<std::size_t>(kernels::Unary::tanh), {value, 0, 0});
}
Instruction product_of(std::uint16_t a, std::uint16_t b) {
  return instruction(Instruction::Kind::binary, static_cast<std::size_t>(kernels::Binary::multiply), {a, b, 0});
}

std::shared_ptr<const Elementwise> chain(std::size_t inputs, std::vector<Instruction> program, std::uint16_t result) {
  return std::make_shared<Elementwise>(inputs, std::move(program), std::vector<std::uint16_t>{result});
}

Tensor numbers(const Shape& shape, std::uint64_t seed, Dtype dtype) {
  return testing::random_tensor(shape, seed).to(dtype);
}

// The last result, apart from all inputs and over left operand `left`, bit by bit, with one row and with several blocks
// of rows (ProductChain::block_bytes). Input `same` is that operand as well.
void expect_same_over(const ProductChain& operation, const std::vector<Tensor>& inputs, std::size_t left,
                      kernels::Target target, std::size_t same = none) {
  std::vector<Type> types;
  for (const Tensor& tensor : inputs) types.push_back({tensor.dtype(), tensor.shape()});
  const std::size_t result = operation.infer(types).size() - 1;
  ASSERT_TRUE(operation.may_overwrite(result, left, types));
  std::vector<View> from(inputs.begin(), inputs.end());
  if (same != none) from[same] = inputs[left];
  const std::vector<Tensor> apart = call(operation, from, target);

  std::vector<Tensor> outputs;
  for (const Type& type : operation.infer(types)) outputs.emplace_back(type.shape, type.dtype);
  std::vector<Tensor> own(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) copy(inputs[i], own[i] = Tensor(types[i].shape, types[i].dtype));
  std::vector<View> to(outputs.begin(), outputs.end());
  to[result] = own[left];
  from.assign(own.begin(), own.end());
  if (same != none) from[same] = own[left];
  call(operation, from, to, target);
  EXPECT_EQ(std::memcmp(own[left].data(), apart[result].data(), apart[result].bytes()), 0)
      << apart[result].shape()[0].factor() << " rows, " << to_string(apart[result].dtype());
}

template <class Check>
void for_rows_and_targets(const Check& check) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best})
    for (const Dtype dtype : {Dtype::f32, Dtype::f64})
      for (const std::int64_t rows : {1, 2, 16, 61, 200}) check(rows, dtype, target);
}

TEST(ProductChain, WritesOverAPackedProductsOperand) {
  for_rows_and_targets([](std::int64_t rows, Dtype dtype, kernels::Target target) {
    const auto layout = std::make_shared<PackedLayout>(
        dtype, std::vector<std::size_t>{5, units}, std::vector<std::size_t>{units, units}, std::vector<PackedBlock>(4));
    const std::vector<Tensor> blocks{numbers({5, units}, 1, dtype), numbers({5, units}, 2, dtype),
                                     numbers({units, units}, 3, dtype), numbers({units, units}, 4, dtype)};
    const Tensor packed = call(Pack(layout), std::vector<View>(blocks.begin(), blocks.end()), target)[0];
    const std::vector<Tensor> inputs{numbers({rows, 5}, 5, dtype), numbers({rows, units}, 6, dtype), packed};
    const auto product = std::make_shared<PackedMatmul>(layout);
    const auto gate = chain(2, {tanh_of(0), product_of(2, 1)}, 3);
    expect_same_over(ProductChain(product, gate, {Use::read, Use::read}), inputs, 1, target);
    expect_same_over(ProductChain(product, gate, {Use::read, Use::both}), inputs, 1, target);
  });
}

TEST(ProductChain, WritesOverAnOperandThatTheChainReads) {
  for_rows_and_targets([](std::int64_t rows, Dtype dtype, kernels::Target target) {
    const Tensor h = numbers({rows, units}, 1, dtype);
    const ProductChain operation(std::make_shared<Matmul>(MatmulOptions{}), chain(2, {tanh_of(0), product_of(2, 1)}, 3),
                                 {Use::read});
    expect_same_over(operation, {h, numbers({units, units}, 2, dtype), numbers({rows, units}, 3, dtype)}, 0, target, 2);
  });
}

TEST(ProductChain, WritesOverNoMatrixAndNoOperandOfAnotherShape) {
  const ProductChain operation(std::make_shared<Matmul>(MatmulOptions{}), chain(1, {tanh_of(0)}, 1), {Use::both});
  const std::vector<Type> square{{Dtype::f32, {4, 4}}, {Dtype::f32, {4, 4}}},
      wide{{Dtype::f32, {4, 3}}, {Dtype::f32, {3, 4}}};
  EXPECT_TRUE(operation.may_overwrite(1, 0, square));
  EXPECT_FALSE(operation.may_overwrite(1, 1, square)) << "every row reads the matrix";
  EXPECT_FALSE(operation.may_overwrite(0, 0, square)) << "the product writes what it keeps as it reads";
  EXPECT_FALSE(operation.may_overwrite(1, 0, wide));
}

}  // namespace
}  // namespace elegans::ops
