#include "elegans/train/batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "elegans/base/error.hpp"
#include "train/shuffle.hpp"

namespace elegans::train {

Batches::Batches(const BatchOptions& options) : options_(options) {
  if (options.sequences == 0 || options.sequences > std::numeric_limits<std::uint32_t>::max())
    throw ConfigError(
        Complaint{"Batches", "the number of sequences", fmt::format("{}", options.sequences), "1 … 4294967295", ""});
  if (options.batch_size == 0) throw ConfigError(Complaint{"Batches", "batch_size", "0", "1 or more", ""});
  options_.batch_size = std::min(options.batch_size, options.sequences);
  order_.resize(options.sequences);
  start(0);
}

void Batches::start(std::uint64_t epoch) noexcept {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (options_.order == Order::shuffled) shuffle(order_, options_.seed, ShufflePurpose::batches, epoch);
  at_ = 0;
}

std::span<const std::size_t> Batches::next() noexcept {
  const std::size_t count = std::min(options_.batch_size, order_.size() - at_);
  at_ += count;
  return std::span(order_).subspan(at_ - count, count);
}

}  // namespace elegans::train
