#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "elegans/model/safetensors.hpp"

namespace elegans::model {

// The format's own bound on the size of a header, so that a foreign file's first bytes do not ask for memory.
inline constexpr std::uint64_t max_header_bytes = 100'000'000;
inline constexpr std::string_view metadata_key = "__metadata__";

// All names, in the order of StoredDtype.
const std::vector<std::string>& dtype_names();

// Bytes of a tensor, or nothing where a dimension is negative or the dimensions multiply to more than 2^63 - 1 bytes
// (those that are zero left out, so that every product of some of them fits, too).
std::optional<std::uint64_t> byte_size(StoredDtype dtype, const std::vector<std::int64_t>& shape);

// Index of the first element of a tensor of booleans that is neither 0 nor 1; nothing where there is none.
std::optional<std::size_t> first_non_boolean(const StoredTensor& tensor);

// "F32 [2, 3]"
std::string describe(StoredDtype dtype, const std::vector<std::int64_t>& shape);

}  // namespace elegans::model
