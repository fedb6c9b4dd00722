// Row chains: what becomes one, and that it has the bits of the operations one by one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <random>

#include "elegans/graph/gradient.hpp"
#include "elegans/graph/passes/rows.hpp"
#include "elegans/graph/passes/simplify.hpp"
#include "elegans/ops/row_chain.hpp"
#include "support/check_gradient.hpp"
#include "support/graphs.hpp"

namespace elegans::graph {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::names;

Value softmax(Value x) {
  const Value e = exp(x - reduce_max(x, -1, Keep::yes));
  return e / reduce_sum(e, -1, Keep::yes);
}

TEST(Rows, MakeASoftmaxOneVisit) {
  Graph graph;
  graph.output("y", softmax(graph.input("x", {Dtype::f32, {Dim::batch(), 10}})));
  PassReport report;
  EXPECT_THAT(names(rows(graph, report)), ElementsAre("row_chain"));
  EXPECT_THAT(report.notes, Contains("5 operations along rows in 1 chains"));
}

TEST(Rows, MakeALossAndItsGradientOneVisit) {
  Graph graph;
  const Value p = graph.input("p", {Dtype::f64, {Dim::batch(), Dim::time(), 7}});
  const Value label = graph.input("label", {Dtype::i32, {Dim::batch(), Dim::time()}});
  const Value weight = graph.input("weight", {Dtype::f64, {Dim::batch(), Dim::time()}});
  const Value shifted = p - stop_gradient(reduce_max(p, -1, Keep::yes));
  const Value own = reduce_sum(one_hot(label, 7, Dtype::f64) * shifted, -1);
  const Value loss = sum((log(reduce_sum(exp(shifted), -1)) - own) * weight);
  graph.output("loss", loss);
  graph.output("gradient", gradients(loss, std::array{p})[0]);
  std::vector<PassReport> reports;
  const Graph result = optimise(std::move(graph), reports);
  EXPECT_EQ(
      std::count_if(result.nodes().begin(), result.nodes().end(),
                    [](const Node& node) { return node.outputs.size() == 2 && node.operation->name() == "row_chain"; }),
      1)
      << to_string(result);
  // Nothing else is as large as predictions are.
  for (const Node& node : result.nodes()) {
    if (node.operation->name() == "row_chain") continue;
    for (const ValueId output : node.outputs) EXPECT_NE(result.type(output).shape.rank(), 3u) << to_string(result);
  }
}

TEST(Rows, LeaveLongRowsAlone) {
  constexpr std::int64_t longest = ops::RowChain::row_bytes / sizeof(float);
  for (const std::int64_t width : {longest, longest + 1}) {
    Graph graph;
    graph.output("y", softmax(graph.input("x", {Dtype::f32, {Dim::batch(), width}})));
    PassReport report;
    const auto made = names(rows(graph, report));
    if (width == longest) {
      EXPECT_THAT(made, ElementsAre("row_chain"));
    } else {
      EXPECT_THAT(made, ::testing::Not(Contains("row_chain")));
      EXPECT_THAT(report.notes, ElementsAre("2 reductions refused: a row is longer than 16384 bytes"));
    }
  }
}

TEST(Rows, LeaveOutWhatAnotherOperationSeparates) {
  // The product lies between the sums and the last addition, which reads the squares, too.
  Graph graph;
  const Value x = graph.input("x", {Dtype::f64, {4, 4}});
  const Value squares = square(x);
  graph.output("y", squares + matmul(reshape(reduce_sum(squares, -1), {1, 4}), x));
  PassReport report;
  const Graph result = rows(graph, report);
  check(result);
  EXPECT_THAT(names(result), ElementsAre("row_chain", "reshape", "matmul", "add"));
  EXPECT_THAT(report.notes, Contains(HasSubstr("joints refused: another operation lies between")));
}

// A reshape that others read stays behind the chain.
TEST(Rows, KeepReshapesThatAreRead) {
  const testing::GradientCase test{
      .inputs = {testing::random_tensor({3, 5}, 1)},
      .write =
          [](const std::vector<Value>& in) {
            const Value sums = reduce_sum(square(in[0]), -1);
            const Value column = reshape(sums, {Dim::batch(), 1});
            return std::vector<Value>{column, sums, in[0] / column, reshape(column, {Dim::batch()})};
          },
      .shapes = {{Dim::batch(), 5}},
      .reserve = {.batch = 3}};
  testing::check_gradient(test);
  testing::GradientCase plain = test;
  plain.disable = {"rows"};
  const auto a = run_case(test), b = run_case(plain);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(a.outputs[i].values(), b.outputs[i].values());
}

TEST(Rows, NameTheRowOfAWrongLabel) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), 4}});
  const Value label = graph.input("label", {Dtype::i32, {Dim::batch()}});
  graph.output("y", reduce_sum(one_hot(label, 4, Dtype::f32) * x, -1));
  Executable run = compile(std::move(graph), {.reserve = {.batch = 3000}});
  EXPECT_THAT(names(run.graph()), ElementsAre("row_chain"));
  const std::vector<float> numbers(3000 * 4, 1.0F);
  std::vector<std::int32_t> labels(3000, 3);
  labels[2500] = 4;
  std::vector<float> y(3000);
  run.bind_input(0, numbers.data());
  run.bind_input(1, labels.data());
  run.bind_output(0, y.data());
  const Status status = run.run({.batch = 3000});
  EXPECT_EQ(status.code, Status::Code::index_out_of_range);
  EXPECT_EQ(status.item, 2500);
  EXPECT_TRUE(run.run({.batch = 2500}).ok());
}

