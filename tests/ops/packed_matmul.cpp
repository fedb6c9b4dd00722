// pack and packed_matmul against sums written here.

#include "elegans/ops/packed_matmul.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "elegans/ops/pack.hpp"
#include "support/message_of.hpp"
#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using Form = PackedBlock::Form;

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype) {
  return testing::random_tensor(shape, seed).to(dtype);
}

// 3 + 4 rows by 5 | 18 columns: plain, connections to their target; transposed, connections to their source.
ConnectionsPtr circuit(std::size_t inputs, std::size_t outputs) {
  std::vector<std::uint32_t> source, target;
  for (std::uint32_t i = 0; i < inputs; ++i)
    for (std::uint32_t o = 0; o < outputs; ++o)
      if ((3 * i + o) % 5 != 0) {
        source.push_back(i);
        target.push_back(o);
      }
  return std::make_shared<Connections>(inputs, outputs, source, target);
}

PackedLayoutPtr four_blocks(Dtype dtype) {
  return std::make_shared<PackedLayout>(
      dtype, std::vector<std::size_t>{3, 4}, std::vector<std::size_t>{5, 18},
      std::vector<PackedBlock>{{.form = Form::plain},
                               {.form = Form::connections, .connections = circuit(3, 18), .to = End::target},
                               {.form = Form::transposed},
                               {.form = Form::connections, .connections = circuit(18, 4), .to = End::source}});
}

// Block (i, j) as numbers [depth, width], 0 where nothing exists.
std::vector<double> full(const PackedLayout& layout, std::size_t i, std::size_t j, const Tensor& given) {
  const std::size_t rows = layout.depth()[i], columns = layout.width()[j];
  const std::vector<double> values = given.values();
  std::vector<double> b(rows * columns, 0);
  const PackedBlock& block = layout.block(i, j);
  if (block.form == Form::connections) {
    for (std::size_t s = 0; s < values.size(); ++s)
      b[block.connections->index(opposite(block.to))[s] * columns + block.connections->index(block.to)[s]] = values[s];
    return b;
  }
  for (std::size_t k = 0; k < rows; ++k)
    for (std::size_t n = 0; n < columns; ++n)
      b[k * columns + n] = block.form == Form::plain ? values[k * columns + n] : values[n * rows + k];
  return b;
}

TEST(PackedMatmul, SumsTermsIntoParts) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
      const PackedLayoutPtr layout = four_blocks(dtype);
      std::vector<Tensor> blocks, left;
      std::vector<View> views;
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 2; ++j) blocks.push_back(random(layout->block_shape(i, j), 1 + 2 * i + j, dtype));
      for (const Tensor& block : blocks) views.push_back(block);
      const Tensor packed = std::move(call(Pack(layout), views, target)[0]);
      for (std::size_t i = 0; i < 2; ++i)
        left.push_back(random({2, 3, static_cast<std::int64_t>(layout->depth()[i])}, 7 + i, dtype));
      const std::vector<Tensor> y = call(PackedMatmul(layout), std::array<View, 3>{left[0], left[1], packed}, target);
      const double epsilon = dtype == Dtype::f32 ? 1.2e-7 : 2.3e-16;
      for (std::size_t j = 0; j < 2; ++j) {
        ASSERT_EQ(y[j].shape(), (Shape{2, 3, static_cast<std::int64_t>(layout->width()[j])}));
        for (std::size_t r = 0; r < 6; ++r)
          for (std::size_t n = 0; n < layout->width()[j]; ++n) {
            double sum = 0;
            for (std::size_t i = 0; i < 2; ++i) {
              const std::vector<double> b = full(*layout, i, j, blocks[2 * i + j]);
              const std::size_t depth = layout->depth()[i];
              for (std::size_t k = 0; k < depth; ++k)
                sum += left[i].values()[r * depth + k] * b[k * layout->width()[j] + n];
            }
            EXPECT_NEAR(y[j].values()[r * layout->width()[j] + n], sum, 8 * epsilon * 7);  // of 7 products up to 1
          }
      }
    }
}

// Connection 0 → 0 exists, 1 → 0 does not: an infinite or missing input 1 is nobody's business.
TEST(PackedMatmul, AbsentConnectionsMakeNoNaN) {
  const auto connections =
      std::make_shared<Connections>(2, 2, std::vector<std::uint32_t>{0, 1}, std::vector<std::uint32_t>{0, 1});
  const auto layout = std::make_shared<PackedLayout>(
      Dtype::f32, std::vector<std::size_t>{2}, std::vector<std::size_t>{2},
      std::vector<PackedBlock>{{.form = Form::connections, .connections = connections, .to = End::target}});
  const Tensor weights = Tensor::from({2}, {3, 5}, Dtype::f32);
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = Tensor::from({4, 2}, {1, infinity, nan, 2, 2, nan, -infinity, infinity}, Dtype::f32);
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
    const Tensor packed = std::move(call(Pack(layout), std::array<View, 1>{weights}, target)[0]);
    const std::vector<double> y = call(PackedMatmul(layout), std::array<View, 2>{x, packed}, target)[0].values();
    EXPECT_EQ(y[0], 3);
    EXPECT_EQ(y[1], infinity);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[3], 10);
    EXPECT_EQ(y[4], 6);
    EXPECT_TRUE(std::isnan(y[5]));
    EXPECT_EQ(y[6], -infinity);
    EXPECT_EQ(y[7], infinity);
  }
}

