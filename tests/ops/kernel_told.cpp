// What an operation tells of its kernels against the kernels that it calls: the table it runs on is a copy whose entries
// write their names down.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>
#include <sstream>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/kernels/nearest_cache.hpp"
#include "elegans/kernels/row_sweep.hpp"
#include "elegans/ops/circuit_chain.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/outer_products.hpp"
#include "elegans/ops/packed_matmul.hpp"
#include "elegans/ops/product_chain.hpp"
#include "elegans/ops/row_chain.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "support/random_tensor.hpp"

namespace elegans::ops {
namespace {

using kernels::Binary;
using kernels::Unary;
using Names = std::set<std::string>;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Names called;

// One entry of the table: what stands in its place.
template <auto member, class Function>
struct Watched;
template <auto member, class Result, class... Arguments>
struct Watched<member, Result (*)(Arguments...)> {
  static inline Result (*original)(Arguments...) = nullptr;
  static inline const char* name = nullptr;
  static Result call(Arguments... arguments) {
    called.insert(name);
    return original(arguments...);
  }
};

// The addition of arrays, which is one of many.
struct WatchedAdd {
  static inline kernels::Table<float>::BinaryKernel original = nullptr;
  static void call(const float* a, std::size_t sa, const float* b, std::size_t sb, float* y, std::size_t n) {
    called.insert("add");
    original(a, sa, b, sb, y, n);
  }
};

class WatchedTable {
 public:
  explicit WatchedTable(kernels::Target target) : table_(*kernels_of(target).f32) {
    using Table = kernels::Table<float>;
    watch<&Table::run_chain>("run_chain");
    watch<&Table::matmul_nn>("matmul_nn");
    watch<&Table::matmul_nt>("matmul_nt");
    watch<&Table::matmul_tn>("matmul_tn");
    watch<&Table::packed_matmul>("packed_matmul");
    watch<&Table::run_packed_row>("run_packed_row");
    watch<&Table::packed_resum>("packed_resum");
    watch<&Table::sparse_matmul>("sparse_matmul");
    watch<&Table::gather>("gather");
    watch<&Table::scatter_add>("scatter_add");
    watch<&Table::sum_levels>("sum_levels");
    watch<&Table::copy_past_caches>("copy_past_caches");
    watch<&Table::finish_past_caches>("finish_past_caches");
    watch<&Table::repeat_each>("repeat_each");
    watch<&Table::reduce_sum>("reduce_sum");
    watch<&Table::reduce_max>("reduce_max");
    watch<&Table::outer_products>("outer_products");
    kernels::Table<float>::BinaryKernel& add = table_.binary[static_cast<std::size_t>(Binary::add)];
    WatchedAdd::original = add;
    add = WatchedAdd::call;
    names_.insert("add");
  }
  Kernels kernels() const { return {&table_, nullptr}; }
  const Names& names() const { return names_; }

 private:
  template <auto member>
  void watch(const char* name) {
    using Entry = Watched<member, std::remove_reference_t<decltype(table_.*member)>>;
    Entry::original = table_.*member;
    Entry::name = name;
    table_.*member = Entry::call;
    names_.insert(name);
  }

