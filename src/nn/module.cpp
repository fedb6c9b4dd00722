#include "elegans/nn/module.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>

namespace elegans::nn {

std::string Module::name() const {
  if (!name_.empty()) return name_;
  std::string name = type();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

void Module::set_name(std::string name) {
  if (name == name_) return;
  if (built_)
    throw ConfigError({path(), "the name", fmt::format("changed to '{}'", name), "to stay as it is once weights exist",
                       "Name layers before they are built."});
  if (name.empty() || name.find('/') != std::string::npos)
    throw ConfigError({path(), "the name", fmt::format("'{}'", name), "a name without '/'", ""});
  name_ = std::move(name);
  for (const auto& part : parts_) part->set_prefix(path() + "/");
}

void Module::set_prefix(const std::string& prefix) {
  if (built_) return;
  prefix_ = prefix;
  for (const auto& part : parts_) part->set_prefix(path() + "/");
}

void Module::set_numbers(Dtype dtype, std::uint64_t seed) {
  if (!is_floating(dtype))
    throw DtypeError({path(), "the dtype", std::string(to_string(dtype)), "f32 or f64", "Integers cannot be trained."});
  if (built_) {
    if (dtype == dtype_ && seed == seed_) return;
    throw ConfigError({path(), "the dtype or seed", "changed after building", "to be set before", ""});
  }
  dtype_ = dtype;
  seed_ = seed;
  for (const auto& part : parts_)
    if (!part->built()) part->set_numbers(dtype, seed);
}

void Module::take_first_values(const std::shared_ptr<const FirstValues>& values) {
  if (built_ && values)
    throw ConfigError({path(), "first values", "given after the layer was built", "given before", ""});
  first_values_ = values;
  for (const auto& part : parts_)
    if (!values || !part->built()) part->take_first_values(values);
}

void Module::build(const Shape& input) {
  if (input.rank() == 0 || !input.back().is_constant())
    throw ShapeError({path(), "input", to_string(input), "[..., features]", ""});
  if (built_) {
    if (input.back() == features_) return;
    throw ShapeError(
        {path(), "input", to_string(input),
         fmt::format("[..., {}], for it was built for {} features", to_string(features_), to_string(features_)), ""});
  }
  features_ = input.back();
  // A part added in a constructor could not know the type, and so the name, of what is derived from it.
  for (const auto& part : parts_) part->set_prefix(path() + "/");
  building_ = true;
  try {
    on_build(input);
    for (const auto& part : parts_)
      if (part->dtype() != dtype_)
        throw ConfigError({path(), fmt::format("the dtype of its part '{}'", part->name()),
                           std::string(to_string(part->dtype())), std::string(to_string(dtype_)),
                           "Build the part for that, or give it unbuilt."});
  } catch (...) {
    building_ = false;
    weights_.clear();
    throw;
  }
  building_ = false;
  built_ = true;
}

std::vector<PatternPtr> Module::own_patterns() const {
  std::vector<PatternPtr> all;
  for (const WeightPtr& weight : weights_) {
    const PatternPtr& pattern = weight->options.pattern;
    if (pattern && std::find(all.begin(), all.end(), pattern) == all.end()) all.push_back(pattern);
  }
  return all;
}

std::vector<PatternPtr> Module::patterns() const {
  std::vector<PatternPtr> all = own_patterns();
  for (const auto& part : parts_) {
    const std::vector<PatternPtr> inner = part->patterns();
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

std::vector<WeightPtr> Module::weights() const {
  std::vector<WeightPtr> all = weights_;
  for (const auto& part : parts_)
    for (const WeightPtr& weight : part->weights())
      if (std::find(all.begin(), all.end(), weight) == all.end()) all.push_back(weight);
  return all;
}

WeightPtr Module::add_weight(WeightOptions options) {
  ensure(building_, "a weight is added outside on_build");
  const std::string weight_path = path() + "/" + options.name;
  if (std::any_of(weights_.begin(), weights_.end(), [&](const WeightPtr& one) { return one->path == weight_path; }))
    throw ConfigError(
        {path(), "the name of a weight", fmt::format("'{}', which is taken", options.name), "a new name", ""});
  weights_.push_back(
      make_weight(std::move(options), weight_path, dtype_, seed_, first_values_ ? *first_values_ : FirstValues{}));
  return weights_.back();
}

void Module::add_part(std::string name, std::shared_ptr<Module> part) {
  ensure(part != nullptr, "a part is empty");
  if (!part->built()) {
    part->set_name(std::move(name));
    part->set_prefix(path() + "/");
    part->set_numbers(dtype_, seed_);
    part->take_first_values(first_values_);
  }
  parts_.push_back(std::move(part));
}

}  // namespace elegans::nn
