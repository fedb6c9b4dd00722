#pragma once
// How packed products (kernels/table.hpp) keep their matrix b [K,N]: in panels of P columns, P numbers filling a cache line.
// A last panel whose columns fill no more than half of it is half as wide. Behind column N-1 stand zeros.
//
//     b[k,n] stands at  (n / P) K P + k W + n % P,       W the width of its panel: P, or P / 2
//
// The whole is best kept at a multiple of 64 bytes. Numbers are read in this order, so a step's matrix takes no more room
// in the nearest cache than it has to.

#include <algorithm>
#include <cstddef>

namespace elegans::kernels {

// Columns of a whole panel.
template <class T>
inline constexpr std::size_t panel_columns = 64 / sizeof(T);

struct PackedForm {
  std::size_t k, n, panel;  // rows, columns, and P

  // Columns with those of zeros: N up to a multiple of P / 2.
  constexpr std::size_t columns() const { return (n + panel / 2 - 1) / (panel / 2) * (panel / 2); }
  constexpr std::size_t elements() const { return k * columns(); }
  // Of the panel that column `column` belongs to.
  constexpr std::size_t width(std::size_t column) const { return std::min(panel, columns() - column / panel * panel); }
  // Where the last panel begins.
  constexpr std::size_t last_panel() const { return n == 0 ? 0 : (n - 1) / panel * panel * k; }
  constexpr std::size_t place(std::size_t row, std::size_t column) const {
    return column / panel * panel * k + row * width(column) + column % panel;
  }
};

template <class T>
constexpr PackedForm packed_form(std::size_t k, std::size_t n) {
  return {k, n, panel_columns<T>};
}

}  // namespace elegans::kernels
