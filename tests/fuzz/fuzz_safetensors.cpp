// Any bytes through parse_safetensors: it throws elegans::Error or gives tensors that are written and read back the
// same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "elegans/base/error.hpp"
#include "elegans/model/safetensors.hpp"

namespace {

using elegans::model::StoredTensor;
using elegans::model::StoredTensors;

bool equal(const StoredTensors& a, const StoredTensors& b) {
  const auto is_in_b = [&](const StoredTensor& tensor) {
    const StoredTensor* other = b.find(tensor.name);
    return other != nullptr && other->dtype == tensor.dtype && other->shape == tensor.shape &&
           std::equal(tensor.data.begin(), tensor.data.end(), other->data.begin(), other->data.end());
  };
  return a.metadata() == b.metadata() && a.tensors().size() == b.tensors().size() &&
         std::all_of(a.tensors().begin(), a.tensors().end(), is_in_b);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  const auto file = elegans::model::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  // From here on an error is ours, and so is a difference.
  try {
    const auto written = elegans::model::to_safetensors(file.tensors(), file.metadata());
    if (!equal(file, elegans::model::parse_safetensors(written, "again.safetensors"))) std::abort();
  } catch (const elegans::Error&) {
    std::abort();
  }
  return 0;
} catch (const elegans::Error&) {
  return 0;
}
