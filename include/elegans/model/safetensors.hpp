#pragma once
// Files of named tensors in the safetensors format.
//
//   bytes 0–7    N, little-endian: the size of the header
//   N bytes      JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}, padded with spaces, and
//                optionally "__metadata__": {"key": "text", …}
//   the rest     the tensors' bytes, little-endian, last dimension fastest; offsets count from here
//
// The reader is strict: every byte of the file belongs to exactly one tensor or to the header, every size is checked
// before memory is taken, and what the format does not say is an error. (Source of the format: the README of
// huggingface/safetensors. Its element types of less than a byte, of 8-bit floats and of complex numbers are refused.)
//
// Errors: FormatError names file and tensor, what was found, what was expected; FileError where the system cannot read
// or write the file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elegans::model {

// Element types, in the order by which files are sorted.
enum class StoredDtype { boolean, u8, i8, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

// Its name in a header: "BOOL", "F32", ….
std::string_view name_of(StoredDtype dtype);
std::size_t bytes_of(StoredDtype dtype);

struct StoredTensor {
  std::string name;
  StoredDtype dtype = StoredDtype::f32;
  std::vector<std::int64_t> shape;  // empty for a single number
  // bytes_of(dtype) × the product of shape. A foreign file may store elements at addresses that are no multiple of
  // their size: copy the bytes, do not cast the pointer. Booleans are 0 or 1.
  std::span<const std::byte> data;
};

using StoredMetadata = std::map<std::string, std::string>;

// The contents of a file.
class StoredTensors {
 public:
  // Takes over `bytes`, to which the data of `tensors` refers.
  StoredTensors(std::unique_ptr<const std::byte[]> bytes, std::vector<StoredTensor> tensors, StoredMetadata metadata);

  // In the order of their bytes in the file.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  const StoredMetadata& metadata() const { return metadata_; }
  // The tensor of that name, or nullptr.
  const StoredTensor* find(std::string_view name) const;

 private:
  std::unique_ptr<const std::byte[]> bytes_;
  std::vector<StoredTensor> tensors_;
  StoredMetadata metadata_;
};

StoredTensors read_safetensors(const std::filesystem::path& path);

// The same from memory, which is copied; `source_name` stands in errors where a file's name would.
StoredTensors parse_safetensors(std::span<const std::byte> file, std::string_view source_name);

// Writes atomically (base/atomic_file.hpp). Tensors are sorted by falling StoredDtype and then by name, as the
// reference implementation does, so that every element is aligned and the same tensors in any order give the same
// bytes. ConfigError where a name comes twice, is "__metadata__" or not UTF-8, or a tensor's bytes do not fit its
// shape.
void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const StoredMetadata& metadata = {});

// The same into memory.
std::vector<std::byte> to_safetensors(std::span<const StoredTensor> tensors, const StoredMetadata& metadata = {});

}  // namespace elegans::model
