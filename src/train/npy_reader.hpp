#pragma once
// A .npy file from wherever its bytes come.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "elegans/train/npy.hpp"

namespace elegans::train {

// Fills the span with the next bytes, or throws.
using ByteReader = std::function<void(std::span<std::byte>)>;

// `size` is how many bytes there are; no more are asked for. `max_bytes` is the memory that the array may take:
// ConfigError where it would take more.
NumpyArray read_npy(const ByteReader& read, std::uint64_t size, const std::string& source, std::uint64_t max_bytes);

}  // namespace elegans::train
