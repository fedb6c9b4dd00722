#pragma once
// The text of an error, for tests of messages.

#include <exception>
#include <string>
#include <typeinfo>

namespace elegans::train {

// What `act` threw, if it is exactly an E; else a text that says what happened instead.
template <typename E, typename Act>
std::string message_of(Act&& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return typeid(error) == typeid(E) ? error.what() : std::string("another kind of error: ") + error.what();
  }
  return "no error";
}

}  // namespace elegans::train
