#include "elegans/wiring/synapse_matrix.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/error.hpp"

namespace elegans::wiring {
namespace {

std::size_t checked_extent(const char* argument, std::int64_t extent) {
  if (extent < 0 || extent > SynapseMatrix::max_extent) {
    throw ConfigError({"SynapseMatrix", argument, fmt::format("{}", extent),
                       fmt::format("a number from 0 to {}", SynapseMatrix::max_extent), ""});
  }
  return static_cast<std::size_t>(extent);
}

void check_index(std::string_view operation, const char* argument, std::int64_t index, std::int64_t extent) {
  if (index >= 0 && index < extent) return;
  throw ConfigError({std::string(operation), argument, fmt::format("{}", index),
                     extent == 0 ? fmt::format("an id, but there are no {}s", argument)
                                 : fmt::format("an id from 0 to {}", extent - 1),
                     ""});
}

}  // namespace

SynapseMatrix::SynapseMatrix(std::int64_t sources, std::int64_t targets)
    : rows_(checked_extent("sources", sources)),
      targets_(static_cast<std::int64_t>(checked_extent("targets", targets))) {}

int SynapseMatrix::polarity(std::int64_t source, std::int64_t target) const {
  check_index("SynapseMatrix.polarity", "source", source, sources());
  check_index("SynapseMatrix.polarity", "target", target, targets());
  const auto& row = rows_[static_cast<std::size_t>(source)];
  const auto place = std::lower_bound(row.begin(), row.end(), target,
                                      [](const Entry& entry, std::int64_t wanted) { return entry.target < wanted; });
  return place != row.end() && place->target == target ? place->polarity : 0;
}

void SynapseMatrix::require_fits(std::int64_t count, std::string_view operation) {
  if (count <= max_count) return;
  throw ConfigError({std::string(operation), "number of synapses", fmt::format("{}", count),
                     fmt::format("at most {}", max_count), ""});
}

void SynapseMatrix::set(std::int64_t source, std::int64_t target, int polarity, std::string_view operation) {
  check_index(operation, "source", source, sources());
  check_index(operation, "target", target, targets());
  if (polarity != -1 && polarity != 1) {
    throw ConfigError(
        {std::string(operation), "polarity", fmt::format("{}", polarity), "+1 (excitatory) or -1 (inhibitory)", ""});
  }
  auto& row = rows_[static_cast<std::size_t>(source)];
  const Entry entry{static_cast<std::int32_t>(target), static_cast<std::int8_t>(polarity)};
  const auto place = row.empty() || row.back().target < entry.target
                         ? row.end()
                         : std::lower_bound(row.begin(), row.end(), entry,
                                            [](const Entry& a, const Entry& b) { return a.target < b.target; });
  if (place != row.end() && place->target == entry.target) {
    *place = entry;
    return;
  }
  require_fits(count_ + 1, operation);
  row.insert(place, entry);
  ++count_;
}

std::span<const SynapseMatrix::Entry> SynapseMatrix::row(std::int64_t source) const {
  check_index("SynapseMatrix.row", "source", source, sources());
  return rows_[static_cast<std::size_t>(source)];
}

std::vector<Synapse> SynapseMatrix::list() const {
  std::vector<Synapse> synapses;
  synapses.reserve(static_cast<std::size_t>(count_));
  for (std::size_t source = 0; source < rows_.size(); ++source) {
    for (const Entry& entry : rows_[source]) {
      synapses.push_back({static_cast<std::int32_t>(source), entry.target, entry.polarity});
    }
  }
  return synapses;
}

std::vector<std::int8_t> SynapseMatrix::dense() const {
  std::vector<std::int8_t> matrix(rows_.size() * static_cast<std::size_t>(targets_));
  for (std::size_t source = 0; source < rows_.size(); ++source) {
    for (const Entry& entry : rows_[source]) {
      matrix[source * static_cast<std::size_t>(targets_) + static_cast<std::size_t>(entry.target)] = entry.polarity;
    }
  }
  return matrix;
}

}  // namespace elegans::wiring
