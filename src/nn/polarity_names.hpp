#pragma once
// Polarities in configurations.

#include <algorithm>
#include <string>
#include <vector>

#include "elegans/base/json.hpp"
#include "elegans/nn/weight.hpp"

namespace elegans::nn {

inline const std::vector<std::string>& polarity_names() {
  static const std::vector<std::string> names{"ignored", "initial_sign", "fixed_sign"};
  return names;
}
inline const std::string& name(Polarity polarity) { return polarity_names()[static_cast<std::size_t>(polarity)]; }

// What `key` says, "ignored" where it is missing.
inline Polarity polarity_from(const JsonObject& object, std::string_view key) {
  const auto& names = polarity_names();
  const std::string name = object.choice(key, names, names[0]);
  return static_cast<Polarity>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace elegans::nn
