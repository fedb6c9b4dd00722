#pragma once
// Which source reaches which target, and with which sign: a matrix [sources, targets] of −1, 0 and +1 that stores only
// what is not 0.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace elegans::wiring {

struct Synapse {
  std::int32_t source = 0;
  std::int32_t target = 0;
  std::int8_t polarity = 1;  // +1 excitatory, −1 inhibitory

  friend bool operator==(const Synapse&, const Synapse&) = default;
};

// Memory follows the number of sources and synapses: 24 bytes a source, 8 bytes a synapse, and what vectors keep in
// reserve.
class SynapseMatrix {
 public:
  // Most sources or targets; most synapses.
  static constexpr std::int64_t max_extent = std::int64_t{1} << 20;
  static constexpr std::int64_t max_count = std::int64_t{1} << 25;

  // No sources, no targets.
  SynapseMatrix() = default;
  // ConfigError, in the name of `operation`, for more than max_count synapses: to ask before they are drawn.
  static void require_fits(std::int64_t count, std::string_view operation);
  // ConfigError where an extent is negative or over max_extent.
  SynapseMatrix(std::int64_t sources, std::int64_t targets);

  std::int64_t sources() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t targets() const { return targets_; }
  std::int64_t count() const { return count_; }

  // −1, 0 or +1. ConfigError outside the matrix.
  int polarity(std::int64_t source, std::int64_t target) const;

  // Puts a synapse of polarity −1 or +1, in place of one that is there. ConfigError, in the name of `operation`,
  // outside the matrix or for another polarity. Cheapest in ascending order of (source, target).
  void set(std::int64_t source, std::int64_t target, int polarity, std::string_view operation = "SynapseMatrix.set");

  // The synapses of one source, ascending by target. ConfigError outside the matrix.
  struct Entry {
    std::int32_t target;
    std::int8_t polarity;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::span<const Entry> row(std::int64_t source) const;
  // All synapses, ascending by (source, target).
  std::vector<Synapse> list() const;
  // The whole matrix, row-major: sources() · targets() bytes.
  std::vector<std::int8_t> dense() const;

  friend bool operator==(const SynapseMatrix&, const SynapseMatrix&) = default;

 private:
  std::vector<std::vector<Entry>> rows_;  // each ascending by target
  std::int64_t targets_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace elegans::wiring
