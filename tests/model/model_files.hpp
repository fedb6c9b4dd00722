#pragma once
// Model files to be damaged.

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "elegans/base/json.hpp"
#include "elegans/model/safetensors.hpp"
#include "elegans/model/save.hpp"
#include "model/model_file.hpp"
#include "model/networks.hpp"

namespace elegans::testing {

// A file taken apart. Tensors keep their bytes in `own`, so they can be changed.
class OpenFile {
 public:
  explicit OpenFile(std::span<const std::byte> file) {
    const model::StoredTensors stored = model::parse_safetensors(file, "test");
    metadata = stored.metadata();
    for (const model::StoredTensor& tensor : stored.tensors()) {
      own[tensor.name].assign(tensor.data.begin(), tensor.data.end());
      tensors[tensor.name] = {.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape, .data = {}};
    }
  }

  // Element `index` of a tensor of T.
  template <class T>
  void set(const std::string& name, std::size_t index, T value) {
    std::memcpy(own.at(name).data() + index * sizeof(T), &value, sizeof(T));
  }
  template <class T>
  T get(const std::string& name, std::size_t index) const {
    T value;
    std::memcpy(&value, own.at(name).data() + index * sizeof(T), sizeof(T));
    return value;
  }
  void add(const std::string& name, model::StoredDtype dtype, std::vector<std::int64_t> shape, std::size_t bytes) {
    own[name].assign(bytes, std::byte{0});
    tensors[name] = {.name = name, .dtype = dtype, .shape = std::move(shape), .data = {}};
  }
  void remove(const std::string& name) {
    own.erase(name);
    tensors.erase(name);
  }

  // The file with these contents, and with the checksums that it had.
  std::vector<std::byte> bytes() const { return model::to_safetensors(list(), metadata); }
  // The same with checksums that fit: an edit by somebody who knows the format.
  std::vector<std::byte> signed_bytes() {
    metadata[model::key::checksums] = to_json_text(model::checksums_of(list(), metadata));
    return bytes();
  }

  model::StoredMetadata metadata;
  std::map<std::string, std::vector<std::byte>> own;
  std::map<std::string, model::StoredTensor> tensors;

 private:
  std::vector<model::StoredTensor> list() const {
    std::vector<model::StoredTensor> all;
    for (const auto& [name, tensor] : tensors) {
      all.push_back(tensor);
      all.back().data = own.at(name);
    }
    return all;
  }
};

inline Preprocessing some_preprocessing(const Sequential& network) {
  Preprocessing p{.features = {"speed", "angle", "load"}, .inputs = {{1, -2, 0.5}, {2, 0.1, 3}}, .time_unit = 0.02};
  for (std::int64_t i = 0; i < network.outputs(); ++i) {
    p.targets.push_back("y" + std::to_string(i));
    p.outputs.mean.push_back(0.5 * static_cast<double>(i));
    p.outputs.std.push_back(1 + 0.25 * static_cast<double>(i));
  }
  return p;
}

}  // namespace elegans::testing
