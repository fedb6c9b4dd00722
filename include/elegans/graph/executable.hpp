#pragma once
// A compiled graph: a list of bound kernel calls over one arena.
//
// compile() runs the passes, plans memory for the largest batch and time and takes it; run() does none of these: it is
// noexcept and allocates, locks and throws nothing. Inputs and outputs are memory of the caller, bound before the first
// run (pointers may be changed at any time) and packed for the extents of the run: an input [time, batch, 3] at
// {.batch = 2, .time = 5} is 30 numbers, whatever was reserved.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

// What one pass did.
struct PassReport {
  std::string pass;
  std::size_t nodes_before = 0;
  std::size_t nodes_after = 0;
  std::vector<std::string> notes;  // what was done, and what was refused and why

  // Adds "count what" where there is any.
  void note(std::size_t count, std::string_view what) {
    if (count > 0) notes.push_back(std::to_string(count) + " " + std::string(what));
  }
};

struct CompileOptions {
  kernels::Target target = kernels::Target::best;
  Extents reserve;     // the largest batch and time of any run
  bool exact = false;  // every run is for just these: a policy's one sample and step
  // Passes that are not to run: names of passes() ("fuse", "hoist", …). ELEGANS_DISABLE in the environment adds to
  // them, separated by commas.
  std::vector<std::string> disable = {};
  // tanh and sigmoid of f32 on `best` by shorter arithmetic, within 2^-15 and 2^-16 of the exact value instead of 4 units
  // in the last place (kernels/functions.hpp).
  bool fast_activations = false;
  // A graph that optimise() made: no pass runs again. explain() tells what was reported then.
  bool is_optimised = false;
  std::vector<PassReport> reports = {};
  // Pairs (output, input) by name that share the caller's memory: the update of parameters works in place. Each output and
  // each input once, both of one type. Whatever else reads the input gets it as it was before the run.
  std::vector<std::pair<std::string, std::string>> in_place = {};
};

class Executable {
 public:
  Executable(Executable&&) noexcept;
  Executable& operator=(Executable&&) noexcept;
  ~Executable();

  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;
  const Type& input_type(std::size_t index) const;
  const Type& output_type(std::size_t index) const;
  // The number of the input or output called `name`; ConfigError with the nearest names where there is none.
  std::size_t input_index(std::string_view name) const;
  std::size_t output_index(std::string_view name) const;

  void bind_input(std::size_t index, const void* data) noexcept;
  // The memory of a tensor, which nobody compares with the input's type. It goes on to the end of a cache line, which
  // fixed calls may read: some have no odd end then.
  void bind_input(std::size_t index, const Tensor& tensor) noexcept;
  void bind_output(std::size_t index, void* data) noexcept;

  // Runs for `extents`. Status: extent_out_of_range beyond what was reserved, or other than it where that is exact;
  // index_out_of_range with node and item. Every input and output must be bound.
  Status run(const Extents& extents) noexcept;

  // For inputs and outputs that stay where they are from run to run: makes every kernel call ready for `extents` once,
  // so that a small step spends its time in kernels. Every input and output must be bound; binding one again, or a run
  // for other extents, undoes it. Changes no bit. Allocates. ConfigError for extents that run() refuses.
  void fix(const Extents& extents);

  // Convenience for tests and direct calls: binds views (shapes checked), takes the extents from them, runs, throws
  // where the status is not ok. Views are given in the order of the ports.
  void operator()(std::span<const View> inputs, std::span<const View> outputs);
  std::vector<Tensor> operator()(std::span<const View> inputs);

  std::size_t arena_bytes() const;
  // Arithmetic and traffic of one run at `extents`, loops counted in full.
  ops::Cost cost(const Extents& extents) const;
  // What every pass did and refused, the nodes that run, which kernels run them and why (for the extents of the last run
  // or fix(), before it for the largest), and the plan of memory. A node that says nothing has no choice.
  std::string explain() const;
  const Graph& graph() const;
  // The scope and name of a node that a Status names; "executable" where it names none.
  std::string node_name(std::int32_t node) const;

 private:
  friend Executable compile(Graph graph, const CompileOptions& options);
  friend std::size_t planned_arena_bytes(Graph graph, const CompileOptions& options);
  struct Implementation;
  // Everything but the memory.
  static std::unique_ptr<Implementation> plan(Graph graph, const CompileOptions& options);
  Status prepare(const Extents& extents) noexcept;
  explicit Executable(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

// ConfigError where nothing is reserved or more than can be addressed, loops keep checkpoints of different numbers of
// steps, a pass or a port that is named does not exist, or a pair of in_place does not go together. The arena's pages are
// first touched by the first run, so that compiling takes the same time for any length of sequences.
Executable compile(Graph graph, const CompileOptions& options);

// The memory that compile() would take for the arena, without taking it.
std::size_t planned_arena_bytes(Graph graph, const CompileOptions& options);

}  // namespace elegans::graph
