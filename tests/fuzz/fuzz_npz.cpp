// .npz files: whatever the bytes, parse_npz takes no more memory than it may, and gives arrays or an error of its own.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "elegans/base/error.hpp"
#include "elegans/train/npz.hpp"
#include "elegans/train/read_arrays.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  constexpr std::size_t most = 1 << 20;
  try {
    const auto arrays = parse_npz(std::as_bytes(std::span(data, size)), "fuzz.npz", {.max_bytes = most});
    std::size_t bytes = 0;
    for (const NamedArray& named : arrays) bytes += named.array.values.size() * sizeof(double);
    if (bytes > most) std::abort();
    validate(to_dataset(arrays, "fuzz.npz", {.missing = static_cast<Missing>(size % 4)}));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
