#include "wiring/circuit_layout.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace elegans::wiring {
namespace {

using Node = CircuitLayout::Node;
using Curve = CircuitLayout::Curve;

constexpr double right_angle = std::numbers::pi / 2;

void add_column(CircuitLayout& layout, std::string title, std::size_t count) {
  layout.columns.push_back({.title = std::move(title), .first = layout.nodes.size(), .count = count});
}

void add_neurons(CircuitLayout& layout, const Wiring& wiring, const std::vector<std::int32_t>& ids) {
  if (ids.empty()) return;
  const NeuronType type = wiring.type_of_neuron(ids[0]);
  const bool is_pure =
      std::all_of(ids.begin(), ids.end(), [&](std::int32_t id) { return wiring.type_of_neuron(id) == type; });
  add_column(layout, is_pure ? std::string(name(type)) : fmt::format("layer {}", layout.columns.size()), ids.size());
  for (const std::int32_t id : ids) {
    layout.nodes.push_back({wiring.type_of_neuron(id), id, layout.columns.size() - 1, {}});
  }
}

// Long columns are folded: their nodes stand on two, three … lines in turn.
std::size_t folds(std::size_t count) { return (count + 47) / 48; }

// How far the control points of an arc within a column stand off its nodes; the arc itself stays within three quarters.
double bulge(double distance, double radius) { return 1.4 * radius + 0.3 * distance; }

// Heights: columns are centred on one another; short ones are spread, for air, and so are circuits with many synapses.
void place_heights(CircuitLayout& layout) {
  std::size_t longest = 0;
  for (const auto& column : layout.columns) longest = std::max(longest, (column.count - 1) / folds(column.count) + 1);
  const auto rows = static_cast<double>(longest);
  layout.radius = std::clamp(330.0 / rows, 11.0, 15.0);
  const double synapses_per_node = static_cast<double>(layout.curves.size()) / static_cast<double>(layout.nodes.size());
  const double pitch =
      layout.radius * std::clamp(680.0 / rows / layout.radius, 3.0, std::clamp(synapses_per_node, 3.4, 6.0));
  layout.height = std::max(pitch * rows, 240.0);
  for (auto& column : layout.columns) {
    const double step = std::clamp(0.75 * layout.height / static_cast<double>(column.count),
                                   pitch / static_cast<double>(folds(column.count)), 2.2 * pitch);
    const double top = layout.height / 2 - step * static_cast<double>(column.count - 1) / 2;
    for (std::size_t i = 0; i < column.count; ++i)
      layout.nodes[column.first + i].at.y = top + step * static_cast<double>(i);
  }
}

// What the arcs of each column need on its left and right.
struct Reach {
  double left = 0;
  double right = 0;
};

std::vector<Reach> reach_of_arcs(const CircuitLayout& layout) {
  std::vector<Reach> reach(layout.columns.size());
  for (const Curve& curve : layout.curves) {
    const Node& source = layout.nodes[curve.source];
    const Node& target = layout.nodes[curve.target];
    if (source.column != target.column) continue;
    const double dy = target.at.y - source.at.y;
    double& side = dy > 0 ? reach[source.column].right : reach[source.column].left;
    side = std::max(side, layout.radius + 0.75 * bulge(std::abs(dy), layout.radius));
  }
  return reach;
}

// Columns from left to right, far enough apart for the arcs between them.
void place_columns(CircuitLayout& layout) {
  const std::vector<Reach> reach = reach_of_arcs(layout);
  const double gap = std::clamp(0.4 * layout.height, 190.0, 420.0);
  const double line_gap = 4.2 * layout.radius;
  double x = 0;
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    auto& column = layout.columns[i];
    if (i > 0) x += std::max(gap, reach[i - 1].right + reach[i].left + 110);
    const std::size_t lines = folds(column.count);
    const double width = line_gap * static_cast<double>(lines - 1);
    column.x = x + width / 2;
    for (std::size_t k = 0; k < column.count; ++k) {
      layout.nodes[column.first + k].at.x = x + line_gap * static_cast<double>(k % lines);
    }
    x += width;
  }
  layout.width = x;
}

enum class Side { left, right };

// One end of a curve at the rim of a node.
struct End {
  std::size_t curve;
  bool is_source;
  Side side;
  double direction;  // of what is at the other end, from −π/2 (up) to π/2 (down)
};

// The ends at every node. Self-connections have none: they stand on top of their node.
std::vector<std::vector<End>> ends_by_node(const CircuitLayout& layout) {
  std::vector<std::vector<End>> ends(layout.nodes.size());
  for (std::size_t i = 0; i < layout.curves.size(); ++i) {
    const Curve& curve = layout.curves[i];
    if (curve.source == curve.target) continue;
    const Node& source = layout.nodes[curve.source];
    const Node& target = layout.nodes[curve.target];
    const double dy = target.at.y - source.at.y;
    double direction = std::atan2(dy, std::abs(target.at.x - source.at.x));
    Side source_side = source.column < target.column ? Side::right : Side::left;
    Side target_side = source_side == Side::right ? Side::left : Side::right;
    if (source.column == target.column) {
      // Of the arcs on one side the farther one is the outer one, so that they do not cross.
      direction = std::copysign(right_angle - 0.9 * std::abs(dy) / layout.height, dy);
      source_side = target_side = dy > 0 ? Side::right : Side::left;
    }
    ends[curve.source].push_back({i, true, source_side, direction});
    ends[curve.target].push_back({i, false, target_side, -direction});
  }
  return ends;
}

