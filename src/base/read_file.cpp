#include "elegans/base/read_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>

#include "base/system_error.hpp"

namespace elegans {
namespace {

int open_to_read(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw system_error(path, "cannot be opened", errno, "Check the name and its permissions.");
  return descriptor;
}

// Reads until `out` is full or the file ends; returns the bytes read.
std::size_t read_some(int descriptor, const std::filesystem::path& path, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = ::read(descriptor, out.data() + done, out.size() - done);
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      throw system_error(path, "cannot be read", errno, "Give the name of a file that can be read.");
    }
  }
  return done;
}

FileError too_large(const std::filesystem::path& path, const std::string& size, std::uint64_t max_bytes) {
  return FileError(Complaint{path.string(), "its size", size, fmt::format("at most {} bytes", max_bytes),
                             "Is it the file that was meant?"});
}

struct Descriptor {
  int value;
  ~Descriptor() { ::close(value); }
};

}  // namespace

FileReader::FileReader(const std::filesystem::path& path) : path_(path), descriptor_(open_to_read(path)) {
  struct stat info {};
  if (::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode)) {
    size_ = static_cast<std::uint64_t>(info.st_size);
    return;
  }
  ::close(descriptor_);
  throw FileError(Complaint{path.string(), "it", S_ISDIR(info.st_mode) ? "a folder" : "no regular file",
                            "a regular file", "Give the name of a file."});
}

FileReader::~FileReader() { ::close(descriptor_); }

void FileReader::read(std::span<std::byte> out) {
  const std::size_t count = read_some(descriptor_, path_, out);
  if (count == out.size()) return;
  throw FileError(Complaint{path_.string(), "the file",
                            fmt::format("{} bytes shorter than when it was opened", out.size() - count),
                            "a file that nobody is writing", "Read it again when it is complete."});
}

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Descriptor file{open_to_read(path)};
  constexpr std::size_t chunk = std::size_t{64} * 1024;
  std::string text;
  struct stat info {};
  if (::fstat(file.value, &info) == 0 && S_ISREG(info.st_mode)) {
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > max_bytes) throw too_large(path, fmt::format("{} bytes", size), max_bytes);
    text.reserve(size + chunk);
  }
  // Pipes and files that the system makes up as they are read have no size, so the end is what read() says.
  std::size_t used = 0;
  for (;;) {
    text.resize(used + chunk);
    const std::size_t count = read_some(file.value, path, std::as_writable_bytes(std::span(text).subspan(used)));
    used += count;
    if (used > max_bytes) throw too_large(path, fmt::format("more than {} bytes", max_bytes), max_bytes);
    if (count < chunk) break;
  }
  text.resize(used);
  return text;
}

}  // namespace elegans
