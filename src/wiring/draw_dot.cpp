#include <fmt/format.h>
#include <iterator>
#include <string>
#include <string_view>

#include "elegans/wiring/draw.hpp"
#include "wiring/circuit_layout.hpp"
#include "wiring/draw_text.hpp"

namespace elegans::wiring {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : readable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string node_name(NeuronType type, std::int32_t id) {
  return fmt::format("{}_{}", type == NeuronType::sensory ? "sensory" : "neuron", id);
}

std::string node_label(const CircuitLayout::Node& node, const DrawOptions& options) {
  const auto id = static_cast<std::size_t>(node.id);
  if (node.type == NeuronType::sensory && !options.input_names.empty()) return options.input_names[id];
  if (node.type == NeuronType::motor && !options.output_names.empty()) return options.output_names[id];
  return fmt::format("{}", node.id);
}

}  // namespace

std::string draw_dot(const Wiring& wiring, const DrawOptions& options) {
  check_drawable("draw_dot", wiring, options);
  const CircuitLayout layout = columns_of(wiring);
  const Caption caption = caption_of(wiring, options);
  std::string text;
  const auto add = [&text](const std::string& line) { text += line + '\n'; };
  add("digraph circuit {");
  add(fmt::format("  label={}; labelloc=t; rankdir=LR; ranksep=1.5;", quoted(caption.title + " | " + caption.counts)));
  add("  node [shape=circle, style=filled, fontname=\"Helvetica\"];");
  constexpr std::string_view looks[] = {"shape=box, fillcolor=\"#FFFFFF\"", "fillcolor=\"#E4E4E4\"",
                                        "fillcolor=\"#F7E9A8\"", "fillcolor=\"#BFE5D6\""};
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    const auto& column = layout.columns[i];
    add(fmt::format("  subgraph cluster_{} {{\n    label={}; color=\"#CCCCCC\";", i, quoted(column.title)));
    for (std::size_t k = column.first; k < column.first + column.count; ++k) {
      const auto& node = layout.nodes[k];
      add(fmt::format("    {} [label={}, {}];", node_name(node.type, node.id), quoted(node_label(node, options)),
                      looks[static_cast<std::size_t>(node.type)]));
    }
    add("  }");
  }
  for (const auto& row : wiring.synapses().rows) {
    add(fmt::format(
        "  {} -> {} [{}];", node_name(row.source_type, row.source), node_name(row.target_type, row.target),
        row.polarity > 0 ? "color=\"#0072B2\", arrowhead=normal" : "color=\"#D55E00\", style=dashed, arrowhead=tee"));
  }
  add("}");
  return text;
}

}  // namespace elegans::wiring
