#pragma once
// Where everything in the picture of a circuit stands. Lengths are in pixels, y runs down.

#include <cstdint>
#include <string>
#include <vector>

#include "elegans/wiring/wiring.hpp"

namespace elegans::wiring {

struct Point {
  double x = 0;
  double y = 0;
};

struct CircuitLayout {
  struct Node {
    NeuronType type;
    std::int32_t id;  // of the input or the neuron
    std::size_t column;
    Point at;
  };
  // A cubic Bézier curve from the rim of one node to the rim of another.
  struct Curve {
    std::size_t source;  // nodes
    std::size_t target;
    std::int8_t polarity;
    Point from;
    Point from_control;
    Point to_control;
    Point to;
  };
  struct Column {
    std::string title;
    double x = 0;
    std::size_t first = 0;  // nodes
    std::size_t count = 0;
  };

  double radius = 0;  // of a node
  double width = 0;   // of everything, curves included
  double height = 0;
  std::vector<Column> columns;
  std::vector<Node> nodes;  // the inputs, then the neurons column by column
  std::vector<Curve> curves;
};

// Columns and nodes, without places and curves.
CircuitLayout columns_of(const Wiring& wiring);

// All of it.
CircuitLayout lay_out(const Wiring& wiring);

}  // namespace elegans::wiring
