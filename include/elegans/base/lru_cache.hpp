#pragma once
// A bounded cache: of what is kept, the least recently used goes first.
//
//   LruCache<Shape, Plan> plans(16);
//   Plan* plan = plans.find(shape);  // nullptr where there is none; else the most recent one from now on
//   if (!plan) plan = &plans.insert(shape, make(shape));
//
// Looking up compares key by key and allocates nothing: it is meant for tens of entries that are dear to make. A
// pointer stays valid until its entry goes. Not for several threads at once.

#include <algorithm>
#include <cstddef>
#include <list>
#include <utility>

#include "elegans/base/error.hpp"

namespace elegans {

template <class Key, class Value>
class LruCache {
 public:
  // ConfigError for a capacity of 0.
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {
    if (capacity == 0) throw ConfigError({"cache", "capacity", "0", "1 or more", ""});
  }

  std::size_t size() const { return entries_.size(); }
  std::size_t capacity() const { return capacity_; }

  // `key` may be of any type that compares with Key.
  template <class Like>
  Value* find(const Like& key) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first == key; });
    if (found == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found);
    return &found->second;
  }

  // Keeps `value`, in place of one with the same key, and drops the least recently used entry where there is no room.
  Value& insert(Key key, Value value) {
    if (Value* old = find(key)) return *old = std::move(value);
    if (entries_.size() == capacity_) entries_.pop_back();
    entries_.emplace_front(std::move(key), std::move(value));
    return entries_.front().second;
  }

  void clear() { entries_.clear(); }

 private:
  using Entry = std::pair<Key, Value>;
  std::size_t capacity_;
  std::list<Entry> entries_;  // the most recently used first
};

}  // namespace elegans
