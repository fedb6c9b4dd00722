#include "train/piece.hpp"

namespace elegans::train {
namespace {

template <typename T>
std::vector<T> cut(const std::vector<T>& rows, std::size_t width, std::size_t first, std::size_t last) {
  if (rows.empty()) return {};
  const auto at = [&](std::size_t row) { return rows.begin() + static_cast<std::ptrdiff_t>(row * width); };
  return std::vector<T>(at(first), at(last));
}

}  // namespace

Recording piece_of(const Recording& recording, const Schema& schema, std::size_t first, std::size_t last) {
  return {.name = recording.name,
          .features = cut(recording.features, schema.features.size(), first, last),
          .dt = cut(recording.dt, 1, first, last),
          .time = cut(recording.time, 1, first, last),
          .targets = cut(recording.targets, schema.targets.size(), first, last),
          .weights = cut(recording.weights, 1, first, last),
          .labels = cut(recording.labels, 1, first, last),
          .source = recording.source,
          .lines = cut(recording.lines, 1, first, last)};
}

}  // namespace elegans::train
