#include "train/parameter_layout.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

bool any_matches(std::span<const std::string> patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return matches(p, path); });
}

void require_matches(const std::vector<std::string>& paths, std::span<const std::string> patterns,
                     const std::string& option) {
  for (const std::string& pattern : patterns)
    if (std::none_of(paths.begin(), paths.end(), [&](const std::string& path) { return matches(pattern, path); }))
      throw ConfigError(
          {"Trainer", option, quote(pattern), "a pattern that names a weight of the model", suggest(pattern, paths)});
}

std::size_t group_of(const std::string& path, std::span<const ParameterGroup> groups) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const ParameterGroup& group) { return any_matches(group.weights, path); });
  return found == groups.end() ? 0 : static_cast<std::size_t>(found - groups.begin()) + 1;
}

void add_to_range(ParameterLayout& layout, const ParameterLayout::Entry& entry) {
  const bool constrained = static_cast<bool>(entry.weight->options.constraint);
  auto& ranges = layout.ranges;
  if (constrained || ranges.empty() || ranges.back().group != entry.group || ranges.back().constrained)
    ranges.push_back({entry.group, layout.entries.size(), 0, layout.size, 0, constrained ? entry.weight : nullptr});
  ++ranges.back().entries;
  layout.entries.push_back(entry);
  layout.entries.back().offset = layout.size;
  constexpr std::size_t unit = ParameterLayout::unit;
  layout.size += (entry.count + unit - 1) / unit * unit;
  layout.count += entry.count;
  ranges.back().size = constrained ? entry.count : layout.size - ranges.back().offset;
}

}  // namespace

ParameterLayout layout_of(const Sequential& model, std::span<const ParameterGroup> groups,
                          std::span<const std::string> frozen) {
  std::vector<std::string> paths;
  std::vector<ParameterLayout::Entry> trained;
  for (const nn::WeightPtr& weight : model.weights()) {
    paths.push_back(weight->path);
    const std::size_t count = weight->value.elements();
    if (!weight->options.trainable || count == 0 || any_matches(frozen, weight->path)) continue;
    trained.push_back({weight, 0, count, group_of(weight->path, groups)});
  }
  require_matches(paths, frozen, "a pattern of frozen");
  for (std::size_t g = 0; g < groups.size(); ++g)
    require_matches(paths, groups[g].weights, fmt::format("a pattern of groups[{}].weights", g));
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (std::none_of(trained.begin(), trained.end(), [&](const auto& entry) { return entry.group == g + 1; }))
      throw ConfigError({"Trainer", fmt::format("groups[{}]", g), "without weights", "one weight or more",
                         "What its patterns name is frozen, or belongs to a group before it: the first one counts."});
  if (trained.empty())
    throw ConfigError({"Trainer", "the model", "without trainable weights", "one or more",
                       frozen.empty() ? "" : "Freeze fewer of them."});

  const auto place = [](const ParameterLayout::Entry& entry) {
    return std::pair(entry.group, static_cast<bool>(entry.weight->options.constraint));
  };
  std::stable_sort(trained.begin(), trained.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  ParameterLayout layout;
  layout.dtype = model.dtype();
  for (const auto& entry : trained) add_to_range(layout, entry);
  return layout;
}

void adopt_weights(const ParameterLayout& layout, const AlignedBuffer& parameters) {
  for (const auto& entry : layout.entries) {
    Tensor& value = entry.weight->value;
    if (value.data() == parameters.data() + layout.byte_offset(entry)) continue;
    AlignedBuffer place = parameters.part(layout.byte_offset(entry), value.bytes());
    std::memcpy(place.data(), value.data(), value.bytes());
    value = Tensor::in(std::move(place), value.shape(), value.dtype());
  }
}

}  // namespace elegans::train
