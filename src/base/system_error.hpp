#pragma once

#include <fmt/format.h>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "elegans/base/error.hpp"

namespace elegans {

// A FileError that says what the system could not do with `path`, and why (`code` is an errno).
inline FileError system_error(const std::filesystem::path& path, const char* what, int code, std::string remedy) {
  return FileError(Complaint{.operation = path.string(),
                             .argument = fmt::format("{} ({})", what, std::generic_category().message(code)),
                             .actual = {},
                             .required = {},
                             .remedy = std::move(remedy)});
}

}  // namespace elegans
