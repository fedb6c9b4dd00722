#include "elegans/nn/connections_of.hpp"

#include <map>
#include <mutex>

namespace elegans::nn {
namespace {

ops::ConnectionsPtr convert(const wiring::Pattern& pattern) {
  const auto sources = pattern.sources();
  const auto targets = pattern.targets();
  return std::make_shared<const ops::Connections>(static_cast<std::size_t>(pattern.rows()),
                                                  static_cast<std::size_t>(pattern.columns()),
                                                  std::vector<std::uint32_t>(sources.begin(), sources.end()),
                                                  std::vector<std::uint32_t>(targets.begin(), targets.end()));
}

// What is alive, by the pattern that it was made for. Weak keys compare by owner: the address of a pattern that is gone
// may come again, its owner may not while it is a key.
using Made = std::map<std::weak_ptr<const wiring::Pattern>, std::weak_ptr<const ops::Connections>, std::owner_less<>>;

}  // namespace

ops::ConnectionsPtr connections_of(const PatternPtr& pattern) {
  static std::mutex mutex;
  static Made made;
  const std::lock_guard lock(mutex);
  if (const auto found = made.find(pattern); found != made.end())
    if (ops::ConnectionsPtr connections = found->second.lock()) return connections;
  std::erase_if(made, [](const auto& entry) { return entry.second.expired(); });
  ops::ConnectionsPtr connections = convert(*pattern);
  for (const auto& [other, theirs] : made)
    if (const auto alive = theirs.lock(); alive && *alive == *connections) connections = alive;
  made[pattern] = connections;
  return connections;
}

}  // namespace elegans::nn
