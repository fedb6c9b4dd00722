#pragma once

#include <cstring>
#include <deque>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "elegans/model/safetensors.hpp"

namespace elegans::model::testing {

// Tensors that own their bytes.
class Samples {
 public:
  template <class T>
  void add(std::string name, StoredDtype dtype, std::vector<std::int64_t> shape, const std::vector<T>& values) {
    std::vector<std::byte>& bytes = bytes_.emplace_back(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    tensors_.push_back({std::move(name), dtype, std::move(shape), bytes});
  }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }

 private:
  std::deque<std::vector<std::byte>> bytes_;
  std::vector<StoredTensor> tensors_;
};

// What tests/data/make_python_safetensors.py writes: every element type that NumPy and the format share.
inline Samples python_samples() {
  Samples samples;
  samples.add<float>("cell.kernel", StoredDtype::f32, {2, 3}, {-0.5f, -0.25f, 0.0f, 0.25f, 0.5f, 0.75f});
  samples.add<float>("cell.bias", StoredDtype::f32, {3}, {1e-3f, -2e30f, std::numeric_limits<float>::infinity()});
  samples.add<double>("elegans.mean", StoredDtype::f64, {}, {0.1});
  samples.add<std::int64_t>("steps", StoredDtype::i64, {2}, {-1, std::int64_t{1} << 62});
  samples.add<std::uint64_t>("big", StoredDtype::u64, {1}, {std::numeric_limits<std::uint64_t>::max()});
  samples.add<std::uint16_t>("half", StoredDtype::f16, {2}, {0x3800, 0xC000});  // 0.5 and -2 in binary16
  samples.add<float>("empty", StoredDtype::f32, {0, 4}, {});
  samples.add<std::uint8_t>("mask", StoredDtype::boolean, {2, 2}, {1, 0, 0, 1});
  samples.add<std::int8_t>("i8", StoredDtype::i8, {2}, {-128, 127});
  samples.add<std::uint8_t>("u8", StoredDtype::u8, {2}, {0, 255});
  samples.add<std::int16_t>("i16", StoredDtype::i16, {1}, {-300});
  samples.add<std::uint16_t>("u16", StoredDtype::u16, {1}, {65535});
  samples.add<std::int32_t>("i32", StoredDtype::i32, {1}, {-70000});
  samples.add<std::uint32_t>("u32", StoredDtype::u32, {1}, {4000000000});
  samples.add<std::uint8_t>("na\u00efve \"name\"\n", StoredDtype::u8, {1}, {7});
  return samples;
}

inline StoredMetadata python_metadata() { return {{"config", "{\"units\": 3, \"note\": \"\u0394t \\\\ \t\"}"}}; }

// A file of this header text and these bytes behind it, written by no code of ours.
inline std::vector<std::byte> raw_file(const std::string& header, const std::string& data = "") {
  std::string file(8, '\0');
  for (int i = 0; i < 8; ++i) file[i] = static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i));
  file += header + data;
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace elegans::model::testing
