#include "elegans/model/machine_kind.hpp"

#include <fmt/format.h>

#include "elegans/base/version.hpp"
#include "elegans/graph/pipeline.hpp"

#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

namespace elegans::model {
namespace {

std::string c_library() {
#if defined(__GLIBC__)
  return fmt::format("glibc {}", gnu_get_libc_version());
#else
  return "the system's C library";
#endif
}

}  // namespace

std::string machine_kind(kernels::Target target) {
  const std::vector<std::string> left_out = graph::disabled_by_environment();
  return fmt::format("{}, elegans {} (arithmetic {}), {}{}{}", kernels::instruction_set(target), version, arithmetic,
                     c_library(), left_out.empty() ? "" : ", without ", fmt::join(left_out, " "));
}

}  // namespace elegans::model
