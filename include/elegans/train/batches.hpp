#pragma once
// The order in which sequences are trained on.
//
//   Batches batches({.sequences = data.size(), .batch_size = 32, .seed = 7});
//   for (std::uint64_t epoch = 0; epoch < epochs; ++epoch)
//     for (batches.start(epoch); !batches.done();) step(batches.next());
//
// An epoch visits every sequence once. Its order depends on seed and epoch alone, not on the epochs before it, so that
// training resumed at epoch 10 sees what uninterrupted training saw. Allocates in the constructor only.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elegans::train {

enum class Order {
  shuffled,    // a permutation drawn anew each epoch
  sequential,  // 0, 1, 2, …
};

struct BatchOptions {
  std::size_t sequences = 0;
  std::size_t batch_size = 32;
  std::uint64_t seed = 0;
  Order order = Order::shuffled;
};

class Batches {
 public:
  // Throws ConfigError for no sequences or a batch size of 0. Starts epoch 0.
  explicit Batches(const BatchOptions& options);

  std::size_t per_epoch() const { return (order_.size() + options_.batch_size - 1) / options_.batch_size; }

  void start(std::uint64_t epoch) noexcept;
  bool done() const noexcept { return at_ == order_.size(); }
  // Indices of the next sequences: `batch_size` of them, fewer at the end of an epoch, none after it. Valid until
  // start().
  std::span<const std::size_t> next() noexcept;

 private:
  BatchOptions options_;
  std::vector<std::size_t> order_;
  std::size_t at_ = 0;
};

}  // namespace elegans::train
