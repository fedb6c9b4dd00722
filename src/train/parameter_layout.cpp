#include "train/parameter_layout.hpp"

#include <cstring>

namespace elegans::train {

ParameterLayout layout_of(const Sequential& model) {
  constexpr std::size_t step = 16;
  ParameterLayout layout;
  layout.dtype = model.dtype();
  for (const nn::WeightPtr& weight : model.weights()) {
    const std::size_t count = weight->value.elements();
    if (!weight->options.trainable || count == 0) continue;
    layout.entries.push_back({weight, layout.size, count});
    layout.size += (count + step - 1) / step * step;
    layout.count += count;
  }
  if (layout.entries.empty())
    throw ConfigError({"Trainer", "the model", "without trainable weights", "one or more", ""});
  return layout;
}

void gather_weights(const ParameterLayout& layout, std::byte* parameters) {
  for (const auto& entry : layout.entries)
    std::memcpy(parameters + layout.byte_offset(entry), entry.weight->value.data(), entry.weight->value.bytes());
}

void scatter_weights(const ParameterLayout& layout, const std::byte* parameters) {
  for (const auto& entry : layout.entries)
    std::memcpy(entry.weight->value.data(), parameters + layout.byte_offset(entry), entry.weight->value.bytes());
}

}  // namespace elegans::train
