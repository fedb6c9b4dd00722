#pragma once
// Things that users make known under a name: activations, penalties, constraints, layers, cells.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::nn {

// One table, shared by all threads of the program.
template <class T>
class Named {
 public:
  // `what` is said in messages: "activation".
  Named(std::string what, std::map<std::string, T, std::less<>> built_in)
      : what_(std::move(what)), things_(std::move(built_in)) {}

  // ConfigError where the name is empty or taken.
  void add(const std::string& name, T thing) {
    const std::lock_guard lock(mutex_);
    if (name.empty()) throw ConfigError({"register_" + what_, "name", "empty", "a name", ""});
    if (!things_.try_emplace(name, std::move(thing)).second)
      throw ConfigError({"register_" + what_, "name", quote(name) + ", which is taken", "a new name",
                         "Register once, at the start of the program."});
  }

  std::optional<T> find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = things_.find(name);
    return found == things_.end() ? std::nullopt : std::optional<T>(found->second);
  }

  // ConfigError with the nearest names; `owner` is who asks.
  T at(std::string_view name, std::string_view owner) const {
    if (auto thing = find(name)) return *std::move(thing);
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [known, thing] : things_) names.push_back(known);
    }
    throw ConfigError({std::string(owner), "the " + what_, quote(name), "a known " + what_,
                       suggest(name, names) + " One's own is made known by register_" + what_ + "()."});
  }

 private:
  std::string what_;
  mutable std::mutex mutex_;
  std::map<std::string, T, std::less<>> things_;
};

}  // namespace elegans::nn
