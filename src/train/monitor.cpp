#include "train/monitor.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {

std::string monitor_text(const std::string& figure, double min_delta) {
  return min_delta == 0 ? figure : fmt::format("{}, min_delta {}", figure, min_delta);
}

Monitor::Monitor(const char* operation, std::string figure, double min_delta)
    : operation_(operation), figure_(std::move(figure)), min_delta_(min_delta) {
  if (!(min_delta >= 0)) throw ConfigError({operation, "min_delta", fmt::format("{}", min_delta), "0 or more", ""});
}

void Monitor::start(const FitPlan& plan) {
  std::vector<std::string> known;
  for (const NamedFigure& figure : plan.figures) known.push_back(figure.name);
  const auto found = std::find(known.begin(), known.end(), figure_);
  if (found == known.end())
    throw ConfigError(
        {operation_, "monitor", quote(figure_), "a figure of this training",
         known.size() == 1 ? "Monitor 'loss', or pass a validation part to fit()." : suggest(figure_, known)});
  better_ = plan.figures[static_cast<std::size_t>(found - known.begin())].better;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  best_ = better_ == nn::Better::lower ? infinity : -infinity;
}

bool Monitor::improves(const EpochRecord& record) {
  const double value = figure(record, figure_);
  const bool better = better_ == nn::Better::lower ? value < best_ - min_delta_ : value > best_ + min_delta_;
  if (!std::isfinite(value) || !better) return false;
  best_ = value;
  return true;
}

}  // namespace elegans::train
