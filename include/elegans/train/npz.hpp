#pragma once
// Several named arrays in one file, as numpy.savez and numpy.savez_compressed write them: a zip archive of .npy files.
//
// Needs libzip: a build without it (ELEGANS_NPZ off) says so when it is asked to read one.
//
// The archive is not believed. An array takes no more memory than `max_bytes` leaves, and none before the size that the
// archive tells is compared with what its compressed bytes can become (deflate makes at most 1032 bytes of one) and
// with the array's own header; checksums are verified. FormatError names file and array: no zip archive, two arrays of
// one name, an entry that is no .npy file, encrypted or compressed in another way than deflate; what read_npy refuses.
// ConfigError where it would take more than max_bytes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/train/npy.hpp"

namespace elegans::train {

struct NamedArray {
  std::string name;  // without ".npy"
  NumpyArray array;
};

struct NpzOptions {
  std::uint64_t max_bytes = std::uint64_t{1} << 33;  // of memory that all arrays together may take
};

// Whether this build can.
bool reads_npz();

// In the order of the file.
std::vector<NamedArray> read_npz(const std::filesystem::path& file, const NpzOptions& options = {});
// The same from memory; `source` is the file's name in messages.
std::vector<NamedArray> parse_npz(std::span<const std::byte> bytes, std::string_view source,
                                  const NpzOptions& options = {});

}  // namespace elegans::train
