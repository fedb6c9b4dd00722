#include "elegans/ops/connections.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>

#include "elegans/base/error.hpp"

namespace elegans::ops {
namespace {

Grouped group(const std::vector<std::uint32_t>& index, const std::vector<std::uint32_t>& others, std::size_t width,
              const char* end) {
  Grouped grouped;
  grouped.offsets.assign(width + 1, 0);
  for (std::size_t s = 0; s < index.size(); ++s) {
    if (index[s] >= width)
      throw ConfigError({.operation = "connections",
                         .argument = fmt::format("the {} of connection {}", end, s),
                         .actual = std::to_string(index[s]),
                         .required = fmt::format("a number below {}", width),
                         .remedy = ""});
    ++grouped.offsets[index[s] + 1];
  }
  for (std::size_t u = 0; u < width; ++u) grouped.offsets[u + 1] += grouped.offsets[u];
  grouped.order.resize(index.size());
  std::vector<std::uint32_t> next(grouped.offsets.begin(), grouped.offsets.end() - 1);
  for (std::size_t s = 0; s < index.size(); ++s) grouped.order[next[index[s]]++] = static_cast<std::uint32_t>(s);
  for (const std::uint32_t s : grouped.order) grouped.others.push_back(others[s]);
  grouped.in_order = std::is_sorted(index.begin(), index.end());
  return grouped;
}

// All targets, those with most connections first.
std::vector<std::uint32_t> by_degree(const Grouped& by_target) {
  std::vector<std::uint32_t> targets(by_target.offsets.size() - 1);
  std::iota(targets.begin(), targets.end(), 0U);
  const auto degree = [&](std::uint32_t u) { return by_target.offsets[u + 1] - by_target.offsets[u]; };
  std::stable_sort(targets.begin(), targets.end(), [&](auto a, auto b) { return degree(a) > degree(b); });
  return targets;
}

std::optional<Levels> levels_of(const std::vector<std::uint32_t>& target, const Grouped& by_target) {
  Levels levels{.offsets = {0}, .target = by_degree(by_target), .rank = {}};
  levels.rank.resize(levels.target.size());
  for (std::size_t k = 0; k < levels.target.size(); ++k) levels.rank[levels.target[k]] = static_cast<std::uint32_t>(k);
  std::size_t width = levels.target.size();
  for (std::uint32_t level = 0; levels.offsets.back() < target.size(); ++level) {
    const std::uint32_t first = levels.offsets.back();
    const auto has = [&](std::uint32_t u) { return by_target.offsets[u] + level < by_target.offsets[u + 1]; };
    while (!has(levels.target[width - 1])) --width;
    if (first + width > target.size() ||
        !std::equal(levels.target.begin(), levels.target.begin() + static_cast<std::ptrdiff_t>(width),
                    target.begin() + static_cast<std::ptrdiff_t>(first)))
      return std::nullopt;
    levels.offsets.push_back(first + static_cast<std::uint32_t>(width));
  }
  return levels;
}

}  // namespace

Connections::Connections(std::size_t inputs, std::size_t outputs, std::vector<std::uint32_t> source,
                         std::vector<std::uint32_t> target)
    : inputs_(inputs), outputs_(outputs), source_(std::move(source)), target_(std::move(target)) {
  if (source_.size() != target_.size())
    throw ConfigError({.operation = "connections",
                       .argument = "the number of targets",
                       .actual = std::to_string(target_.size()),
                       .required = fmt::format("{}, the number of sources", source_.size()),
                       .remedy = ""});
  by_source_ = group(source_, target_, inputs_, "source");
  by_target_ = group(target_, source_, outputs_, "target");
  levels_ = levels_of(target_, by_target_);
}

std::vector<std::uint32_t> Connections::level_order() const {
  const std::vector<std::uint32_t> targets = by_degree(by_target_);
  std::vector<std::uint32_t> order;
  for (std::uint32_t level = 0; order.size() < count(); ++level)
    for (const std::uint32_t u : targets) {
      const std::uint32_t place = by_target_.offsets[u] + level;
      if (place < by_target_.offsets[u + 1]) order.push_back(by_target_.order[place]);
    }
  return order;
}

Connections Connections::reordered(std::span<const std::uint32_t> order) const {
  std::vector<std::uint32_t> source, target;
  for (const std::uint32_t s : order) {
    source.push_back(source_[s]);
    target.push_back(target_[s]);
  }
  return {inputs_, outputs_, std::move(source), std::move(target)};
}

}  // namespace elegans::ops
