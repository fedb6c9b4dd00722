#pragma once
// What a layer writes with: the graph, the weights used so far, and what flows beside the data (Δt, lengths, states).
//
// One context belongs to one graph. Weights become inputs of the graph the first time they are used; a weight used twice (a
// shared layer) is one input. Inside a cell's step the same calls work: the loop captures what it uses.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "elegans/graph/functions.hpp"
#include "elegans/nn/weight.hpp"

namespace elegans::nn {

enum class Mode { inference, training };

// A state of a recurrent layer as the graph sees it.
struct StateSlot {
  std::string path;  // layer and state, "ltc/v"
  Shape shape;       // with the batch in front
  Value initial;
  Value final;
};

struct ContextOptions {
  Mode mode = Mode::inference;
  // Whether states are inputs ("state/<path>") and outputs ("next/<path>") of the graph instead of starting afresh.
  bool expose_states = false;
};

class Context {
 public:
  explicit Context(graph::Graph& graph, ContextOptions options = {}) : graph_(&graph), options_(options) {}

  graph::Graph& graph() { return *graph_; }
  bool training() const { return options_.mode == Mode::training; }
  const ContextOptions& options() const { return options_; }

  // The value of a weight, in its stored shape.
  Value weight(const WeightPtr& weight);
  // Weights used so far with their inputs, in the order of first use.
  const std::vector<std::pair<WeightPtr, Value>>& weights() const { return weights_; }
  // Makes `value` stand for `weight` (for example a slice of the parameter arena) before its first use.
  void provide(const WeightPtr& weight, Value value);

  // Δt [batch, time], lengths i32 [batch]: none where every step takes 1 and every sequence is full. Set before layers are
  // called; every recurrent layer of a stack reads them.
  std::optional<Value> timespans;
  std::optional<Value> lengths;

  // The first value of a state: the one provided, an input where states are exposed, else `start` (what the cell says).
  Value initial_state(const std::string& path, const Shape& shape, const std::function<Value()>& start);
  void final_state(const std::string& path, Value value);
  const std::vector<StateSlot>& states() const { return states_; }
  // Provides a first state by path, for direct calls.
  void provide_state(const std::string& path, Value value) { provided_states_[path] = value; }

  // Penalties that layers add to the loss.
  void add_loss(Value scalar) { losses_.push_back(scalar); }
  const std::vector<Value>& losses() const { return losses_; }

  // A multiplier for dropout, 0 with probability `rate`, else 1/(1 − rate), of `shape`; only while training. It depends on the
  // model's seed, `path` and the graph's input "step" (i32 [1]), which this adds.
  Value dropout_mask(const std::string& path, const Shape& shape, double rate, Dtype dtype);

  // The path of the layer being called, for names of weights and states.
  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }
  std::uint64_t seed = 0;

 private:
  graph::Graph* graph_;
  ContextOptions options_;
  std::vector<std::pair<WeightPtr, Value>> weights_;
  std::vector<StateSlot> states_;
  std::map<std::string, Value> provided_states_;
  std::vector<Value> losses_;
  std::optional<Value> step_;
  std::string path_;
};

}  // namespace elegans::nn
