#pragma once
// The loop as an operation: a body graph that runs once a step.
//
//     inputs of the node    carried…  scanned…  captured…     inputs of the body    carried…  scanned…[t]  captured…
//     outputs of the node   carried…  stacked…  summed…       outputs of the body   carried…  stacked…[t]  summed…
//
// Summed outputs are added up by the loop. With `running` the body does so itself: it has one more input for each of
// them, behind the captured ones, which is the sum so far, and puts out the sum with its own term, in the same memory.
// The first `begun` of these sums begin with further inputs of the node, behind the captured ones, too, and may take
// their memory; the others begin with 0.
//
// graph/functions.hpp writes it; the executable runs it, so run() here is never called.

#include <memory>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

struct ScanCounts {
  std::size_t carried = 0;
  std::size_t scanned = 0;
  std::size_t captured = 0;
  std::size_t stacked = 0;
  std::size_t summed = 0;
  bool running = false;
  std::size_t begun = 0;
  std::size_t node_inputs() const { return carried + scanned + captured + begun; }
  std::size_t body_inputs() const { return carried + scanned + captured + (running ? summed : 0); }
  friend bool operator==(const ScanCounts&, const ScanCounts&) = default;
};

class Scan final : public ops::Operation {
 public:
  Scan(Graph body, ScanCounts counts, Dim steps, bool reverse);

  const Graph& body() const { return *body_; }
  const ScanCounts& counts() const { return counts_; }
  const Dim& steps() const { return steps_; }
  bool reverse() const { return reverse_; }
  // Values of the body by role.
  ValueId carried_input(std::size_t i) const { return body_->inputs()[i].value; }
  ValueId scanned_input(std::size_t i) const { return body_->inputs()[counts_.carried + i].value; }
  ValueId captured_input(std::size_t i) const { return body_->inputs()[counts_.carried + counts_.scanned + i].value; }
  ValueId carried_output(std::size_t i) const { return body_->outputs()[i].value; }
  ValueId stacked_output(std::size_t i) const { return body_->outputs()[counts_.carried + i].value; }
  ValueId summed_output(std::size_t i) const { return body_->outputs()[counts_.carried + counts_.stacked + i].value; }

  // Of the outer loop of a checkpointed pair: how many steps the inner one takes, else 0. The gradient keeps the
  // carried values of such a loop alone, and computes everything else again.
  std::int64_t segment_length() const { return segment_length_; }
  std::shared_ptr<Scan> with_segment_length(std::int64_t steps) const;

  std::string_view name() const override { return "scan"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return this == &other; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  ops::Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  // A sum what it begins with.
  bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const override;
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, ops::Sizes&) const override {}
  Status run(const ops::Call&) const noexcept override { return {}; }

 private:
  std::shared_ptr<const Graph> body_;
  ScanCounts counts_;
  Dim steps_;
  bool reverse_;
  std::int64_t segment_length_ = 0;
};

// How many steps a segment of Extents::segments has: that of the loops over time that keep checkpoints, in bodies too;
// 1 where there are none. ConfigError where they differ.
std::int64_t segment_length_of(const Graph& graph);

// The scan of a node, or null where it is another operation.
const Scan* as_scan(const Node& node);

}  // namespace elegans::graph