// Spreads the ends on one side of a node along its rim, in the order of where they come from, and gives the curves
// their end points. The rim's angle is half the even spread and half the direction of the other end.
void place_ends(CircuitLayout& layout, std::size_t node, Side side, std::vector<End> ends) {
  std::erase_if(ends, [&](const End& end) { return end.side != side; });
  std::stable_sort(ends.begin(), ends.end(), [](const End& a, const End& b) { return a.direction < b.direction; });
  const double most = 1.25;
  const double step = ends.size() < 2 ? 0 : std::min(0.45, 2 * most / static_cast<double>(ends.size() - 1));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double even = step * (static_cast<double>(i) - static_cast<double>(ends.size() - 1) / 2);
    const double angle = 0.5 * even + 0.5 * std::clamp(0.8 * ends[i].direction, -most, most);
    const double outwards = side == Side::right ? 1 : -1;
    const Point& centre = layout.nodes[node].at;
    const double radius = layout.radius + (ends[i].is_source ? 0.0 : 1.5);
    const Point rim{centre.x + outwards * radius * std::cos(angle), centre.y + radius * std::sin(angle)};
    Curve& curve = layout.curves[ends[i].curve];
    (ends[i].is_source ? curve.from : curve.to) = rim;
  }
}

void bend_loop(CircuitLayout& layout, Curve& curve) {
  const Point& centre = layout.nodes[curve.source].at;
  const double r = layout.radius;
  curve.from = {centre.x - 0.5 * r, centre.y - 0.87 * r};
  curve.to = {centre.x + 0.5 * r, centre.y - 0.87 * r - 1.5};
  curve.from_control = {centre.x - 1.3 * r, centre.y - 2.2 * r};
  curve.to_control = {centre.x + 1.3 * r, centre.y - 2.2 * r};
}

void bend(CircuitLayout& layout, Curve& curve) {
  const Node& source = layout.nodes[curve.source];
  const Node& target = layout.nodes[curve.target];
  double from_reach = 0;
  double to_reach = 0;
  if (source.column == target.column) {
    const double distance = std::abs(target.at.y - source.at.y);
    const double outer =
        curve.from.y < curve.to.y ? std::max(source.at.x, target.at.x) : std::min(source.at.x, target.at.x);
    const double stand_off = bulge(distance, layout.radius);
    const double edge = outer + (curve.from.y < curve.to.y ? stand_off : -stand_off);
    from_reach = edge - curve.from.x;
    to_reach = edge - curve.to.x;
  } else {
    from_reach = 0.42 * (curve.to.x - curve.from.x);
    to_reach = -from_reach;
  }
  // Half level, half away from the node's centre, which keeps heads at one node apart.
  const auto control = [&](const Point& rim, const Point& centre, double reach) {
    const double slope = (rim.y - centre.y) / layout.radius;
    return Point{rim.x + reach, rim.y + 0.35 * slope * std::abs(reach)};
  };
  curve.from_control = control(curve.from, source.at, from_reach);
  curve.to_control = control(curve.to, target.at, to_reach);
}

void add_curves(CircuitLayout& layout, const Wiring& wiring) {
  const auto inputs = static_cast<std::size_t>(wiring.input_dim());
  std::vector<std::size_t> node_of(static_cast<std::size_t>(wiring.units()));
  for (std::size_t i = inputs; i < layout.nodes.size(); ++i) node_of[static_cast<std::size_t>(layout.nodes[i].id)] = i;
  const auto add = [&](std::size_t source, const Synapse& synapse) {
    layout.curves.push_back(
        {source, node_of[static_cast<std::size_t>(synapse.target)], synapse.polarity, {}, {}, {}, {}});
  };
  for (const Synapse& synapse : wiring.sensory().list()) add(static_cast<std::size_t>(synapse.source), synapse);
  for (const Synapse& synapse : wiring.adjacency().list())
    add(node_of[static_cast<std::size_t>(synapse.source)], synapse);
}

}  // namespace

CircuitLayout columns_of(const Wiring& wiring) {
  CircuitLayout layout;
  const auto inputs = static_cast<std::int32_t>(wiring.input_dim());
  add_column(layout, "sensory", static_cast<std::size_t>(inputs));
  for (std::int32_t input = 0; input < inputs; ++input) layout.nodes.push_back({NeuronType::sensory, input, 0, {}});
  if (wiring.layers().size() > 1) {
    for (const auto& layer : wiring.layers()) add_neurons(layout, wiring, layer);
    return layout;
  }
  for (const NeuronType type : {NeuronType::inter, NeuronType::command, NeuronType::motor}) {
    std::vector<std::int32_t> ids;
    for (const std::int32_t id : wiring.layers()[0]) {
      if (wiring.type_of_neuron(id) == type) ids.push_back(id);
    }
    add_neurons(layout, wiring, ids);
  }
  return layout;
}

CircuitLayout lay_out(const Wiring& wiring) {
  CircuitLayout layout = columns_of(wiring);
  add_curves(layout, wiring);
  place_heights(layout);
  place_columns(layout);
  const auto ends = ends_by_node(layout);
  for (std::size_t node = 0; node < layout.nodes.size(); ++node) {
    place_ends(layout, node, Side::left, ends[node]);
    place_ends(layout, node, Side::right, ends[node]);
  }
  for (Curve& curve : layout.curves) {
    if (curve.source == curve.target) {
      bend_loop(layout, curve);
    } else {
      bend(layout, curve);
    }
  }
  return layout;
}

}  // namespace elegans::wiring
