#pragma once
// An executable with memory for all of its inputs and outputs, which are filled from a seed.

#include <string_view>
#include <vector>

#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::bench {

class BoundExecutable {
 public:
  // Inputs of floats are drawn from −1 … 1, labels from 0 … classes − 1.
  BoundExecutable(graph::Graph graph, const Extents& extents, std::int64_t classes = 1);
  BoundExecutable(graph::Executable executable, const Extents& extents, std::int64_t classes = 1);

  // Throws where the run refuses.
  void run() {
    if (const Status status = executable_.run(extents_); !status) refused(status);
  }
  Tensor& input(std::string_view name) { return inputs_[executable_.input_index(name)]; }
  // From now on in the memory of an input, as CompileOptions::in_place says.
  void write_over(std::string_view output, std::string_view input);
  // For small executables (Executable::fix).
  void fix() { executable_.fix(extents_); }
  const graph::Executable& executable() const { return executable_; }

 private:
  [[noreturn]] void refused(const Status& status) const;

  graph::Executable executable_;
  Extents extents_;
  std::vector<Tensor> inputs_, outputs_;
};

// Pseudo-random numbers in −1 … 1.
void fill_uniform(std::span<float> values, std::uint32_t seed);

// The graph of one step as a policy runs it (model/step.hpp), and the same made ready to run. States are carried in place:
// each step has to wait for the one before, as in a loop. (A policy looks at the next state before it takes it.)
BoundExecutable bound_step(Sequential& model);
Work step_work(const Model& model);

}  // namespace elegans::bench
