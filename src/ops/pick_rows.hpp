#pragma once
// The loops of pick and add_at (ops/pick.hpp) over rows of n numbers.

#include <algorithm>

#include "elegans/ops/pick.hpp"

namespace elegans::ops {

// A number a row, or with stride 0 one for all.
template <class T>
struct EachRow {
  const T* first;
  std::size_t stride;
  T at(std::size_t row) const noexcept { return first[row * stride]; }
};

template <class T>
void pick_rows(const T* x, EachRow<T> label, T* y, std::size_t rows, std::size_t n) noexcept {
  for (std::size_t r = 0; r < rows; ++r, x += n) {
    const std::size_t place = place_of(label.at(r), n);
    y[r] = place < n ? x[place] + T(0) : T(0);
  }
}

// y may be x. Where a row is one number, label and value may stand where y does, too: they are read before their row is
// written.
template <class T>
void add_at_rows(const T* x, EachRow<T> label, EachRow<T> value, T* y, std::size_t rows, std::size_t n) noexcept {
  for (std::size_t r = 0; r < rows; ++r, x += n, y += n) {
    const std::size_t place = place_of(label.at(r), n);
    const T term = value.at(r);
    if (y != x) std::copy_n(x, n, y);
    if (place < n) y[place] += term;
  }
}

}  // namespace elegans::ops
