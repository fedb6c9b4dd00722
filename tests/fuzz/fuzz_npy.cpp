// .npy files: whatever the bytes, parse_npy gives as many items as the shape has, and they a valid data set, or an
// error of its own.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "elegans/base/error.hpp"
#include "elegans/train/npy.hpp"
#include "elegans/train/read_arrays.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elegans::train;
  try {
    NumpyArray array = parse_npy(std::as_bytes(std::span(data, size)), "fuzz.npy");
    std::size_t items = 1;
    for (const std::size_t extent : array.shape) items *= extent;
    if (items != (array.holds_text() ? array.texts : std::vector<std::string>()).size() + array.values.size())
      std::abort();
    const NamedArray x{"x", std::move(array)};
    validate(to_dataset(std::span(&x, 1), "fuzz.npy", {.missing = static_cast<Missing>(size % 4)}));
  } catch (const elegans::InternalError&) {
    throw;
  } catch (const elegans::Error&) {
  }
  return 0;
}
