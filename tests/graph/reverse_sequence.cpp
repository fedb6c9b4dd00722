#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/graph/executable.hpp"
#include "elegans/graph/functions.hpp"
#include "support/message_of.hpp"

namespace elegans::graph {
namespace {

using testing::message_of;

TEST(ReverseSequence, ShapesThatDoNotFit) {
  Graph graph;
  const Value x = graph.input("x", {Dtype::f32, {Dim::batch(), Dim::time(), 2}});
  const Value flat = graph.input("flat", {Dtype::f32, {3}});
  const Value numbers = graph.input("numbers", {Dtype::f32, {Dim::batch()}});
  const Value lengths = graph.input("lengths", {Dtype::i32, {4}});
  EXPECT_EQ(message_of<ShapeError>([&] { reverse_sequence(flat); }),
            "reverse_sequence: x is [3]; expected [batch, time, ...].");
  EXPECT_EQ(message_of<ShapeError>([&] { reverse_sequence(x, lengths); }),
            "reverse_sequence: lengths is [4]; expected [batch], as x is [batch, time, 2].");
  EXPECT_THAT(message_of<DtypeError>([&] { reverse_sequence(x, numbers); }),
              ::testing::HasSubstr("reverse_sequence: lengths is f32[batch]; expected i32."));
}

// Turned twice is not turned: nothing is left but the sum. Other lengths are another matter.
TEST(ReverseSequence, TwiceIsNothing) {
  const auto nodes = [](bool same) {
    Graph graph;
    const Value x = graph.input("x", {Dtype::f64, {2, 3, 2}});
    const Value a = graph.input("a", {Dtype::i32, {2}}), b = graph.input("b", {Dtype::i32, {2}});
    graph.output("y", reverse_sequence(reverse_sequence(x, a), same ? a : b) + reverse_sequence(reverse_sequence(x)));
    return compile(std::move(graph), {}).graph().nodes().size();
  };
  EXPECT_EQ(nodes(true), 1u);
  EXPECT_EQ(nodes(false), 3u);
}

}  // namespace
}  // namespace elegans::graph
