#include "elegans/wiring/draw.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <regex>
#include <set>

#include "elegans/base/error.hpp"
#include "wiring/circuit_layout.hpp"

namespace elegans::wiring {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

std::int64_t count(const std::string& text, const std::string& part) {
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

Wiring with_loops() {
  Wiring wiring(4);
  wiring.set_output_dim(1);
  wiring.build(2);
  wiring.add_sensory_synapse(0, 1, 1);
  wiring.add_sensory_synapse(1, 2, -1);
  wiring.add_synapse(1, 2, 1);
  wiring.add_synapse(2, 1, -1);
  wiring.add_synapse(2, 2, 1);
  wiring.add_synapse(3, 0, 1);
  wiring.add_synapse(0, 3, -1);
  return wiring;
}

std::vector<Wiring> examples() {
  return {FullyConnected({.units = 8, .output_dim = 4}).built(8),
          AutoNCP({.units = 28, .output_size = 4}).built(8),
          AutoNCP({.units = 128, .output_size = 3, .sparsity_level = 0.9}).built(5),
          Random({.units = 40, .sparsity_level = 0.75}).built(8),
          Wiring(1).built(1),
          with_loops()};
}

// The whole text is one element per line; every tag is closed and every attribute quoted.
TEST(DrawSvg, IsWellFormed) {
  const std::regex element(R"(<(\w+)( [\w-]+="[^"<>&]*")*(/>|>[^<>]*</\1>))");
  for (const Wiring& wiring : examples()) {
    const std::string svg = draw_svg(wiring);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < svg.size(); at = svg.find('\n', at) + 1) {
      lines.push_back(svg.substr(at, svg.find('\n', at) - at));
    }
    ASSERT_GE(lines.size(), 3U);
    EXPECT_THAT(lines.front(), ::testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_EQ(lines.back(), "</svg>");
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) EXPECT_TRUE(std::regex_match(lines[i], element)) << lines[i];
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf\"")));
  }
}

// A curve a synapse, in its colour and with its second cue, and one of each in the legend.
TEST(DrawSvg, ShowsEverySynapseAndNeuron) {
  for (const Wiring& wiring : examples()) {
    const std::string svg = draw_svg(wiring);
    std::int64_t inhibitory = 0;
    const SynapseTable table = wiring.synapses();
    for (const auto& row : table.rows) inhibitory += row.polarity < 0 ? 1 : 0;
    const auto excitatory = static_cast<std::int64_t>(table.rows.size()) - inhibitory;
    EXPECT_EQ(count(svg, "stroke=\"#0072B2\""), excitatory + 1);
    EXPECT_EQ(count(svg, "fill=\"#0072B2\""), excitatory + 1) << "arrow heads";
    EXPECT_EQ(count(svg, "stroke-dasharray"), inhibitory + 1);
    EXPECT_EQ(count(svg, "stroke=\"#D55E00\""), 2 * (inhibitory + 1)) << "lines and bars";
    std::set<NeuronType> kinds(wiring.types().begin(), wiring.types().end());
    EXPECT_EQ(count(svg, "<circle"), wiring.units() + static_cast<std::int64_t>(kinds.size()));
    EXPECT_EQ(count(svg, "rx=\"3\""), wiring.input_dim() + 1) << "inputs";
  }
}