  kernels::Table<float> table_;
  Names names_;
};

enum class How : std::uint8_t { run, fixed };

// Runs `operation` and returns what it tells, having compared the kernels named in it with those that were called.
std::string told(const Operation& operation, const std::vector<Tensor>& given, How how,
                 kernels::Target target = kernels::Target::best) {
  const WatchedTable table(target);
  const Kernels kernels = table.kernels();
  std::vector<Type> in_types;
  std::vector<const void*> in;
  std::vector<void*> out;
  std::vector<Tensor> results;
  for (const Tensor& tensor : given) in_types.push_back({tensor.dtype(), tensor.shape()});
  for (const Tensor& tensor : given) in.push_back(tensor.data());
  const std::vector<Type> out_types = operation.infer(in_types);
  for (const Type& type : out_types) results.emplace_back(type.shape, type.dtype);
  for (Tensor& tensor : results) out.push_back(tensor.data());
  Sizes sizes;
  operation.prepare(in_types, out_types, Extents{}, sizes);
  AlignedBuffer workspace(operation.workspace_bytes(in_types, Extents{})),
      linked(operation.linked_bytes(in_types, Extents{}));
  const Call call{.sizes = sizes,
                  .inputs = in.data(),
                  .outputs = out.data(),
                  .workspace = workspace.data(),
                  .linked = linked.data(),
                  .dtype = Dtype::f32,
                  .kernels = kernels};
  std::string text;
  called.clear();
  if (how == How::fixed) {
    const std::unique_ptr<FixedCall> fixed = operation.fix(call);
    EXPECT_TRUE(fixed);
    if (!fixed) return {};
    called.clear();
    EXPECT_TRUE(fixed->run().ok());
    text = fixed->kernel();
  } else {
    operation.link(call);
    EXPECT_TRUE(operation.run(call).ok());
    text = operation.kernel(call);
  }
  Names named;
  std::istringstream words(text.empty() ? std::string(operation.name()) : text);
  for (std::string word; words >> word;) {
    word.erase(word.find_last_not_of(",:;") + 1);
    if (table.names().contains(word)) named.insert(word);
  }
  EXPECT_EQ(named, called) << text;
  return text;
}

Tensor numbers(const Shape& shape, std::uint64_t seed = 1) {
  return testing::random_tensor(shape, seed, -2, 2).to(Dtype::f32);
}

Instruction binary(Binary function, std::uint16_t a, std::uint16_t b) {
  return {Instruction::Kind::binary, static_cast<std::uint8_t>(function), {a, b, 0}};
}

// tanh(x · y)
std::shared_ptr<const Elementwise> gate() {
  return std::make_shared<Elementwise>(
      2,
      std::vector<Instruction>{binary(Binary::multiply, 0, 1),
                               {Instruction::Kind::unary, static_cast<std::uint8_t>(Unary::tanh), {2, 0, 0}}},
      std::vector<std::uint16_t>{3});
}

std::int64_t lanes() { return static_cast<std::int64_t>(kernels_of(kernels::Target::best).f32->lanes); }

TEST(KernelTold, OfProducts) {
  const Tensor a = numbers({5, 7}), column = numbers({7, 1});
  EXPECT_EQ(told(Matmul(MatmulOptions{}), {a, numbers({7, 9})}, How::run), "matmul_nn");
  EXPECT_EQ(told(Matmul({.transpose_b = true}), {a, numbers({9, 7})}, How::run),
            "matmul_nt: the second matrix is transposed");
  EXPECT_EQ(told(Matmul({.transpose_a = true}), {numbers({7, 5}), numbers({7, 9})}, How::run),
            "matmul_tn: the first matrix is transposed");
  EXPECT_EQ(told(OuterProducts(1, 2), {numbers({7, 5}), numbers({7, 2}), numbers({7, 3})}, How::run), "");
  EXPECT_THAT(told(Matmul(MatmulOptions{}), {a, column}, How::run), HasSubstr("one column"));
  EXPECT_THAT(told(Matmul({.transpose_a = true}), {numbers({7, 5}), column}, How::run), HasSubstr("one column"));
}

PackedLayoutPtr layout(std::vector<std::size_t> widths) {
  const std::vector<PackedBlock> blocks(widths.size());
  return std::make_shared<PackedLayout>(Dtype::f32, std::vector<std::size_t>{4}, std::move(widths), blocks);
}

TEST(KernelTold, OfPackedProducts) {
  const PackedMatmul one(layout({20})), two(layout({5, 6}));
  const Tensor packed = numbers(one.layout()->packed().shape), packed_two = numbers(two.layout()->packed().shape);
  EXPECT_EQ(told(one, {numbers({3, 4}), packed}, How::run), "packed_matmul of 3 rows");
  EXPECT_EQ(told(one, {numbers({1, 4}), packed}, How::run), "packed_matmul of 1 row");
  EXPECT_EQ(told(one, {numbers({3, 4}), packed}, How::fixed), "packed_matmul of 3 rows");
  EXPECT_EQ(told(one, {numbers({1, 4}), packed}, How::fixed), "run_packed_row: one row that stays where it is");
  EXPECT_THAT(told(two, {numbers({1, 4}), packed_two}, How::fixed), HasSubstr("2 results apart"));
  const auto narrow =
      std::make_shared<PackedLayout>(Dtype::f32, std::vector<std::size_t>{8}, std::vector<std::size_t>{3},
                                     std::vector<PackedBlock>(1), std::vector<std::size_t>{3});
  const std::string chains = ", summed in " + std::to_string(kernels::chains_beside(3, lanes())) + " chains";
  for (const How how : {How::run, How::fixed})
    EXPECT_THAT(told(PackedMatmul(narrow), {numbers({1, 8}), numbers(narrow->packed().shape)}, how), EndsWith(chains));
  const PackedMatmul large(layout({kernels::first_level_cache_bytes() / 4}));
  EXPECT_THAT(told(large, {numbers({1, 4}), numbers(large.layout()->packed().shape)}, How::fixed),
              HasSubstr(lanes() > 1 ? "from both ends of the matrix in turn" : "one row that stays where it is"));
}

ConnectionsPtr circuit(std::size_t sources, std::size_t targets, std::size_t count) {
  std::mt19937_64 engine(count);
  std::vector<std::uint32_t> source, target;
  for (std::size_t s = 0; s < count; ++s) {
    source.push_back(static_cast<std::uint32_t>(engine() % sources));
    target.push_back(static_cast<std::uint32_t>(engine() % targets));
  }
  return std::make_shared<Connections>(sources, targets, source, target);
}

ConnectionsPtr in_levels(const ConnectionsPtr& circuit) {
  return std::make_shared<Connections>(circuit->reordered(circuit->level_order()));
}

TEST(KernelTold, OfProductsWithAbsentConnectionsAndNan) {
  const std::vector<PackedBlock> blocks{{.form = PackedBlock::Form::connections, .connections = circuit(4, 20, 30)}};
  const auto sparse =
      std::make_shared<PackedLayout>(Dtype::f32, std::vector<std::size_t>{4}, std::vector<std::size_t>{20}, blocks);
  Tensor a = numbers({3, 4});
  a.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(told(PackedMatmul(sparse), {a, numbers(sparse->packed().shape)}, How::run), HasSubstr("absent"));
}

TEST(KernelTold, OfSparseProducts) {
  const ConnectionsPtr connections = circuit(6, 7, 20);
  const std::vector<std::uint32_t>& order = connections->by(End::target).order;
  const auto in_order = std::make_shared<Connections>(connections->reordered(order));
  ASSERT_FALSE(connections->by(End::target).in_order);
  EXPECT_EQ(told(SparseMatmul(in_order), {numbers({3, 6}), numbers({20})}, How::run), "");
  EXPECT_THAT(told(SparseMatmul(connections), {numbers({3, 6}), numbers({20})}, How::run), HasSubstr("another order"));
}

TEST(KernelTold, OfChains) {
  const std::int64_t whole = 3 * lanes(), odd = whole + 1;
  const std::shared_ptr<const Elementwise> kept = gate();
  const Elementwise& chain = *kept;
  EXPECT_THAT(told(chain, {numbers({5, whole}), numbers({whole})}, How::run), HasSubstr("whole vectors of"));
  EXPECT_THAT(told(chain, {numbers({5, 7}), numbers({5, 7})}, How::run), HasSubstr("run_chain on 35 numbers"));
  EXPECT_THAT(told(chain, {numbers({1, odd}), numbers({1, odd})}, How::fixed), HasSubstr("stay where they are"));
  if (lanes() > 1) {
    EXPECT_THAT(told(chain, {numbers({5, odd}), numbers({odd})}, How::run), HasSubstr("on tiles of 5 of 5 rows"));
    EXPECT_THAT(told(chain, {numbers({5, odd}), numbers({5, 1})}, How::run), StartsWith("repeat_each, run_chain"));
    EXPECT_THAT(told(chain, {numbers({5, 8191}), numbers({8191})}, How::run), HasSubstr("row by row"));
  }
  EXPECT_THAT(told(chain, {numbers({1 << 17}), numbers({1 << 17})}, How::run), HasSubstr("come from memory"));
  EXPECT_THAT(told(chain, {numbers({5, 7}), numbers({7})}, How::run, kernels::Target::scalar), HasSubstr("whole"));
}

TEST(KernelTold, OfProductsWithChains) {
  const auto packed = std::make_shared<PackedMatmul>(layout({20}));
  const ProductChain chain(packed, gate(), {ProductChain::Use::read});
  const auto given = [&](std::int64_t rows) {
    return std::vector<Tensor>{numbers({rows, 4}), numbers(packed->layout()->packed().shape), numbers({rows, 20})};
  };
  EXPECT_THAT(told(chain, given(1), How::fixed), HasSubstr("run_packed_row: one row that stays where it is, then run"));
  EXPECT_THAT(told(chain, given(3), How::run), StartsWith("packed_matmul of 3 rows, then run_chain on "));
  EXPECT_THAT(told(chain, given(2000), How::run), HasSubstr("rows at a time, near the core: packed_matmul of"));
}

// tanh(v[source] · w), as it is and summed by both ends.
CircuitChain circuit_chain(const ConnectionsPtr& connections) {
  return CircuitChain(connections, gate(), {End::source, {}},
                      {{.result = 0}, {.result = 0, .sum_by = End::target}, {.result = 0, .sum_by = End::source}});
}

TEST(KernelTold, OfCircuits) {
  const ConnectionsPtr plain = circuit(5, 8, 30), levels = in_levels(plain);
  const std::int64_t many = kernels_of(kernels::Target::best).f32->looked_up;
  const auto given = [](const Connections& of, std::int64_t batch) {
    return std::vector<Tensor>{numbers({static_cast<std::int64_t>(of.inputs()), batch}),
                               numbers({static_cast<std::int64_t>(of.count()), 1})};
  };
  EXPECT_THAT(told(circuit_chain(plain), given(*plain, lanes()), How::run), HasSubstr("fetches and adds by itself"));
  EXPECT_THAT(told(circuit_chain(plain), given(*plain, 3), How::run, kernels::Target::scalar), HasSubstr("by itself"));
  EXPECT_THAT(told(circuit_chain(plain), given(*plain, 1), How::fixed), HasSubstr("2 summed by scatter_add"));
  if (lanes() > 1) {
    EXPECT_THAT(told(circuit_chain(plain), given(*plain, lanes() + 1), How::run), HasSubstr("no whole vectors"));
    EXPECT_THAT(told(circuit_chain(levels), given(*levels, 1), How::run), HasSubstr("sum_levels"));
    EXPECT_THAT(told(circuit_chain(levels), given(*levels, 1), How::fixed), HasSubstr("1 summed by sum_levels"));
  }
  // 8 targets of 2^29 numbers are one more than 32 bits count. Nothing of that size is there: sizes alone decide.
  const CircuitChain far = circuit_chain(plain);
  const std::vector<Type> types{{Dtype::f32, Shape{5, std::int64_t{1} << 29}}, {Dtype::f32, Shape{30, 1}}};
  Sizes sizes;
  far.prepare(types, far.infer(types), {}, sizes);
  const Kernels kernels = kernels_of(kernels::Target::best);
  AlignedBuffer workspace(64);
  EXPECT_THAT(far.kernel({.sizes = sizes,
                          .inputs = nullptr,
                          .outputs = nullptr,
                          .workspace = workspace.data(),
                          .linked = nullptr,
                          .dtype = Dtype::f32,
                          .kernels = kernels}),
              HasSubstr("too large for indices of 32 bits"));
  const ConnectionsPtr vector = circuit(16, 8, 30), wide = circuit(100, 8, 200);
  EXPECT_THAT(told(circuit_chain(vector), given(*vector, 1), How::fixed),
              many >= 16 ? HasSubstr("1 fetched in registers") : HasSubstr("1 fetched by gather"));
  const char* const why = many > 0 ? "1 fetched by gather: more than 32 numbers" : "1 fetched by gather";
  EXPECT_THAT(told(circuit_chain(wide), given(*wide, 1), How::fixed), HasSubstr(why));
  if (many > 0) {
    EXPECT_THAT(told(circuit_chain(plain), given(*plain, 1), How::fixed), HasSubstr("may end within a vector"));
  }
  const ConnectionsPtr large = in_levels(circuit(100, 90, 40000));
  EXPECT_THAT(told(circuit_chain(large), given(*large, 1), How::fixed), HasSubstr("4096 connections at a time"));
}

TEST(KernelTold, OfRowChains) {
  const auto softmax = [](std::int64_t inner) {
    const auto of = [](RowInstruction::Kind kind, Instruction instruction) {
      return RowInstruction{kind, instruction};
    };
    const Instruction exponential{Instruction::Kind::unary, static_cast<std::uint8_t>(Unary::exponential), {0, 0, 0}};
    return RowChain(
        inner, {RowForm::full},
        {of(RowInstruction::Kind::elementwise, exponential), of(RowInstruction::Kind::sum, {.operands = {1}}),
         of(RowInstruction::Kind::elementwise, binary(Binary::divide, 1, 2))},
        {{.result = 3}});
  };
  EXPECT_THAT(told(softmax(10), {numbers({7, 10})}, How::run),
              StartsWith("exponential, reduce_sum, divide, one after the other on 7 of 7 rows"));
  EXPECT_THAT(told(softmax(1000), {numbers({3300, 1000})}, How::run), HasSubstr("the caches do not hold them"));
}

}  // namespace
}  // namespace elegans::ops
