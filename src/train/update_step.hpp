#pragma once
// The second of the two executables of a training step: clipping, optimizer, constraints, averages, in place over flat
// arrays. Each range of the layout has one of its own:
//
//     inputs    "parameters", "gradients", "moment/<name>"…, "average" [n]    "factor/<name>"… []
//               where they are needed also "clip", "decay", "average_decay", "average_share" []
//     outputs   "parameters", "moment/<name>"…, "average" [n], in the memory of the inputs
//
// n are the numbers of the range, or the shape of a single weight with a constraint. Clipping by norm is one more over
// all gradients: "gradients" [P] → "norm", "scale" [], the latter being the others' "clip".

#include <optional>

#include "elegans/graph/executable.hpp"
#include "elegans/train/optimizer.hpp"
#include "train/parameter_layout.hpp"

namespace elegans::train {

struct UpdateOptions {
  std::optional<double> clip_norm = {};
  std::optional<double> clip_value = {};
  std::optional<double> ema_decay = {};
  std::vector<ParameterGroup> groups = {};  // as the layout was made with
  kernels::Target target = kernels::Target::best;
  std::vector<std::string> disable = {};
};

// The update of one range by `optimizer`, whose weight decay is the range's.
graph::Graph write_update(const ParameterLayout& layout, const ParameterLayout::Range& range,
                          const Optimizer& optimizer, const UpdateOptions& options);

class UpdateStep {
 public:
  UpdateStep(const ParameterLayout& layout, const Optimizer& optimizer, const UpdateOptions& options);

  // Update number `step`, from 1, of the model's weights, which lie in the step's own array: nothing is copied. A weight
  // whose tensor was replaced since is moved there first, else nothing is allocated.
  void run(std::uint64_t step, double learning_rate, const std::byte* gradients);

  // Exchanges the weights of the model with their averages.
  void swap_averages();
  // Gives the model the averages as its weights.
  void take_averages();

  // Arrays like the parameters that are kept from step to step: moments by name, and "average".
  struct State {
    std::string name;
    AlignedBuffer* values;
  };
  std::vector<State> state();

  // Of the range of this number.
  const graph::Executable& executable(std::size_t range) const { return parts_[range].executable; }
  std::size_t bytes() const;
  UpdateBytes bytes_a_parameter() const;
  std::string explain() const;

 private:
  // The update of one range.
  struct Part {
    graph::Executable executable;
    Optimizer optimizer;
    double rate_scale;  // of the trainer's rate
    std::size_t gradients_input, byte_offset;
    std::vector<double> factors;
    AlignedBuffer factor_values;  // the factors in the dtype of the model
  };
  Part make_part(const ParameterLayout::Range& range, const Optimizer& optimizer, const UpdateOptions& options);
  void bind_part(const ParameterLayout::Range& range, Part& part);
  void compute_clip(const std::byte* gradients);
  void run_part(Part& part, std::uint64_t step, double learning_rate, const std::byte* gradients);

  ParameterLayout layout_;
  std::vector<Moment> moment_names_;
  std::optional<double> clip_norm_, ema_decay_;
  AlignedBuffer parameters_;  // the weights
  std::vector<AlignedBuffer> moments_;
  AlignedBuffer average_;  // none without averages
  AlignedBuffer clip_;     // norm and scale, in the dtype of the model, a cache line each
  std::optional<graph::Executable> norm_;
  std::vector<Part> parts_;
};

// √Σ g² in f64, whatever the size of the numbers.
double norm_of(const std::byte* gradients, std::size_t count, Dtype dtype) noexcept;

}  // namespace elegans::train
