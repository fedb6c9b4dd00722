#include "elegans/ops/connections.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"

namespace elegans::ops {
namespace {

Grouped group(const std::vector<std::uint32_t>& index, std::size_t width, const char* end) {
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
  return grouped;
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
  by_source_ = group(source_, inputs_, "source");
  by_target_ = group(target_, outputs_, "target");
}

}  // namespace elegans::ops
