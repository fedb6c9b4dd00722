#pragma once
// What writer and reader of model files agree on: names, and how things are told as tensors (docs/model-file.md).

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/model/preprocessing.hpp"
#include "elegans/model/safetensors.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

// The newest that is read.
inline constexpr std::int64_t format_version = 4;
// The one that is written: 3 where that says everything, so that older readers can read it.
std::int64_t format_version_for(const Preprocessing& preprocessing);

// Keys of the metadata; all of them are there.
namespace key {
inline constexpr const char* format = "format";
inline constexpr const char* format_version = "format_version";
inline constexpr const char* elegans_version = "elegans_version";
inline constexpr const char* machine_kind = "machine_kind";
inline constexpr const char* dtype = "dtype";
inline constexpr const char* seed = "seed";
inline constexpr const char* configuration = "configuration";
inline constexpr const char* preprocessing = "preprocessing";
inline constexpr const char* class_names = "class_names";
inline constexpr const char* wiring = "wiring";
inline constexpr const char* checksums = "checksums";
}  // namespace key

// Names of tensors that are no weights.
namespace tensor {
inline constexpr const char* prefix = "elegans.";
inline constexpr const char* time_unit = "elegans.time_unit";
inline constexpr const char* input_mean = "elegans.input.mean";
inline constexpr const char* input_std = "elegans.input.std";
inline constexpr const char* output_mean = "elegans.output.mean";
inline constexpr const char* output_std = "elegans.output.std";
inline constexpr const char* golden_observation = "elegans.golden.observation";
inline constexpr const char* golden_timespan = "elegans.golden.timespan";
inline constexpr const char* golden_answer = "elegans.golden.answer";
inline constexpr const char* golden_state = "elegans.golden.state.";  // and the state's path
inline constexpr const char* circuit = "elegans.wiring.";             // and a number
}  // namespace tensor

// One circuit and the weights that stand on its synapses, in the order of its table.
struct Circuit {
  std::string tensor;  // "elegans.wiring.0": i32 [3, synapses], rows source, target, polarity
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::vector<std::string> weights;
  std::vector<std::int32_t> table;
};
// Of all weights with a pattern; weights of equal patterns share a circuit.
std::vector<Circuit> circuits_of(const std::vector<nn::WeightPtr>& weights);
// [{"tensor": "elegans.wiring.0", "inputs": 3, "outputs": 8, "weights": ["ltc/cell/sensory_w", …]}, …]
nlohmann::json to_json(const std::vector<Circuit>& circuits);

StoredDtype stored_dtype(Dtype dtype);
// "F32 [2, 3]"
std::string describe(Dtype dtype, const Shape& shape);
std::string describe(const StoredTensor& tensor);

// {"metadata": {key: crc32 of the text}, "tensors": {name: crc32 of the bytes}}, "checksums" itself left out.
nlohmann::json checksums_of(const std::vector<StoredTensor>& tensors, const StoredMetadata& metadata);

}  // namespace elegans::model
