#pragma once

#include <fmt/format.h>

#include "elegans/base/error.hpp"
#include "elegans/graph/functions.hpp"

namespace elegans::nn {

inline void require_option(const char* loss, const char* option, double actual, bool fits, const char* required) {
  if (!fits) throw ConfigError({loss, option, fmt::format("{}", actual), required, ""});
}

}  // namespace elegans::nn
