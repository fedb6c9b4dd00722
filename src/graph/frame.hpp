#pragma once
// One level of a running graph: the graph itself, or the body of a loop. A frame is built once and then only runs.
//
// Every value of the level has an address. Most are places in the arena, fixed when the frame is built; inputs and
// outputs are set from outside, before each run or each step of a loop. An operation whose result is its input's memory
// (reshape) is one such assignment. Each node has the addresses of its operands side by side, as its kernel wants them:
// what is set is written to all nodes that have it, for few addresses change from step to step and many are read.

#include <memory>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/graph/graph.hpp"
#include "elegans/graph/memory_plan.hpp"
#include "elegans/graph/scan.hpp"

namespace elegans::graph {

class Frame {
 public:
  // Plans the level for `reserve`. `in_place[i]` is the input whose memory output i is, −1 if none; where it cannot be
  // written as the level runs, it is copied there.
  Frame(const Graph& graph, const Extents& reserve, std::vector<std::int32_t> in_place = {});

  std::size_t arena_bytes() const { return plan_.bytes; }
  const std::vector<Block>& blocks() const { return blocks_; }
  const MemoryPlan& plan() const { return plan_; }

  // Gives the level its memory, arena_bytes() at `arena`.
  void settle(std::byte* arena);
  // Computes all loop sizes for `at`, and links what depends on them. Allocates nothing. wrong_size with the node that
  // these extents do not fit: then nothing may run.
  Status prepare(const Extents& at, const ops::Kernels& kernels) noexcept;

  // `padded`: whether it may be read up to a multiple of 64 bytes from where it starts, as all in the arena may.
  void set_input(std::size_t index, const void* data, bool padded = false) noexcept {
    is_fixed_ = false;
    set_address(inputs_[index], const_cast<std::byte*>(static_cast<const std::byte*>(data)));
    padded_[inputs_[index]] = padded ? 1 : 0;
  }
  // Where output `index` is to be; for a direct one also where it is made.
  void set_output(std::size_t index, void* data) noexcept;
  // Finds out once, for the prepared extents and the present addresses, what run() would find out each time. Undone
  // where an address is set or other extents are prepared.
  void fix(const ops::Kernels& kernels);
  // What a run calls for each node, and why, at `at`; where calls are fixed, what these call.
  void describe_kernels(const Extents& at, const ops::Kernels& kernels, NodeNotes& notes) const;
  const std::byte* input(std::size_t index) const noexcept { return address_[inputs_[index]]; }

  // Runs every node, then copies the outputs that are not made in place: those that others are written over go aside
  // first.
  Status run(const ops::Kernels& kernels) noexcept;

 private:
  // Where the results of outputs go.
  enum class Placement : std::uint8_t {
    direct,  // the node that makes it writes to the output's address
    copied,  // it is copied there when the level has run
  };

  struct Step {
    enum class Kind : std::uint8_t { call, alias, loop };
    Kind kind = Kind::call;
    const Node* node = nullptr;
    const ops::Operation* operation = nullptr;
    Dtype dtype = Dtype::f32;
    std::int64_t alias_offset = 0;
    std::size_t first_operand = 0;  // among operands_: its inputs, then its outputs
    std::size_t workspace_block = 0;
    std::byte* workspace = nullptr;
    AlignedBuffer linked;
    ops::Sizes sizes;
    std::vector<Type> input_types, output_types;
    std::unique_ptr<class LoopRun> loop;
    std::int32_t number = 0;
  };

  // An output that is an input, or a part of one, over which another output is written: it goes aside before any output is
  // copied, to a block of its own, and from there to its place.
  struct Kept {
    std::size_t output = 0, block = 0;
    std::byte* at = nullptr;
  };

  struct FixedStep {
    Step* step;
    std::unique_ptr<ops::FixedCall> call;  // none where the step is run as it always is
  };