// Rows first … first + count − 1 of a matrix of f32.
Tensor rows_of(const Tensor& all, std::int64_t first, std::int64_t count) {
  const std::int64_t width = all.shape()[1].factor();
  Tensor rows({count, width});
  std::copy_n(all.as<float>().data() + first * width, count * width, rows.as<float>().data());
  return rows;
}

void expect_same_bits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.bytes(), b.bytes());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0);
}

// More than caches hold goes by other kernels: the bits are those of less. One result is read again in the chain.
TEST(Rows, HaveTheSameBitsPastTheCaches) {
  constexpr std::int64_t width = 1001, all = 2200, half = all / 2;
  static_assert(3 * all * width * sizeof(float) > kernels::cached_bytes);
  static_assert(3 * half * width * sizeof(float) < kernels::cached_bytes);
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), width}});
  const Value e = exp(x - reduce_max(x, -1, Keep::yes));
  graph.output("e", e);
  graph.output("y", e / reduce_sum(e, -1, Keep::yes));
  Executable run = compile(std::move(graph), {.reserve = {.batch = all}});
  EXPECT_THAT(names(run.graph()), ElementsAre("row_chain"));
  const Tensor numbers = testing::random_tensor({all, width}, 1).to(Dtype::f32);
  const std::vector<Tensor> whole = run(std::array<View, 1>{numbers});
  for (const std::int64_t first : {std::int64_t{0}, half}) {
    const std::vector<Tensor> want = run(std::array<View, 1>{rows_of(numbers, first, half)});
    for (std::size_t o = 0; o < 2; ++o) expect_same_bits(rows_of(whole[o], first, half), want[o]);
  }
}

// The gradient of a cross-entropy of labels: what a label adds to is computed where the sum goes, here past the caches.
TEST(Rows, AddToLabelsPastTheCaches) {
  constexpr std::int64_t width = 1001, all = 3300, half = all / 2;
  static_assert(2 * all * width * sizeof(float) > kernels::cached_bytes);
  static_assert(2 * half * width * sizeof(float) < kernels::cached_bytes);
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), width}});
  const Value label = graph.input("label", {Dtype::f32, {Dim::batch(), 1}});
  const Value e = exp(x - reduce_max(x, -1, Keep::yes));
  const Value chosen = equal(label, positions(graph, width, Dtype::f32));
  graph.output("y", e / reduce_sum(e, -1, Keep::yes) + select(chosen, constant(x, -1), constant(x, 0)));
  Executable run = compile(std::move(graph), {.reserve = {.batch = all}});
  EXPECT_THAT(names(run.graph()), ElementsAre("constant", "row_chain"));
  const Tensor numbers = testing::random_tensor({all, width}, 1).to(Dtype::f32);
  Tensor labels({all, 1});
  for (std::size_t r = 0; r < labels.elements(); ++r) labels.as<float>()[r] = static_cast<float>(r * 7 % width);
  const Tensor whole = run(std::array<View, 2>{numbers, labels})[0];
  for (const std::int64_t first : {std::int64_t{0}, half}) {
    const Tensor some = rows_of(numbers, first, half), names_of_places = rows_of(labels, first, half);
    const Tensor want = run(std::array<View, 2>{some, names_of_places})[0];
    expect_same_bits(rows_of(whole, first, half), want);
  }
}

// Random programs of everything that may stand in rows.
class RandomRows {
 public:
  RandomRows(std::uint32_t seed, std::int64_t inner, Dtype dtype) : engine_(seed), inner_(inner), dtype_(dtype) {}

