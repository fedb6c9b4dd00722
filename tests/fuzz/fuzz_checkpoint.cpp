// Any tensors and metadata through the reader of checkpoints, with a checksum that fits, so that what lies behind it is
// reached: it throws elegans::Error or gives what is written and read again alike.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "train/checkpoint_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  using namespace elegans;
  const auto file = model::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz.checkpoint");
  model::StoredMetadata metadata = file.metadata();
  metadata["checksum"] = std::to_string(train::checksum_of(metadata["checkpoint"], file.tensors()));
  try {
    const train::Checkpoint read = train::checkpoint_from(
        model::parse_safetensors(model::to_safetensors(file.tensors(), metadata), "fuzz.checkpoint"),
        "fuzz.checkpoint");
    const nlohmann::json again = train::to_json(train::checkpoint_from_json(train::to_json(read), "again"));
    if (again != train::to_json(read)) std::abort();
    if (read.fit) train::epochs_from_rows(std::vector<double>(size % 64, 1e300), read.fit->figures);
  } catch (const InternalError&) {
    std::abort();
  }
  return 0;
} catch (const elegans::Error&) {
  return 0;
}
