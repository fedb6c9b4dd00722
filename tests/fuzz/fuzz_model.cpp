// Any tensors and metadata through parse_model, with checksums that fit, so that what lies behind them is reached: it
// throws elegans::Error or gives a model.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>

#include "elegans/base/crc32.hpp"
#include "elegans/base/error.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/safetensors.hpp"

namespace {

std::vector<std::byte> with_checksums(const elegans::model::StoredTensors& file) {
  nlohmann::json sums = {{"metadata", nlohmann::json::object()}, {"tensors", nlohmann::json::object()}};
  elegans::model::StoredMetadata metadata = file.metadata();
  metadata.erase("checksums");
  for (const auto& [key, text] : metadata) sums["metadata"][key] = elegans::crc32(std::as_bytes(std::span(text)));
  for (const auto& tensor : file.tensors()) sums["tensors"][tensor.name] = elegans::crc32(tensor.data);
  metadata["checksums"] = sums.dump();
  return elegans::model::to_safetensors(file.tensors(), metadata);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  const auto file = elegans::model::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  try {
    elegans::model::parse_model(with_checksums(file), "fuzz.safetensors");
  } catch (const elegans::InternalError&) {
    std::abort();
  }
  return 0;
} catch (const elegans::Error&) {
  return 0;
}
