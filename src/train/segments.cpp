#include "elegans/train/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>

#include "elegans/base/error.hpp"
#include "train/shuffle.hpp"

namespace elegans::train {

Segments::Segments(const Dataset& data, const SegmentOptions& options) : options_(options) {
  if (data.size() == 0 || data.size() > std::numeric_limits<std::uint32_t>::max())
    throw ConfigError(
        Complaint{"Segments", "the number of sequences", fmt::format("{}", data.size()), "1 … 4294967295", ""});
  if (options.steps == 0) throw ConfigError(Complaint{"Segments", "steps", "0", "1 or more", ""});
  if (options.batch_size == 0) throw ConfigError(Complaint{"Segments", "batch_size", "0", "1 or more", ""});
  options_.steps = std::min(options.steps, data.longest());
  lengths_.resize(data.size());
  for (std::size_t s = 0; s < data.size(); ++s) lengths_[s] = data.steps(s);
  order_.resize(data.size());
  rows_.resize(std::min(options.batch_size, data.size()));
  batch_.reserve(rows_.size());
  start(0);
}

void Segments::order_for(std::uint64_t epoch, std::span<std::size_t> order) const noexcept {
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options_.order == Order::shuffled) shuffle(order, options_.seed, ShufflePurpose::batches, epoch);
}

bool Segments::sequences_are_alike() const {
  for (std::size_t s = 1; s < lengths_.size(); ++s)
    if (segments_of(s) != segments_of(0)) return false;
  return true;
}

bool Segments::epochs_are_alike() const { return options_.order == Order::sequential || sequences_are_alike(); }

std::size_t Segments::segments() const {
  std::size_t segments = 0;
  for (std::size_t s = 0; s < lengths_.size(); ++s) segments += segments_of(s);
  return segments;
}

std::size_t Segments::batches(std::uint64_t epoch) const {
  const std::size_t sequences = lengths_.size();
  if (sequences_are_alike()) return segments_of(0) * ((sequences + rows_.size() - 1) / rows_.size());

  std::vector<std::size_t> order(sequences);
  order_for(epoch, order);
  // The batch at which each row is free for the next sequence.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free(
      std::greater<>(), std::vector<std::size_t>(rows_.size(), 0));
  std::size_t last = 0;
  for (const std::size_t s : order) {
    const std::size_t end = free.top() + segments_of(s);
    free.pop();
    free.push(end);
    last = std::max(last, end);
  }
  return last;
}

void Segments::start(std::uint64_t epoch) noexcept {
  order_for(epoch, order_);
  at_ = open_ = 0;
  std::fill(rows_.begin(), rows_.end(), Row{});
}

std::span<const Segment> Segments::next() noexcept {
  batch_.clear();
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    Row& row = rows_[r];
    if (row.next == row.end) {
      if (at_ == order_.size()) continue;
      row = {.sequence = order_[at_], .next = 0, .end = lengths_[order_[at_]]};
      ++at_;
      ++open_;
    }
    const std::size_t steps = std::min(options_.steps, row.end - row.next);
    batch_.push_back({.sequence = row.sequence, .first = row.next, .steps = steps, .row = r});
    row.next += steps;
    if (row.next == row.end) --open_;
  }
  return batch_;
}

}  // namespace elegans::train
