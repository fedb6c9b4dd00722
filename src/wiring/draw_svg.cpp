#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <string_view>

#include "elegans/base/error.hpp"
#include "elegans/wiring/draw.hpp"
#include "wiring/circuit_layout.hpp"
#include "wiring/draw_text.hpp"

namespace elegans::wiring {
namespace {

constexpr std::string_view excitatory_colour = "#0072B2";
constexpr std::string_view inhibitory_colour = "#D55E00";
constexpr std::string_view ink = "#222222";
constexpr double margin = 36;
constexpr double header = 104;
constexpr double footer = 74;

// How strong lines and heads are, by how many there are.
struct Pen {
  double width;
  double opacity;
  double head;  // length of an arrow head
};

Pen pen_for(std::size_t curves, double radius) {
  const double head = 0.5 * radius;
  if (curves <= 60) return {1.6, 0.85, head};
  if (curves <= 200) return {1.2, 0.7, 0.9 * head};
  if (curves <= 600) return {1.0, 0.6, 0.8 * head};
  return {0.8, 0.45, 0.7 * head};
}

std::string_view colour(std::int8_t polarity) { return polarity > 0 ? excitatory_colour : inhibitory_colour; }

std::string_view fill(NeuronType type) {
  switch (type) {
    case NeuronType::sensory:
      return "#FFFFFF";
    case NeuronType::inter:
      return "#E4E4E4";
    case NeuronType::command:
      return "#F7E9A8";
    case NeuronType::motor:
      return "#BFE5D6";
  }
  return "#FFFFFF";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : readable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Writes elements one a line; places are rounded to a tenth of a pixel, so that the text does not depend on the last
// bits.
class Svg {
 public:
  Svg(double width, double height) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" fill=\"{2}\">\n",
        std::ceil(width), std::ceil(height), ink);
    add("<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n");
  }

  template <class... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
  }

  enum class Anchor { start, middle, end };
  struct Style {
    double size = 12;
    Anchor anchor = Anchor::start;
    std::string_view weight = "normal";
    std::string_view colour = ink;
  };
  void text(const Point& at, std::string_view content, const Style& style) {
    constexpr std::string_view anchors[] = {"start", "middle", "end"};
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:.1f}\" text-anchor=\"{}\" font-weight=\"{}\" "
        "fill=\"{}\">{}</text>\n",
        at.x, at.y, style.size, anchors[static_cast<int>(style.anchor)], style.weight, style.colour, escaped(content));
  }

  void curve(const CircuitLayout::Curve& c, const Pen& pen) {
    add("<path d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\" fill=\"none\" stroke=\"{}\" "
        "stroke-width=\"{}\" stroke-opacity=\"{}\"{}/>\n",
        c.from.x, c.from.y, c.from_control.x, c.from_control.y, c.to_control.x, c.to_control.y, c.to.x, c.to.y,
        colour(c.polarity), pen.width, pen.opacity, c.polarity > 0 ? "" : " stroke-dasharray=\"5 3\"");
    head(c.to_control, c.to, c.polarity, pen);
  }

  // An arrow, or a bar, at `tip`.
  void head(const Point& before, const Point& tip, std::int8_t polarity, const Pen& pen) {
    const double length = std::hypot(tip.x - before.x, tip.y - before.y);
    const Point along{(tip.x - before.x) / length, (tip.y - before.y) / length};
    const Point across{-along.y * pen.head * 0.5, along.x * pen.head * 0.5};
    if (polarity > 0) {
      const Point back{tip.x - along.x * pen.head, tip.y - along.y * pen.head};
      add("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\" fill=\"{}\"/>\n", tip.x, tip.y, back.x + across.x,
          back.y + across.y, back.x - across.x, back.y - across.y, colour(polarity));
    } else {
      const Point bar{tip.x - along.x * 1.2, tip.y - along.y * 1.2};
      add("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\" stroke-width=\"{:.1f}\"/>\n", bar.x + across.x * 1.3,
          bar.y + across.y * 1.3, bar.x - across.x * 1.3, bar.y - across.y * 1.3, colour(polarity),
          std::max(1.4, 0.3 * pen.head));
    }
  }

  void node(NeuronType type, const Point& at, double radius, const std::string& label) {
    if (type == NeuronType::sensory) {
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"3\" fill=\"{}\" stroke=\"{}\"/>\n",
          at.x - 0.9 * radius, at.y - 0.9 * radius, 1.8 * radius, 1.8 * radius, fill(type), ink);
    } else {
      add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" stroke=\"{}\"/>\n", at.x, at.y, radius,
          fill(type), ink);
    }
    if (!label.empty()) text({at.x, at.y + 0.3 * radius}, label, {.size = 0.85 * radius, .anchor = Anchor::middle});
  }

  std::string take() {
    text_ += "</svg>\n";
    return std::move(text_);
  }

 private:
  std::string text_;
};

