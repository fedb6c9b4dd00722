#pragma once

#include <list>

#include "elegans/model/forward.hpp"

namespace elegans::model {

// The compiled forward passes of the last predictions, the most recent first.
struct Sequential::Predictions {
  static constexpr std::size_t capacity = 8;

  struct Entry {
    ForwardOptions options;
    Extents reserve;
    graph::Executable executable;
    std::size_t x;
    std::size_t y;
    std::size_t timespans;
    std::size_t lengths;
    std::size_t mask;
    std::vector<std::pair<nn::WeightPtr, std::size_t>> weights;
    struct State {
      std::string path;
      ops::Type type;
      std::size_t input, output;
    };
    std::vector<State> states;  // where they are exposed
  };
  std::list<Entry> entries;

  // One that takes sequences of this size and kind, compiled if need be.
  Entry& at(Sequential& model, const ForwardOptions& options, const Extents& extents);
};

}  // namespace elegans::model