// 2^60 swallows 1, unless a chain of its own does away with it: as many chains as kernels take for three columns.
TEST(PackedMatmul, SumsFewColumnsInChains) {
  const auto layout =
      std::make_shared<PackedLayout>(Dtype::f32, std::vector<std::size_t>{4}, std::vector<std::size_t>{1},
                                     std::vector<PackedBlock>(1), std::vector<std::size_t>{3});
  const double huge = std::ldexp(1.0, 60);
  const Tensor x = Tensor::from({2, 4}, {1, 1, 1, 1, 2, 2, 2, 2}, Dtype::f32);
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
    const auto sum_of = [&](const std::vector<double>& numbers) {
      const Tensor w = Tensor::from({4, 1}, numbers, Dtype::f32);
      const Tensor packed = std::move(call(Pack(layout), std::array<View, 1>{w}, target)[0]);
      const std::vector<double> y = call(PackedMatmul(layout), std::array<View, 2>{x, packed}, target)[0].values();
      EXPECT_EQ(y[1], 2 * y[0]);
      return y[0];
    };
    const std::size_t chains = kernels::chains_beside(3, kernels::table<float>(target).lanes);
    ASSERT_GT(chains, 1U);
    EXPECT_EQ(sum_of({huge, 1, -huge, 2}), chains == 2 ? 3 : 2);
    EXPECT_EQ(sum_of({huge, -huge, 1, 2}), chains == 2 ? 0 : 3);
  }
}

TEST(PackedMatmul, NamesTermAndBlockOfAWrongShape) {
  const PackedLayoutPtr layout = four_blocks(Dtype::f32);
  const PackedMatmul product(layout);
  const Type packed = layout->packed();
  EXPECT_EQ(packed.shape, (Shape{7 * 24}));
  const auto infer = [&](Shape a0, Shape a1, Shape last) {
    return testing::message_of<ShapeError>([&] {
      (void)product.infer(std::array<Type, 3>{Type{Dtype::f32, a0}, Type{Dtype::f32, a1}, Type{Dtype::f32, last}});
    });
  };
  EXPECT_EQ(infer({6, 3}, {6, 5}, packed.shape), "packed_matmul: term 1 is [6, 5]; expected [6, 4].");
  EXPECT_EQ(infer({6, 3}, {5, 4}, packed.shape), "packed_matmul: term 1 is [5, 4]; expected [6, 4].");
  EXPECT_EQ(infer({3}, {4}, packed.shape), "packed_matmul: term 0 is [3]; expected a shape of rank 2 or more.");
  EXPECT_EQ(infer({6, 3}, {6, 4}, {7, 23}), "packed_matmul: packed is [7, 23]; expected [168]. Make it with pack.");
  std::vector<Type> blocks;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 2; ++j) blocks.push_back({Dtype::f32, layout->block_shape(i, j)});
  blocks[2].shape = {4, 5};
  EXPECT_EQ(testing::message_of<ShapeError>([&] { (void)Pack(layout).infer(blocks); }),
            "pack: block 1, 0 is [4, 5]; expected [5, 4].");
}

TEST(PackedMatmul, RefusesTwoConnectionsOfOnePlace) {
  const auto twice =
      std::make_shared<Connections>(2, 2, std::vector<std::uint32_t>{0, 0}, std::vector<std::uint32_t>{1, 1});
  const auto layout = std::make_shared<PackedLayout>(
      Dtype::f32, std::vector<std::size_t>{2}, std::vector<std::size_t>{2},
      std::vector<PackedBlock>{{.form = Form::connections, .connections = twice, .to = End::target}});
  EXPECT_THAT(testing::message_of<InternalError>([&] { (void)Pack(layout); }),
              ::testing::HasSubstr("two connections have one place"));
}

TEST(PackedMatmul, CountsWhatExists) {
  const PackedLayoutPtr layout = four_blocks(Dtype::f32);
  const std::size_t count = 15 + circuit(3, 18)->count() + 20 + circuit(18, 4)->count();
  EXPECT_EQ(layout->count(), count);
  const std::vector<Type> inputs{{Dtype::f32, {6, 3}}, {Dtype::f32, {6, 4}}, layout->packed()};
  const PackedMatmul product(layout);
  EXPECT_EQ(product.cost(inputs, product.infer(inputs), {}).flop, 2.0 * 6 * static_cast<double>(count));
}

}  // namespace
}  // namespace elegans::ops
