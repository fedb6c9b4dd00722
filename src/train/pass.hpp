#pragma once
// One pass over a batch, cut into shards: the gradients of its loss, or its loss and the model's answers.
//
//     inputs    "x", "target", "weight", "normaliser" []; "timespans", "lengths" where the data need them;
//               "penalty_share" [] where weights have regularisers; "activity_share" [] where answers of layers have;
//               "step" where layers drop; "weight/<path>"; "fresh" [rows, 1] and "state/<path>" where states are
//               carried from segment to segment
//     outputs   "loss" []; "gradient/<path>", or "y"; "next/<path>"
//
// Losses and gradients of the shards add up to those of the batch: the normaliser is the whole batch's, and penalties
// have the share 1 in the first shard and 0 in the others. So do several batches to a larger one: they are so many more
// shards, one after the other. Penalties of a layer's answers are sums over a shard's segments; their share is
// 1 / the segments of the (larger) batch. Without carried states a segment is a whole sequence.

#include "elegans/graph/executable.hpp"
#include "elegans/nn/losses.hpp"
#include "train/carried_states.hpp"
#include "train/parameter_layout.hpp"
#include "train/shard.hpp"
#include "train/workers.hpp"

namespace elegans::train {

enum class PassKind { gradients, evaluation };

struct PassOptions {
  PassKind kind = PassKind::gradients;
  ShardLayout layout;
  std::size_t batch_size = 1;
  bool accumulates = false;  // several runs may add up
  bool timespans = false;
  bool lengths = false;
  nn::Loss loss;
  CarriedStates* carried = nullptr;  // must stay where they are; none: every segment begins with fresh states
  std::uint64_t seed = 0;
  kernels::Target target = kernels::Target::best;
  std::vector<std::string> disable = {};
};

graph::Graph write_pass(Sequential& model, const ParameterLayout& parameters, const PassOptions& options);

// A number of any dtype as an executable reads or writes it.
union Number {
  double f64 = 0;
  float f32;
  std::int32_t i32;
};

class Pass {
 public:
  // Compiles an executable a worker. The model, parameters and workers must stay where they are.
  Pass(Sequential& model, const ParameterLayout& parameters, const Workers& workers, PassOptions options);

  const PassOptions& options() const { return options_; }
  // Steps or sequences that the loss of a batch is the mean of, weight by weight.
  double counted(const Dataset& data, std::span<const Segment> segments) const noexcept;
  // The mean that is reported for a loss over so much, also where the loss is a sum.
  double mean_of(double loss, double counted) const noexcept;
  // The larger batch that a batch is a part of.
  struct Whole {
    double counted = 0;
    std::size_t segments = 0;
    bool begins = true;  // with this part: it has the penalties, and gradients are not added to those of a part before
  };
  // Pass number `number` with the weights as they are. Throws Error where a shard's Status is not ok, and leaves carried
  // states as they were; else allocates nothing.
  void run(const Dataset& data, std::span<const Segment> batch, std::uint64_t number, const Whole& whole);

  // Of the last run.
  double loss() const;
  std::size_t shards() const { return used_; }
  const Shard& shard(std::size_t index) const { return shards_[index]; }
  View answers(std::size_t shard) const;
  std::byte* gradients() {  // of the whole batch
    return options_.accumulates ? accumulated_.data() : gradients_.front().data();
  }
  const graph::Executable& executable() const { return instances_.front().executable; }

  std::size_t bytes() const;

 private:
  // An executable with the numbers of its ports; `none` for those it does not have.
  struct Instance {
    graph::Executable executable;
    std::size_t x, target, weight, normaliser, timespans, lengths, penalty_share, activity_share, step, loss, y;
    std::size_t fresh;
    std::vector<std::pair<nn::WeightPtr, std::size_t>> weights;
    std::vector<std::pair<std::size_t, std::size_t>> states;     // input and output of each carried one
    std::vector<std::pair<std::size_t, std::size_t>> gradients;  // output, bytes from the first parameter
  };
  Instance instantiate(const graph::Graph& graph, Sequential& model, const ParameterLayout& parameters) const;
  double counted_of(const Dataset& data, const Segment& segment) const noexcept;
  Status run_shard(std::size_t shard, Instance& instance) noexcept;
  void add_gradients(bool begins) noexcept;
  // Rows of like lengths side by side, long ones first: a shard computes as many steps as its longest row has.
  std::span<const Segment> by_length(std::span<const Segment> segments) noexcept;
  // The segments of a shard.
  std::span<const Segment> part(std::span<const Segment> segments, std::size_t shard) const noexcept;
  [[noreturn]] void fail(std::size_t shard, const Dataset& data, std::span<const Segment> segments) const;

  PassOptions options_;
  const Workers* workers_;
  std::size_t parameters_;           // numbers, gaps included
  std::vector<Instance> instances_;  // one a worker
  std::vector<Segment> segments_;    // of the last run, by length
  std::vector<Shard> shards_;
  std::vector<ShardStates> states_;       // one a shard, where states are carried
  std::vector<AlignedBuffer> gradients_;  // one a shard
  AlignedBuffer accumulated_;             // of several runs, where they add up
  std::vector<AlignedBuffer> answers_;    // one a shard
  struct Scalars {
    Number penalty_share, step, loss;
    Status status;
  };
  std::vector<Scalars> scalars_;  // one a shard
  Number normaliser_, activity_share_;
  std::size_t used_ = 0;  // shards of the last run
};

}  // namespace elegans::train
