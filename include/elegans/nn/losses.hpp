#pragma once
// What training makes small: functions that write a scalar.
//
//     loss = Σ weight · l(prediction, target) / normaliser
//
// prediction [..., C]; l is taken over the last axis, so that l and weight have its shape without it: [batch] for one
// prediction a sequence, [batch, time] for one a step.
//
//     mean_squared_error           l = mean over C of (p − t)²           target [..., C]
//     categorical_crossentropy     l = −log softmax(p)[t]                target i32 [...], a class
//                                                                        0 … C − 1; p are logits
//
// `normaliser` is a scalar input, not computed here: the sum of the weights of the whole batch, counted before the
// pass. So the losses (and gradients) of the shards of a batch add up to the batch's.
//
// Where weight is 0 neither prediction nor target matter, NaN included, and the gradient is exactly 0; a class there
// must still be one (0 will do). Elsewhere a class out of range is the Status index_out_of_range.
//
// A loss of one's own is a function, too:
//
//     Loss absolute{.name = "mine", .targets = Targets::numbers, .write = [](const LossInputs& in) {
//       const Value each = reduce_sum(abs(in.where_counted(in.prediction - in.target)), -1);
//       return sum(each * in.weight) / in.normaliser;
//     }};

#include <functional>
#include <string>
#include <string_view>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;

struct LossInputs {
  Value prediction;  // [..., C]
  Value target;
  Value weight;      // [...]
  Value normaliser;  // []

  // x, of the shape of the prediction, and 0 where weight is 0. (A product would keep a NaN.)
  Value where_counted(Value x) const;
};

// Numbers [..., C] of the prediction's dtype, or classes i32 [...].
enum class Targets { numbers, classes };

struct Loss {
  std::string name;
  Targets targets = Targets::numbers;
  std::function<Value(const LossInputs&)> write;

  // Writes the loss. ShapeError, DtypeError naming the loss where inputs do not fit together or the result is no
  // scalar.
  Value operator()(const LossInputs& inputs) const;
};

Loss mean_squared_error();
// By log-sum-exp: finite for logits of any size.
Loss categorical_crossentropy();

// "mean_squared_error" or "mse", "categorical_crossentropy"; ConfigError with the nearest names for another.
Loss loss_named(std::string_view name);

}  // namespace elegans::nn
