#pragma once
// The second of the two executables of a training step: clipping, optimizer, constraints, in place over flat arrays.
//
//     inputs    "parameters", "gradients", "moment/<name>" [P]    "factor/<name>" []
//     outputs   "parameters", "moment/<name>" [P], in the memory of the inputs

#include <optional>

#include "elegans/graph/executable.hpp"
#include "elegans/train/optimizer.hpp"
#include "train/parameter_layout.hpp"

namespace elegans::train {

struct UpdateOptions {
  std::optional<double> clip_norm = {};
  kernels::Target target = kernels::Target::best;
  std::vector<std::string> disable = {};
};

graph::Graph write_update(const ParameterLayout& layout, const Optimizer& optimizer, std::optional<double> clip_norm);

class UpdateStep {
 public:
  UpdateStep(ParameterLayout layout, Optimizer optimizer, const UpdateOptions& options);

  // Update number `step`, from 1, of the model's weights. Where a weight would not be finite, all stay as they are and
  // that one is returned, else null. Allocates nothing.
  const nn::Weight* run(std::uint64_t step, double learning_rate, const std::byte* gradients);
  std::size_t bytes() const;

 private:
  ParameterLayout layout_;
  Optimizer optimizer_;
  graph::Executable executable_;
  AlignedBuffer parameters_;
  std::vector<AlignedBuffer> moments_;
  std::vector<double> factors_;
  AlignedBuffer factor_values_;  // factors_ in the dtype of the model
  std::size_t gradients_input_ = 0;
};

}  // namespace elegans::train
