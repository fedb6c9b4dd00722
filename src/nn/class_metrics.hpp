#pragma once

#include <limits>
#include <optional>

#include "elegans/nn/metrics.hpp"

namespace elegans::nn {

// How many classes a metric can be of.
struct Classes {
  std::size_t at_least = 2;
  std::size_t at_most = std::numeric_limits<std::size_t>::max();
};

// "precision", "recall_macro", "f1:up", …; nothing for a name of another kind. ConfigError for a class that is unknown.
std::optional<Metric> class_metric_named(std::string_view name, std::span<const std::string> classes);

}  // namespace elegans::nn
