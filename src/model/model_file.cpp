#include "model/model_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "elegans/base/crc32.hpp"
#include "model/stored_dtype.hpp"

namespace elegans::model {

std::int64_t format_version_for(const Preprocessing& preprocessing) { return preprocessing.horizon > 0 ? 4 : 3; }

std::vector<Circuit> circuits_of(const std::vector<nn::WeightPtr>& weights) {
  std::vector<Circuit> circuits;
  std::vector<nn::PatternPtr> patterns;
  for (const nn::WeightPtr& weight : weights) {
    const nn::PatternPtr& pattern = weight->options.pattern;
    if (!pattern) continue;
    const auto same = std::find_if(patterns.begin(), patterns.end(),
                                   [&](const nn::PatternPtr& other) { return other == pattern || *other == *pattern; });
    const auto number = static_cast<std::size_t>(same - patterns.begin());
    if (same == patterns.end()) {
      patterns.push_back(pattern);
      Circuit circuit{.tensor = fmt::format("{}{}", tensor::circuit, number),
                      .inputs = pattern->rows(),
                      .outputs = pattern->columns(),
                      .weights = {},
                      .table = {}};
      circuit.table.assign(pattern->sources().begin(), pattern->sources().end());
      circuit.table.insert(circuit.table.end(), pattern->targets().begin(), pattern->targets().end());
      circuit.table.insert(circuit.table.end(), pattern->polarity().begin(), pattern->polarity().end());
      circuits.push_back(std::move(circuit));
    }
    circuits[number].weights.push_back(weight->path);
  }
  return circuits;
}

nlohmann::json to_json(const std::vector<Circuit>& circuits) {
  nlohmann::json list = nlohmann::json::array();
  for (const Circuit& circuit : circuits) {
    list.push_back({{"tensor", circuit.tensor},
                    {"inputs", circuit.inputs},
                    {"outputs", circuit.outputs},
                    {"weights", circuit.weights}});
  }
  return list;
}

StoredDtype stored_dtype(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return StoredDtype::f64;
    case Dtype::i32:
      return StoredDtype::i32;
    default:
      return StoredDtype::f32;
  }
}

namespace {

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (const Dim& dim : shape) sizes.push_back(dim.factor());
  return sizes;
}

}  // namespace

std::string describe(Dtype dtype, const Shape& shape) { return describe(stored_dtype(dtype), sizes_of(shape)); }
std::string describe(const StoredTensor& tensor) { return describe(tensor.dtype, tensor.shape); }

nlohmann::json checksums_of(const std::vector<StoredTensor>& tensors, const StoredMetadata& metadata) {
  nlohmann::json sums = {{"metadata", nlohmann::json::object()}, {"tensors", nlohmann::json::object()}};
  for (const auto& [name, text] : metadata) {
    if (name != key::checksums) sums["metadata"][name] = crc32(std::as_bytes(std::span(text)));
  }
  for (const StoredTensor& tensor : tensors) sums["tensors"][tensor.name] = crc32(tensor.data);
  return sums;
}

}  // namespace elegans::model