void legend(Svg& svg, const CircuitLayout& layout, double y) {
  const Pen pen{1.8, 1.0, 9};
  double x = margin;
  for (const std::int8_t polarity : {std::int8_t{1}, std::int8_t{-1}}) {
    const Point from{x, y};
    const Point to{x + 44, y};
    svg.curve({0, 0, polarity, from, from, {x + 30, y}, to}, pen);
    svg.text({x + 53, y + 4}, polarity > 0 ? "excitatory (+1)" : "inhibitory (\u22121)", {.size = 13});
    x += 176;
  }
  for (const NeuronType type : {NeuronType::sensory, NeuronType::inter, NeuronType::command, NeuronType::motor}) {
    const auto is_here = [&](const auto& node) { return node.type == type; };
    if (std::none_of(layout.nodes.begin(), layout.nodes.end(), is_here)) continue;
    svg.node(type, {x + 8, y}, 8, "");
    svg.text({x + 22, y + 4}, name(type), {.size = 13});
    x += 50 + 8.0 * static_cast<double>(name(type).size());
  }
}

// Room that names beside the first and last column need: DejaVu's and Helvetica's letters are 0.6 of their size at
// most.
double names_width(const std::vector<std::string>& names, double size) {
  std::size_t longest = 0;
  for (const auto& name : names) longest = std::max(longest, readable(name).size());
  return 0.62 * size * static_cast<double>(longest);
}

void shift(CircuitLayout& layout, double dx, double dy) {
  const auto move = [&](Point& point) { point = {point.x + dx, point.y + dy}; };
  for (auto& column : layout.columns) column.x += dx;
  for (auto& node : layout.nodes) move(node.at);
  for (auto& curve : layout.curves) {
    for (Point* point : {&curve.from, &curve.from_control, &curve.to_control, &curve.to}) move(*point);
  }
}

}  // namespace

std::string draw_svg(const Wiring& wiring, const DrawOptions& options) {
  check_drawable("draw_svg", wiring, options);
  const std::int64_t synapses = wiring.synapse_count() + wiring.sensory_synapse_count();
  if (synapses > max_drawn_synapses) {
    throw ConfigError({"draw_svg", "number of synapses", fmt::format("{}", synapses),
                       fmt::format("at most {}", max_drawn_synapses),
                       "No picture of more can be read; print wiring.synapses(), or use draw_dot()."});
  }
  CircuitLayout layout = lay_out(wiring);
  constexpr double name_size = 12;
  double left = 0;
  double right = 0;
  for (const auto& curve : layout.curves) {
    const double middle = 0.125 * (curve.from.x + curve.to.x) + 0.375 * (curve.from_control.x + curve.to_control.x);
    left = std::min(left, middle);
    right = std::max(right, middle);
  }
  constexpr double half_title = 46;
  left = std::min({left, -half_title, -layout.radius - names_width(options.input_names, name_size) - 8});
  right = std::max({right, layout.width + half_title,
                    layout.width + layout.radius + names_width(options.output_names, name_size) + 8});
  constexpr double legend_width = 790;
  const double width = std::max(right - left + 2 * margin, legend_width);
  const double slack = (width - 2 * margin - (right - left)) / 2;
  shift(layout, margin + slack - left, header);
  const double height = header + layout.height + footer;

  Svg svg(width, height);
  const Caption caption = caption_of(wiring, options);
  svg.text({margin, 38}, caption.title, {.size = 20, .weight = "bold"});
  svg.text({margin, 60}, caption.counts, {.size = 13, .colour = "#555555"});
  for (const auto& column : layout.columns) {
    svg.text({column.x, header - 16}, fmt::format("{} ({})", column.title, column.count),
             {.size = 13, .anchor = Svg::Anchor::middle, .weight = "bold"});
  }
  const Pen pen = pen_for(layout.curves.size(), layout.radius);
  for (const auto& curve : layout.curves) svg.curve(curve, pen);
  for (const auto& node : layout.nodes) {
    svg.node(node.type, node.at, layout.radius, fmt::format("{}", node.id));
    const auto id = static_cast<std::size_t>(node.id);
    const double beside = layout.radius + 8;
    if (node.type == NeuronType::sensory && !options.input_names.empty()) {
      svg.text({node.at.x - beside, node.at.y + 4}, options.input_names[id],
               {.size = name_size, .anchor = Svg::Anchor::end});
    } else if (node.type == NeuronType::motor && !options.output_names.empty()) {
      svg.text({node.at.x + beside, node.at.y + 4}, options.output_names[id], {.size = name_size});
    }
  }
  legend(svg, layout, height - 30);
  return svg.take();
}

}  // namespace elegans::wiring
