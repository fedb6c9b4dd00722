#pragma once
// What training makes small.
//
// A loss says what each place costs: l [...] from prediction [..., C] and target, place by place over the last axis.
// A place is a sequence for predictions [batch, C], a step for [batch, time, C]. What becomes of l is one rule for all:
//
//     none    l · w                        [...]
//     sum     Σ l · w                      []
//     mean    Σ l · w / Σ w                []    0 where Σ w = 0
//
//     w = sample_weight · mask · class_weight[label], each 1 where it is not given, 0 where label = ignore_index
//
// Where w is 0 neither prediction nor target matter, NaN included; a label there is not read (it may be out of range);
// and the gradient is exactly 0. Elsewhere a label out of range is the Status index_out_of_range.
//
//     const Loss loss = huber({.delta = 0.5});                           // nn/losses.hpp has them all
//     Value value = loss(prediction, target, {.sample_weight = weight, .mask = mask});
//
// Training goes by shards of a batch: there the divisor of a mean is handed in, so that losses (and gradients) of the
// shards add up to the batch's.
//
//     Value share = loss({.prediction = y, .target = t, .weight = w, .normaliser = n});     // Σ l · w / n
//
// Classes. Targets are numbers [..., C], or labels i32 [...] of classes 0 … C − 1, which become numbers: 1 for the class
// and 0 for the others. Predictions [..., 1] have two classes and one number: the label itself, 0 or 1.
//
// A loss of one's own is a function that writes l:
//
//     const Loss absolute{.name = "absolute", .write = [](Value p, Value t) { return reduce_mean(abs(p - t), -1); }};

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;

enum class Reduction { none, sum, mean };

// Numbers [..., C] of the prediction's dtype; labels i32 [...]; or one of the two.
enum class Targets { numbers, classes, either };

// What predictions of classes are: scores of any size, which softmax or sigmoid makes probabilities of, or these.
enum class Predictions { logits, probabilities };

struct LossInputs {
  Value prediction;  // [..., C]
  Value target;
  Value weight;      // [...]
  Value normaliser;  // []: what Σ l · w is divided by, where it is not 0
};

// How much each place counts. Of the prediction's dtype, of the shape [...] or a prefix of it, which is repeated over
// the remaining axes: [batch] for places [batch, time].
struct LossWeights {
  std::optional<Value> sample_weight = {};
  std::optional<Value> mask = {};  // counts where it is not 0; a weight elsewhere is not read
};

struct Loss {
  std::string name = {};
  std::string settings = {};  // its options, for messages and comparisons: "delta 0.5"
  Targets targets = Targets::numbers;
  // l [...]. Where nothing counts it is called with zeros, and what it gives there is dropped. It must not mix places.
  std::function<Value(Value prediction, Value target)> write = {};
  Reduction reduction = Reduction::mean;
  // Of labels alone. One weight a class; empty for 1 each.
  std::vector<double> class_weight = {};
  std::optional<std::int32_t> ignore_index = {};
  Predictions predictions = Predictions::logits;
  // Numbers that predict one target: [..., K · C] for targets [..., C]. Those of block `point`, from point · C on, are
  // what one would name if asked for one number; metrics judge them.
  std::int64_t outputs_per_target = 1;
  std::int64_t point = 0;
  // Of numeric targets: probabilities are 0 … 1, say. A trainer refuses others.
  double lowest_target = -std::numeric_limits<double>::infinity();
  double highest_target = std::numeric_limits<double>::infinity();

  // By the rule above, with everything in the graph. ShapeError, DtypeError naming the loss where inputs do not fit
  // together or `write` returns something else than l; ConfigError where class weights are not one a class.
  Value operator()(Value prediction, Value target, const LossWeights& weights = {}) const;
  // The same with one weight a place and the divisor from outside; also of a sum, whose divisor is 1. With
  // Reduction::none the divisor is not used.
  Value operator()(const LossInputs& inputs) const;

  // How much a place with this label counts: its class weight, or 0 where it is ignored. What `normaliser` is the sum
  // of, times the place's weight.
  double weight_of(std::int32_t label) const noexcept;
  bool weighs_labels() const { return !class_weight.empty() || ignore_index.has_value(); }
};

}  // namespace elegans::nn
