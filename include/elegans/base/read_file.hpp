#pragma once
// Reading files whose size is not to be believed.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace elegans {

// A regular file, read from its beginning. FileError, with the system's reason, where it cannot be opened or read.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Bytes in the file when it was opened.
  std::uint64_t size() const { return size_; }

  // Fills `out` with the next bytes. FileError where the file ends before `out` is full.
  void read(std::span<std::byte> out);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// The whole file, or pipe, as text. FileError where it holds more than `max_bytes`: of a file before memory is taken,
// of a pipe as soon as it has given more.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace elegans