  Graph write() {
    Graph graph;
    const Dim batch = Dim::batch(), time = Dim::time();
    const bool deep = below(2) == 1;
    const Shape each = deep ? Shape{time, batch} : Shape{batch};
    const Shape full = each.inserted(each.rank(), inner_), column = each.inserted(each.rank(), 1);
    for (int i = 0; i < 2; ++i) full_.push_back(graph.input("full" + std::to_string(i), {dtype_, full}));
    narrow_.push_back(graph.input("each", {dtype_, each}));
    const Value row = graph.input("row", {dtype_, {inner_}});
    const Value kept = graph.input("column", {dtype_, column});
    const Value number = graph.input("number", {dtype_, Shape{}});
    const Value label = graph.input("label", {Dtype::i32, each});
    const Value zero = constant(number, 0);
    // Some labels name no place. Of rows of one number everything may be a label.
    const Value labels = label_number(label, less(zero, narrow_[0]), inner_);
    const auto chosen_by = [&](Value column_of_labels) {
      return equal(column_of_labels, positions(graph, Dim(inner_), dtype_));
    };
    const Value chosen = chosen_by(reshape(labels, column));
    for (std::size_t step = 0; step < 4 + below(14); ++step) {
      switch (below(13)) {
        case 0:
          narrow_.push_back(reduce_sum(any(full_), -1));
          break;
        case 1:
          narrow_.push_back(reduce_max(any(full_), -1));
          break;
        case 2:
          full_.push_back(any(full_) - reduce_max(any(full_), -1, Keep::yes));
          break;
        case 3:
          full_.push_back(any(full_) * reshape(any(narrow_), column));
          break;
        case 4:
          full_.push_back(select(one_hot(label, inner_, dtype_), any(full_), below(2) ? number : kept));
          break;
        case 5:
          full_.push_back(sigmoid(any(full_) + row));
          break;
        case 6:
          full_.push_back(any(full_) * number - kept * row);
          break;
        case 7:
          narrow_.push_back(tanh(any(narrow_) * number));
          break;
        case 8:
          narrow_.push_back(any(narrow_) - any(narrow_));
          break;
        case 9:
          narrow_.push_back(reduce_sum(select(chosen, any(full_), zero), -1));
          break;
        case 10:
          if (inner_ == 1 && below(2) == 1)
            full_.push_back(any(full_) + select(chosen_by(any(full_) * zero), tanh(any(full_)), zero));
          else
            full_.push_back(any(full_) + select(chosen, reshape(any(narrow_), column), zero));
          break;
        case 11:
          full_.push_back(select(chosen, number, zero) + tanh(any(full_)));
          break;
        default:
          full_.push_back(tanh(any(full_) * any(full_)));
      }
      // Something in between that rows cannot hold.
      if (below(12) == 0) narrow_.push_back(any(narrow_) + sum(any(full_)));
    }
    graph.output("full", full_.back());
    graph.output("narrow", narrow_.back());
    graph.output("some", any(below(2) ? full_ : narrow_));
    return graph;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_()) % n; }
  Value any(const std::vector<Value>& values) { return values[below(values.size())]; }

  std::mt19937 engine_;
  std::int64_t inner_;
  Dtype dtype_;
  std::vector<Value> full_, narrow_;
};

std::vector<Tensor> random_inputs(const Graph& graph, const Extents& at, std::int64_t inner) {
  std::vector<Tensor> inputs;
  for (const Port& port : graph.inputs()) {
    const ops::Type& type = graph.type(port.value);
    const Shape shape = type.shape.at(at);
    if (type.dtype == Dtype::i32) {
      inputs.emplace_back(shape, Dtype::i32);
      for (std::int32_t number = 0; std::int32_t & label : inputs.back().as<std::int32_t>())
        label = static_cast<std::int32_t>(7 * number++ % inner);
    } else {
      inputs.push_back(testing::random_tensor(shape, 7 + inputs.size()).to(type.dtype));
    }
  }
  return inputs;
}

TEST(Rows, HaveTheBitsOfTheirOperationsOneByOne) {
  std::size_t chains = 0, picks = 0, additions = 0;
  const std::vector<std::int64_t> widths{1, 2, 1, 3, 7, 16, 100, 255, 256, 257, 511, 512, 513, 1500};
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const Dtype dtype = seed % 2 ? Dtype::f32 : Dtype::f64;
    const auto target = seed % 3 ? kernels::Target::best : kernels::Target::scalar;
    const std::int64_t inner = widths[seed % widths.size()];
    const auto written = [&] { return RandomRows(seed, inner, dtype).write(); };
    const Extents reserve{.batch = 19, .time = 5};
    Executable chained = compile(written(), {.target = target, .reserve = reserve});
    Executable plain = compile(written(), {.target = target, .reserve = reserve, .disable = {"rows", "fuse"}});
    for (const Node& node : chained.graph().nodes()) {
      if (node.operation->name() != "row_chain") continue;
      ++chains;
      picks += node.operation->options().find("pick(") != std::string::npos ? 1 : 0;
      additions += node.operation->options().find("add_at(") != std::string::npos ? 1 : 0;
    }
    for (const Extents& at : {reserve, Extents{.batch = 3, .time = 2}, Extents{.batch = 1, .time = 1}}) {
      const std::vector<Tensor> inputs = random_inputs(plain.graph(), at, inner);
      const std::vector<View> views(inputs.begin(), inputs.end());
      const std::vector<Tensor> a = chained(views), b = plain(views);
      for (std::size_t i = 0; i < b.size(); ++i)
        EXPECT_EQ(a[i].values(), b[i].values()) << "seed " << seed << ", output " << i << "\n" << chained.explain();
    }
  }
  EXPECT_GT(chains, 100u);
  EXPECT_GT(picks, 20u);
  EXPECT_GT(additions, 20u);
}

}  // namespace
}  // namespace elegans::graph
