#pragma once

#include <gtest/gtest.h>

#include <string>

namespace elegans::testing {

// What `call` says when it throws an `Expected`; a test failure, and an empty text, where it throws nothing.
template <class Expected, class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Expected& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace elegans::testing
