#include "elegans/graph/memory_plan.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>

#include "elegans/base/aligned_buffer.hpp"

namespace elegans::graph {
namespace {

bool live_together(const Block& a, const Block& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

MemoryPlan plan_memory(std::span<const Block> blocks) {
  MemoryPlan plan;
  plan.offsets.assign(blocks.size(), 0);
  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return blocks[a].bytes > blocks[b].bytes; });

  struct Place {
    std::size_t begin, end, block;
  };
  std::vector<Place> places;  // ascending by begin
  for (const std::size_t i : order) {
    const std::size_t bytes = aligned(blocks[i].bytes);
    std::size_t offset = 0;
    for (const Place& place : places) {
      if (!live_together(blocks[i], blocks[place.block])) continue;
      if (offset + bytes <= place.begin) break;
      offset = std::max(offset, place.end);
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    if (bytes == 0) continue;
    const Place place{offset, offset + bytes, i};
    places.insert(std::upper_bound(places.begin(), places.end(), place,
                                   [](const Place& a, const Place& b) { return a.begin < b.begin; }),
                  place);
  }
  return plan;
}

bool is_valid(std::span<const Block> blocks, const MemoryPlan& plan) {
  if (plan.offsets.size() != blocks.size()) return false;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (plan.offsets[i] + blocks[i].bytes > plan.bytes || plan.offsets[i] % AlignedBuffer::alignment != 0) return false;
    for (std::size_t k = 0; k < i; ++k)
      if (live_together(blocks[i], blocks[k]) && plan.offsets[i] < plan.offsets[k] + blocks[k].bytes &&
          plan.offsets[k] < plan.offsets[i] + blocks[i].bytes)
        return false;
  }
  return true;
}

std::string to_string(std::span<const Block> blocks, const MemoryPlan& plan) {
  std::string text = fmt::format("{} bytes for {} blocks\n", plan.bytes, blocks.size());
  std::size_t end = 1;
  for (const Block& block : blocks) end = std::max(end, block.last + 1);
  constexpr std::size_t width = 48;
  const auto column = [](std::size_t at, std::size_t of) {
    return std::min(width - 1, at * width / std::max<std::size_t>(of, 1));
  };
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::string life(width, '.'), place(width, '.');
    std::fill(life.begin() + static_cast<std::ptrdiff_t>(column(blocks[i].first, end)),
              life.begin() + static_cast<std::ptrdiff_t>(column(blocks[i].last, end)) + 1, '#');
    if (blocks[i].bytes > 0)
      std::fill(
          place.begin() + static_cast<std::ptrdiff_t>(column(plan.offsets[i], plan.bytes)),
          place.begin() + static_cast<std::ptrdiff_t>(column(plan.offsets[i] + blocks[i].bytes - 1, plan.bytes)) + 1,
          '#');
    text += fmt::format("{:4}  {} {}  {:>8} at {}\n", i, life, place, blocks[i].bytes, plan.offsets[i]);
  }
  return text;
}

}  // namespace elegans::graph
