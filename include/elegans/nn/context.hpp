#pragma once
// What a layer writes with: the graph, the weights used so far, and what flows beside the data (Δt, lengths, states).
//
// One context belongs to one graph. Weights become inputs of the graph, called "weight/<path>", the first time they are
// used; a weight used twice (a shared layer) is one input. Inside a cell's step the same calls work: the loop captures
// what it uses.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elegans/graph/functions.hpp"
#include "elegans/nn/weight.hpp"

namespace elegans::nn {

enum class Mode { inference, training };

// How often a cell's dropout is drawn: at every step of a sequence, or once for the whole of it (Gal & Ghahramani,
// "A theoretically grounded application of dropout in recurrent neural networks", 2016).
enum class Draw { every_step, once };

// A state of a recurrent layer as the graph sees it.
struct StateSlot {
  std::string path;  // layer and state, "ltc/v"
  ops::Type type;    // with the batch in front
  Value initial;
  Value final;  // empty until final_state()
};

struct ContextOptions {
  Mode mode = Mode::inference;
  // Whether states are inputs ("state/<path>") and outputs ("next/<path>") of the graph instead of starting afresh.
  bool expose_states = false;
  std::uint64_t seed = 0;  // of dropout
};

// Whether x is [batch, time, …]: an axis behind the batch that is always as large, as Reshape makes them, is no time.
bool is_sequence(const Shape& x);
// Context::valid_steps, [time, batch, 1], as it lies along x [batch, time, …].
Value along_steps(Value valid, const Shape& x);

class Context {
 public:
  // `graph` must stay where it is while the context is used.
  explicit Context(graph::Graph& graph, ContextOptions options = {}) : graph_(&graph), options_(options) {}

  graph::Graph& graph() { return *graph_; }
  bool training() const { return options_.mode == Mode::training; }
  const ContextOptions& options() const { return options_; }

  // The value of a weight: of one with a pattern [count], the weights that exist, whatever its storage; else its shape.
  // While training, the first use adds the weight's regulariser to losses(). ConfigError where another weight has the
  // path.
  Value weight(const WeightPtr& weight);
  // Weights used so far with their values in stored shape, in the order of first use: what gradients are taken of.
  const std::vector<std::pair<WeightPtr, Value>>& weights() const { return weights_; }
  // Makes `value`, of the stored shape, stand for `weight` (a slice of a parameter arena, say) before its first use.
  void provide(const WeightPtr& weight, Value value);

  // Δt [batch, time], lengths i32 [batch], mask [batch, time], 0 where a step is skipped, else 1: none where every step
  // takes `timespan`, every sequence is full and no step is skipped. Set before layers are called; every recurrent layer
  // of a stack reads them.
  std::optional<Value> timespans;
  double timespan = 1;
  std::optional<Value> lengths;
  std::optional<Value> mask;
  // Where states are exposed: [batch, 1], not 0 for a sequence that begins, whose states start afresh whatever their
  // inputs hold (the gradient reaches a learned first state from these alone); none where every sequence goes on. Set as
  // the three above.
  std::optional<Value> fresh;
  // The number of the step, a scalar [], while a cell's step is written for training: dropout draws anew at every step.
  std::optional<Value> position;

  // The first value of a state of type `type`: the one provided, an input where states are exposed (but of what is
  // `fresh`), else start() (what the cell says). ConfigError where the path is taken.
  Value initial_state(const std::string& path, const ops::Type& type, const std::function<Value()>& start);
  // Its last value; an output where states are exposed.
  void final_state(const std::string& path, Value value);
  const std::vector<StateSlot>& states() const { return states_; }
  // Provides a first state by path, for direct calls.
  void provide_state(const std::string& path, Value value) { provided_states_[path] = value; }

  // 1 where a step counts, else 0, [time, batch, 1]: within `lengths` and not skipped by `mask`; none where every step
  // does. ShapeError naming the module being called where lengths are not [batch] or the mask not [batch, time].
  std::optional<Value> valid_steps(const Dim& batch, const Dim& time, Dtype dtype);

  // Penalties that layers add to the loss: scalars that do not depend on the batch. (Where a batch is cut into shards,
  // each is to be counted once for the batch, not once a shard.)
  void add_loss(Value scalar) { losses_.push_back(scalar); }
  const std::vector<Value>& losses() const { return losses_; }
  // While training: adds what `regulariser` says of a layer's answers y, [batch, ...], or [batch, time, ...] where there
  // are lengths or a mask: a scalar, the sum over the sequences. The loss is to get the mean: each divided by the
  // sequences of the whole batch, and those of its shards added up.
  void add_activity_loss(const Regulariser& regulariser, Value y);
  const std::vector<Value>& activity_losses() const { return activity_losses_; }

  // A multiplier for dropout: 0 with probability `rate`, else 1/(1 − rate); only while training. It is a function of
  // options().seed, of `path` (every place that drops has one of its own), of step() and, with Draw::every_step, of
  // `position`: another mask at every step of training, and at every step of a sequence or one for all of them.
  Value dropout_mask(const std::string& path, const Shape& shape, double rate, Dtype dtype,
                     Draw draw = Draw::every_step);
  // The graph's input "step", i32 [1], which exists from the first use on. It must differ between any two runs (steps,
  // and shards of a step) whose random numbers are to differ.
  Value step();

  // The path of the module being called.
  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }

 private:
  graph::Graph* graph_;
  ContextOptions options_;
  std::vector<std::pair<WeightPtr, Value>> weights_;  // in stored shape
  std::map<const Weight*, Value> used_;               // as layers read them
  std::map<const Weight*, Value> provided_;
  std::vector<StateSlot> states_;
  std::map<std::string, Value> provided_states_;
  std::vector<Value> losses_;
  std::vector<Value> activity_losses_;
  std::optional<Value> step_;
  std::string path_;
};

}  // namespace elegans::nn