TEST(DrawSvg, SaysWhatItShows) {
  const std::string svg = draw_svg(AutoNCP({.units = 28, .output_size = 4}).built(20));
  for (const char* text :
       {">AutoNCP: 28 neurons, 20 inputs, 4 outputs<", "140 sensory and 84 recurrent synapses: ", ">sensory (20)<",
        ">inter (15)<", ">command (9)<", ">motor (4)<", ">excitatory (+1)<", ">inhibitory (\u22121)<"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

TEST(DrawSvg, IsTheSameTextEveryTime) {
  for (std::size_t i = 0; i < examples().size(); ++i) EXPECT_EQ(draw_svg(examples()[i]), draw_svg(examples()[i]));
}

TEST(DrawSvg, NamesAreEscaped) {
  const std::string svg =
      draw_svg(with_loops(),
               {.title = "a < b & \"c\"", .input_names = {"CO₂", "line\nfeed\x01"}, .output_names = {"\xff</text>"}});
  EXPECT_THAT(svg, HasSubstr(">a &lt; b &amp; &quot;c&quot;<"));
  EXPECT_THAT(svg, HasSubstr(">CO₂<"));
  EXPECT_THAT(svg, HasSubstr(">line?feed?<"));
  EXPECT_THAT(svg, HasSubstr(">?&lt;/text&gt;<"));
}

// Neurons of one picture never touch, and columns stand in the order in which data flows.
TEST(CircuitLayout, NeuronsDoNotTouch) {
  for (const Wiring& wiring : examples()) {
    const CircuitLayout layout = lay_out(wiring);
    ASSERT_EQ(static_cast<std::int64_t>(layout.nodes.size()), wiring.units() + wiring.input_dim());
    for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        const Point& a = layout.nodes[i].at;
        const Point& b = layout.nodes[k].at;
        EXPECT_GE(std::hypot(a.x - b.x, a.y - b.y), 2.4 * layout.radius) << i << ' ' << k;
        EXPECT_TRUE(layout.nodes[k].column >= layout.nodes[i].column || b.x < a.x) << i << ' ' << k;
      }
    }
  }
}

// Every curve begins at the rim of its source and ends just off the rim of its target.
TEST(CircuitLayout, CurvesRunFromRimToRim) {
  for (const Wiring& wiring : examples()) {
    const CircuitLayout layout = lay_out(wiring);
    for (const auto& curve : layout.curves) {
      const Point& source = layout.nodes[curve.source].at;
      const Point& target = layout.nodes[curve.target].at;
      EXPECT_NEAR(std::hypot(curve.from.x - source.x, curve.from.y - source.y), layout.radius, 0.1);
      const double off = std::hypot(curve.to.x - target.x, curve.to.y - target.y) - layout.radius;
      EXPECT_GT(off, 1.0);
      EXPECT_LT(off, 2.0);
    }
  }
}

TEST(CircuitLayout, ColumnsFollowTypesOrLayers) {
  const auto titles = [](const Wiring& wiring) {
    std::vector<std::string> list;
    for (const auto& column : columns_of(wiring).columns) list.push_back(column.title);
    return list;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(titles(FullyConnected({.units = 3}).built(1)), ElementsAre("sensory", "motor"));
  EXPECT_THAT(titles(AutoNCP({.units = 8, .output_size = 1}).built(1)),
              ElementsAre("sensory", "inter", "command", "motor"));
  Wiring layered = with_loops();
  layered.set_layers({{3, 1}, {2, 0}});
  EXPECT_THAT(titles(layered), ElementsAre("sensory", "inter", "layer 2"));
}

TEST(Draw, WhatCannotBeDrawnIsAnError) {
  const auto throws = [](const std::string& text) { return ThrowsMessage<ConfigError>(HasSubstr(text)); };
  EXPECT_THAT(
      [] { draw_svg(AutoNCP({.units = 8, .output_size = 1})); },
      throws("draw_svg: wiring is not built; expected a wiring with a number of inputs. Call build(inputs) first."));
  EXPECT_THAT([] { draw_svg(with_loops(), {.input_names = {"a"}}); },
              throws("draw_svg: input_names is a list of 1; expected 2 names, or none."));
  EXPECT_THAT(
      [] {
        draw_dot(with_loops(), {.output_names = {"a", "b"}});
      },
      throws("draw_dot: output_names is a list of 2; expected 1 names, or none."));
  EXPECT_THAT([] { draw_svg(FullyConnected({.units = 200}).built(1)); },
              throws("draw_svg: number of synapses is 40200; expected at most 20000."));
}

TEST(DrawDot, ShowsEverySynapseAndNeuron) {
  const std::string dot = draw_dot(with_loops(), {.title = "a \"b\" \\", .input_names = {"x", "y"}});
  EXPECT_THAT(dot, ::testing::StartsWith("digraph circuit {\n"));
  EXPECT_THAT(dot,
              HasSubstr("label=\"a \\\"b\\\" \\\\ | 2 sensory and 5 recurrent synapses: 4 excitatory, 3 inhibitory\""));
  EXPECT_THAT(dot, HasSubstr("sensory_0 [label=\"x\", shape=box, fillcolor=\"#FFFFFF\"];"));
  EXPECT_THAT(dot, HasSubstr("neuron_0 [label=\"0\", fillcolor=\"#BFE5D6\"];"));
  EXPECT_THAT(dot, HasSubstr("sensory_1 -> neuron_2 [color=\"#D55E00\", style=dashed, arrowhead=tee];"));
  EXPECT_THAT(dot, HasSubstr("neuron_2 -> neuron_2 [color=\"#0072B2\", arrowhead=normal];"));
  EXPECT_EQ(count(dot, " -> "), 7);
}

}  // namespace
}  // namespace elegans::wiring