  void make_steps(const Extents& reserve);
  void find_roots();
  // Whether a step may write an output over the memory of a value, in all places and shapes in which it reads it.
  bool may_overwrite(const Step& step, std::size_t output, ValueId input) const;
  void find_kept(const std::vector<std::int32_t>& in_place);
  void place_outputs(const std::vector<std::int32_t>& in_place);
  void plan(const Extents& reserve);
  void list_operands();
  std::size_t bytes_of(ValueId value, const Extents& at) const;
  // Everywhere where it stands.
  void set_address(ValueId value, std::byte* data) noexcept {
    address_[value] = data;
    void** const operands = operands_.data();
    const std::uint32_t *place = places_.data() + first_place_[value], *end = places_.data() + first_place_[value + 1];
    for (; place != end; ++place) operands[*place] = data;
  }
  ops::Call call_of(const Step& step, const ops::Sizes& sizes, const ops::Kernels& kernels) const noexcept;
  std::uint64_t padded_inputs(const Node& node) const noexcept;
  Status run_step(Step& step, const ops::Kernels& kernels) noexcept;
  Status run_steps(const ops::Kernels& kernels) noexcept;

  const Graph* graph_;
  std::vector<ValueId> inputs_, outputs_;
  std::vector<Step> steps_;
  std::vector<std::byte*> address_;  // by value
  std::vector<void*> operands_;      // addresses again, step by step
  // Where value v stands among operands_: places_[first_place_[v]] … places_[first_place_[v + 1] − 1].
  std::vector<std::uint32_t> first_place_, places_;
  std::vector<char> padded_;               // by value
  std::vector<ValueId> root_;              // by value: the value whose memory it is
  std::vector<std::int32_t> maker_;        // by value: the step that makes it, −1 for inputs and constants
  std::vector<std::size_t> last_use_;      // by value (roots): the last step that reads it
  std::vector<std::int32_t> block_of_;     // by value (roots): its block of the plan, −1 where it has none
  std::vector<Placement> placement_;       // by output
  std::vector<std::size_t> copied_;        // the outputs that are copied
  std::vector<Kept> kept_;                 // those that go aside first
  std::vector<std::byte*> output_target_;  // by output
  std::vector<std::size_t> output_bytes_;  // by output, at the prepared extents
  std::vector<AlignedBuffer> constants_;
  std::vector<Block> blocks_;
  MemoryPlan plan_;
  std::vector<FixedStep> fixed_;  // of the steps that do anything
  bool is_fixed_ = false;
};

// One loop of a frame: its body's frame and the memory of carried values and sums.
class LoopRun {
 public:
  LoopRun(const Scan& scan, const Extents& reserve);

  const Frame& body() const { return body_; }
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  void settle(std::byte* workspace);
  Status prepare(const Extents& at, const ops::Kernels& kernels) noexcept;
  // `address` is the table of the frame that `node` belongs to.
  Status run(std::byte* const* address, const Node& node, const ops::Kernels& kernels) noexcept;

 private:
  const Scan& scan_;
  Frame body_;
  std::size_t workspace_bytes_ = 0;
  struct Carried {
    std::size_t bytes = 0;  // at the prepared extents
    std::size_t reserved = 0;
    std::byte* buffer[2] = {nullptr, nullptr};
    // The stacked outputs that are the same value, and that are the value before the step: it is made in the place that
    // the first has for it, or else in the one that the second has for the next step, and nothing is copied.
    std::int32_t stacked_as = -1, kept_as = -1;
    bool has_buffers() const { return stacked_as < 0 && kept_as < 0; }
  };
  struct Summed {
    std::size_t elements = 0;
    std::size_t reserved = 0;  // of the term
    Dtype dtype = Dtype::f32;
    std::byte* term = nullptr;  // what a step adds, where the body does not add it itself
    void add_to(std::byte* sum, const ops::Kernels& kernels) const noexcept;
  };
  // What a sum is before the first step: 0 where it begins with nothing.
  static void begin(const Summed& summed, std::byte* sum, const std::byte* with) noexcept;

  std::vector<Carried> carried_;
  std::vector<Summed> summed_;
  std::vector<std::size_t> scanned_bytes_, stacked_bytes_;  // of one step
  std::int64_t steps_ = 0;
};

}  // namespace elegans::graph
