#pragma once
// A row many times below itself.

#include <algorithm>
#include <cstring>

namespace elegans::ops {

// to [times, n] = row [n] in each row; no overlap. What is there already is copied on: a copy of a few numbers costs what
// calling costs, and so there are log₂ times of them.
template <class T>
void repeat_row(const T* row, T* to, std::size_t n, std::size_t times) noexcept {
  if (times == 0) return;
  std::memcpy(to, row, n * sizeof(T));
  for (std::size_t done = 1; done < times; done *= 2)
    std::memcpy(to + done * n, to, std::min(done, times - done) * n * sizeof(T));
}

}  // namespace elegans::ops
