// Loops along connections: the batch innermost, circuits in levels, gather, compute and sum in one visit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "elegans/graph/gradient.hpp"
#include "elegans/graph/passes/layout.hpp"
#include "elegans/graph/pipeline.hpp"
#include "elegans/graph/scan.hpp"
#include "support/check_gradient.hpp"

namespace elegans::graph {
namespace {

using testing::GradientCase;
using testing::random_tensor;
using testing::run_case;
using Values = std::vector<Value>;

ops::ConnectionsPtr circuit() {
  return std::make_shared<ops::Connections>(4, 4, std::vector<std::uint32_t>{0, 1, 1, 2, 3, 3, 0, 2, 2},
                                            std::vector<std::uint32_t>{1, 1, 0, 3, 1, 3, 3, 0, 1});
}

// Leaky neurons over synapses, unfolded three times a step, with a product, moves of features and a value for each
// sample: inputs x [time, batch, 2], dt [time, batch, 1], v [batch, 4], and weights w, m, e [9], leak [4], u [2, 4].
Values unfolded(const Values& in) {
  const Value x = in[0], dt = in[1], v0 = in[2], w = in[3], m = in[4], e = in[5], leak = in[6], u = in[7];
  const LoopResult steps = scan(Dim::time(), std::array{v0}, std::array{x, dt}, [&](const Loop& loop) {
    const Value drive = matmul(loop.scanned[0], u), delta = loop.scanned[1] / 3.0;
    const LoopResult unfolds = scan(Dim(3), loop.carried, {}, [&](const Loop& inner) {
      const Value v = inner.carried[0];
      const Value open = softplus(w) * sigmoid(gather(v, circuit()) - m);
      const Value current = scatter_sum(open * e, circuit()), conductance = scatter_sum(open, circuit());
      const Value total = reduce_sum(conductance, -1, Keep::yes);
      return LoopResult{.carried = {v + delta * (drive + current - v * (conductance + leak)) / (total + 2.0)},
                        .stacked = {},
                        .summed = {}};
    });
    const Value v = unfolds.carried[0];
    const Value turned = concat({slice(v, -1, 2, 4), slice(v, -1, 0, 2)}, -1);
    return LoopResult{.carried = {v}, .stacked = {turned * maximum(v, constant(v, 0.1))}, .summed = {}};
  });
  return {steps.carried[0], steps.stacked[0]};
}

GradientCase unfolded_case(std::int64_t batch, std::vector<std::string> disable) {
  return {.inputs = {random_tensor({4, batch, 2}, 1), random_tensor({4, batch, 1}, 2, 0.2, 1),
                     random_tensor({batch, 4}, 3), random_tensor({9}, 4), random_tensor({9}, 5), random_tensor({9}, 6),
                     random_tensor({4}, 7, 0.2, 1), random_tensor({2, 4}, 8)},
          .write = unfolded,
          .shapes = {{Dim::time(), Dim::batch(), 2},
                     {Dim::time(), Dim::batch(), 1},
                     {Dim::batch(), 4},
                     {9},
                     {9},
                     {9},
                     {4},
                     {2, 4}},
          .integers = {},
          .integer_shapes = {},
          .reserve = {.batch = batch + 1, .time = 5},
          .disable = std::move(disable)};
}

using Names = std::map<std::string, std::size_t>;

void count(const Graph& graph, Names& names, const std::function<bool(int)>& at_depth, int depth = 0) {
  for (const Node& node : graph.nodes()) {
    if (at_depth(depth)) ++names[std::string(node.operation->name())];
    if (const Scan* scan = as_scan(node)) count(scan->body(), names, at_depth, depth + 1);
  }
}

Graph written(bool with_gradient) {
  Graph graph;
  Values in;
  const GradientCase all = unfolded_case(1, {});
  for (std::size_t i = 0; i < all.shapes.size(); ++i)
    in.push_back(graph.input("x" + std::to_string(i), {Dtype::f64, all.shapes[i]}));
  const Values out = unfolded(in);
  graph.output("v", out[0]);
  graph.output("y", out[1]);
  if (with_gradient) {
    const auto found = gradients(sum(square(out[0])) + sum(square(out[1])), std::array{in[3], in[6]});
    for (std::size_t i = 0; i < found.size(); ++i) graph.output("gradient " + std::to_string(i), found[i]);
  }
  return graph;
}

TEST(Circuits, GradientsMatchDifferencesThroughAllPasses) {
  for (const std::int64_t batch : {1, 2, 5}) testing::check_gradient(unfolded_case(batch, {}));
}

TEST(Circuits, EachPassCanBeSwitchedOff) {
  for (const std::int64_t batch : {1, 3, 16}) {
    const auto plain = run_case(unfolded_case(batch, {"layout", "defer", "order", "circuits"}));
    for (const std::vector<std::string>& disable : std::vector<std::vector<std::string>>{{},
                                                                                         {"layout"},
                                                                                         {"defer"},
                                                                                         {"order"},
                                                                                         {"circuits"},
                                                                                         {"fuse"},
                                                                                         {"hoist"},
                                                                                         {"simplify"},
                                                                                         {"order", "circuits"}}) {
      const auto result = run_case(unfolded_case(batch, disable));
      for (const auto& [got, want] :
           {std::pair{&result.outputs, &plain.outputs}, std::pair{&result.gradients, &plain.gradients}})
        for (std::size_t i = 0; i < want->size(); ++i) {
          const auto a = (*got)[i].values(), b = (*want)[i].values();
          // Sums of up to 9 connections or 16 samples in another order, through 12 unfolds.
          for (std::size_t k = 0; k < b.size(); ++k)
            EXPECT_NEAR(a[k], b[k], 12 * 25 * 2.3e-16 * std::max(1.0, std::abs(b[k])))
                << i << " with batch " << batch << " without " << (disable.empty() ? "nothing" : disable[0]);
        }
    }
  }
}

// Levels keep the order of each target's connections, and a fused circuit adds in that order: sums forwards keep their
// bits.
TEST(Circuits, ForwardBitsStay) {
  for (const std::int64_t batch : {1, 4}) {
    const auto all = run_case(unfolded_case(batch, {}));
    for (const char* pass : {"order", "circuits", "defer"}) {
      const auto without = run_case(unfolded_case(batch, {pass}));
      for (std::size_t i = 0; i < all.outputs.size(); ++i)
        EXPECT_EQ(all.outputs[i].values(), without.outputs[i].values()) << pass;
    }
  }
}

TEST(Circuits, HoldTheBatchInnermost) {
  PassReport report;
  const Graph turned = layout(written(false), report);
  check(turned);
  EXPECT_THAT(report.notes, ::testing::ElementsAre("2 loops along connections hold the batch innermost"));
  Names inside;
  count(turned, inside, [](int depth) { return depth > 0; });
  EXPECT_EQ(inside.count("transpose"), 0u) << to_string(turned);
  EXPECT_EQ(inside["gather"], 1u);
  EXPECT_EQ(inside["scatter_sum"], 2u);
}

TEST(Circuits, LeaveLoopsWithoutConnectionsAsTheyAre) {
  Graph graph;
  const Value h = graph.input("h", {Dtype::f64, {Dim::batch(), 2}}), u = graph.input("u", {Dtype::f64, {2, 2}});
  const LoopResult loop = scan(Dim::time(), std::array{h}, {}, [&](const Loop& in) {
    return LoopResult{.carried = {tanh(matmul(in.carried[0], u))}, .stacked = {}, .summed = {}};
  });
  graph.output("h", loop.carried[0]);
  PassReport report;
  const Graph result = layout(graph, report);
  EXPECT_EQ(to_string(result), to_string(graph));
  EXPECT_THAT(report.notes, ::testing::ElementsAre("1 loops left as they are: they work along no connections"));
}

// Two chains that have only what they fetch in common.
TEST(Circuits, FetchOnceWhatSeveralChainsRead) {
  Graph graph;
  const Value v0 = graph.input("v", {Dtype::f32, {Dim::batch(), 4}}), w = graph.input("w", {Dtype::f32, {9}}),
              m = graph.input("m", {Dtype::f32, {9}});
  const LoopResult loop = scan(Dim::time(), std::array{v0}, {}, [&](const Loop& in) {
    const Value seen = gather(in.carried[0], circuit());
    const Value a = scatter_sum(tanh(seen * w), circuit()), b = scatter_sum(sigmoid(seen - m), circuit());
    return LoopResult{.carried = {a * b}, .stacked = {}, .summed = {}};
  });
  graph.output("v", loop.carried[0]);
  std::vector<PassReport> reports;
  Names inside;
  count(optimise(std::move(graph), reports), inside, [](int depth) { return depth > 0; });
  EXPECT_EQ(inside["circuit_chain"], 1u);
}

// What each step opens, [9], is stacked for the gradient's loop, and is an output, too.
Values opened(const Values& in) {
  const Value v0 = in[0], w = in[1], e = in[2];
  const LoopResult loop = scan(Dim::time(), std::array{v0}, {}, [&](const Loop& at) {
    const Value open = sigmoid(gather(at.carried[0], circuit()) * w);
    return LoopResult{.carried = {tanh(scatter_sum(open * e, circuit()))}, .stacked = {open}, .summed = {}};
  });
  return {loop.carried[0], loop.stacked[0]};
}

GradientCase opened_case(std::vector<std::string> disable) {
  return {.inputs = {random_tensor({3, 4}, 1), random_tensor({9}, 2), random_tensor({9}, 3)},
          .write = opened,
          .shapes = {{Dim::batch(), 4}, {9}, {9}},
          .integers = {},
          .integer_shapes = {},
          .reserve = {.batch = 4, .time = 3},
          .disable = std::move(disable)};
}

TEST(Circuits, GradientsReadWhatWasStackedInOrder) {
  testing::check_gradient(opened_case({}));
  const auto ordered = run_case(opened_case({})), straight = run_case(opened_case({"order"}));
  EXPECT_EQ(ordered.outputs[1].values(), straight.outputs[1].values());

  Graph graph;
  Values in;
  const GradientCase all = opened_case({});
  for (std::size_t i = 0; i < all.shapes.size(); ++i)
    in.push_back(graph.input("x" + std::to_string(i), {Dtype::f64, all.shapes[i]}));
  const Values out = opened(in);
  graph.output("open", out[1]);
  graph.output("gradient", gradients(sum(square(out[0])), std::array{in[1]})[0]);
  std::vector<PassReport> reports;
  const Graph result = optimise(std::move(graph), reports);
  Names inside;
  count(result, inside, [](int depth) { return depth > 0; });
  EXPECT_EQ(inside.count("gather"), 0u) << to_string(result);
}

// A loop may run over the connections themselves, or over a sum of what a loop opened: these are no arrays with steps.
TEST(Circuits, LoopsMayRunOverConnections) {
  for (const std::int64_t width : {0, 9}) {
    const auto write = [=](const Values& in) {
      const LoopResult loop = scan(Dim::time(), std::array{in[0]}, {}, [&](const Loop& at) {
        const Value open = sigmoid(gather(at.carried[0], circuit()) * in[1]);
        return LoopResult{
            .carried = {tanh(scatter_sum(open, circuit()))}, .stacked = {}, .summed = {reduce_sum(open, 0)}};
      });
      Value sum = loop.summed[0];  // [9], and [9, width] where one is given
      if (width > 0) sum = reshape(sum, {9, 1}) * in[3];
      const LoopResult over = scan(Dim(9), std::array{in[2]}, std::array{sum}, [&](const Loop& at) {
        return LoopResult{.carried = {at.carried[0] * 0.9 + at.scanned[0]}, .stacked = {}, .summed = {}};
      });
      return Values{over.carried[0]};
    };
    const Shape state = width > 0 ? Shape{width} : Shape{};
    const auto with = [&](std::vector<std::string> disable) {
      return GradientCase{.inputs = {random_tensor({3, 4}, 1), random_tensor({9}, 2), random_tensor(state, 3),
                                     random_tensor({9, std::max<std::int64_t>(width, 1)}, 4)},
                          .write = write,
                          .shapes = {{Dim::batch(), 4}, {9}, state, {9, std::max<std::int64_t>(width, 1)}},
                          .integers = {},
                          .integer_shapes = {},
                          .reserve = {.batch = 4, .time = 3},
                          .disable = std::move(disable)};
    };
    testing::check_gradient(with({}));
    const auto all = run_case(with({})), straight = run_case(with({"order", "defer"}));
    const std::vector<double> got = all.outputs[0].values(), want = straight.outputs[0].values();
    for (std::size_t i = 0; i < want.size(); ++i)  // sums over 3 samples and steps in another order, decayed over 9
      EXPECT_NEAR(got[i], want[i], 9 * 12 * 2.3e-16 * 9) << width;
  }
}

TEST(Circuits, BecomeOneVisitAndLetSumsOverTheBatchLeave) {
  std::vector<PassReport> reports;
  const Graph result = optimise(written(true), reports);
  Names inside, outside;
  count(result, inside, [](int depth) { return depth > 0; });
  count(result, outside, [](int depth) { return depth == 0; });
  EXPECT_EQ(inside.count("gather"), 0u) << to_string(result);
  EXPECT_EQ(inside.count("scatter_sum"), 0u) << to_string(result);
  // One visit forwards, and one backwards that computes what is not kept again on its way.
  EXPECT_EQ(inside["circuit_chain"], 2u);
  // The gradient of the softplus of w is taken once, behind both loops, as are the sums over samples.
  EXPECT_EQ(inside.count("softplus"), 0u);
  EXPECT_GE(outside["reduce_sum"], 1u);
  const auto notes_of = [&](std::string_view pass) {
    std::string notes;
    for (const PassReport& report : reports)
      if (report.pass == pass)
        for (const std::string& note : report.notes) notes += note + "\n";
    return notes;
  };
  EXPECT_THAT(notes_of("order"), ::testing::HasSubstr("1 circuits in the order of their levels"));
  EXPECT_THAT(notes_of("circuits"), ::testing::HasSubstr("chains took in"));
  EXPECT_THAT(notes_of("defer"), ::testing::HasSubstr("sums over a batch moved behind their loops"));
}

}  // namespace
}  // namespace elegans::graph
