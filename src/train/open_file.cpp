#include "train/open_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {

std::ifstream open_file(const std::filesystem::path& file) {
  // A stream opens a folder without complaint and then reads nothing.
  std::error_code ignored;
  errno = std::filesystem::is_directory(file, ignored) ? EISDIR : 0;
  std::ifstream in;
  if (errno == 0) in.open(file, std::ios::binary);
  if (errno == EISDIR || !in)
    throw FileError(Complaint{
        "",
        fmt::format("the file {} cannot be opened ({})", quote(file.string(), 400), std::strerror(errno ? errno : EIO)),
        "", "a file that can be read", "Check its name and permissions."});
  return in;
}

}  // namespace elegans::train
