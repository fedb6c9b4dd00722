#include "elegans/ops/connections.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>

#include "elegans/base/error.hpp"

namespace elegans::ops {
namespace {

// 0 … count − 1 by ascending key, equal ones in their order, in linear time: those of key k < width are
// order[offsets[k]] … order[offsets[k + 1] − 1].
template <class Key>
void sort_by(Key key, std::size_t count, std::size_t width, std::vector<std::uint32_t>& offsets,
             std::vector<std::uint32_t>& order) {
  offsets.assign(width + 1, 0);
  for (std::uint32_t i = 0; i < count; ++i) ++offsets[key(i) + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  std::vector<std::uint32_t> next(offsets.begin(), offsets.end() - 1);
  order.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) order[next[key(i)]++] = i;
}

std::vector<std::uint32_t> picked(const std::vector<std::uint32_t>& from, std::span<const std::uint32_t> order) {
  std::vector<std::uint32_t> result;
  result.reserve(order.size());
  for (const std::uint32_t s : order) result.push_back(from[s]);
  return result;
}

Grouped group(const std::vector<std::uint32_t>& index, const std::vector<std::uint32_t>& others, std::size_t width,
              const char* end) {
  const auto wrong = std::find_if(index.begin(), index.end(), [&](std::uint32_t u) { return u >= width; });
  if (wrong != index.end())
    throw ConfigError({.operation = "connections",
                       .argument = fmt::format("the {} of connection {}", end, wrong - index.begin()),
                       .actual = std::to_string(*wrong),
                       .required = fmt::format("a number below {}", width),
                       .remedy = ""});
  Grouped grouped;
  sort_by([&](std::uint32_t s) { return index[s]; }, index.size(), width, grouped.offsets, grouped.order);
  grouped.in_order = std::is_sorted(index.begin(), index.end());
  grouped.others = grouped.in_order ? others : picked(others, grouped.order);
  return grouped;
}

// All targets, those with most connections first.
std::vector<std::uint32_t> by_degree(const Grouped& by_target) {
  const auto degree = [&](std::size_t u) { return by_target.offsets[u + 1] - by_target.offsets[u]; };
  const std::size_t targets = by_target.offsets.size() - 1;
  std::uint32_t most = 0;
  for (std::size_t u = 0; u < targets; ++u) most = std::max(most, degree(u));
  std::vector<std::uint32_t> offsets, order;
  sort_by([&](std::uint32_t u) { return most - degree(u); }, targets, std::size_t{most} + 1, offsets, order);
  return order;
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
  order.reserve(count());
  for (std::uint32_t level = 0; order.size() < count(); ++level)
    for (const std::uint32_t u : targets) {
      const std::uint32_t place = by_target_.offsets[u] + level;
      if (place < by_target_.offsets[u + 1]) order.push_back(by_target_.order[place]);
    }
  return order;
}

Connections Connections::reordered(std::span<const std::uint32_t> order) const {
  return {inputs_, outputs_, picked(source_, order), picked(target_, order)};
}

ConnectionsPtr picking(std::size_t inputs, std::vector<std::uint32_t> places) {
  std::vector<std::uint32_t> numbers(places.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  return std::make_shared<Connections>(inputs, numbers.size(), std::move(places), std::move(numbers));
}

}  // namespace elegans::ops
