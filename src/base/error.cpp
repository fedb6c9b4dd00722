#include "elegans/base/error.hpp"

#include <fmt/format.h>

namespace elegans {

std::string to_string(const Complaint& c) {
  std::string text = c.operation.empty() ? std::string() : c.operation + ": ";
  text += c.argument;
  if (!c.actual.empty()) text += fmt::format("{}{}", c.argument.empty() ? "" : " is ", c.actual);
  if (!c.required.empty()) text += fmt::format("; expected {}", c.required);
  text += '.';
  if (!c.remedy.empty()) text += ' ' + c.remedy;
  return text;
}

void ensure(bool holds, const char* what) {
  if (!holds) throw InternalError(fmt::format("internal error: {}. Please report it.", what));
}

}  // namespace elegans
