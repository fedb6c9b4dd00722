// Moving boxes between strided arrays: rows, fills and transposes are recognised, whatever the order of the axes.

#include <algorithm>
#include <cstring>

#include "hwy/cache_control.h"
#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/copy.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

constexpr std::size_t most_axes = 8;

struct Axis {
  std::size_t size, x_stride, y_stride;
};

// The axes of a box: those of size 1 left out, those that run through both arrays as one made one. Returns how many
// there are, or most_axes + 1 where the box is empty.
inline std::size_t simplified(const std::size_t* x_strides, const std::size_t* y_strides, const std::size_t* sizes,
                              std::size_t rank, Axis* axes) {
  std::size_t count = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (sizes[axis] == 0) return most_axes + 1;
    if (sizes[axis] == 1) continue;
    const Axis next{sizes[axis], x_strides[axis], y_strides[axis]};
    if (count && axes[count - 1].x_stride == next.size * next.x_stride &&
        axes[count - 1].y_stride == next.size * next.y_stride) {
      axes[count - 1] = {axes[count - 1].size * next.size, next.x_stride, next.y_stride};
    } else {
      axes[count++] = next;
    }
  }
  return count;
}

template <class T>
HWY_INLINE void move_row(const T* x, std::size_t x_stride, T* y, std::size_t y_stride, std::size_t n) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  if (y_stride == 1 && x_stride == 1) {
    if (n >= 4 * lanes) {
      std::memcpy(y, x, n * sizeof(T));
      return;
    }
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::LoadU(d, x + i), d, y + i);
    if constexpr (masked_access_is_safe) {
      if (i < n) store_part(load_part(d, x + i, n - i), d, y + i, n - i);
      return;
    }
  } else if (y_stride == 1 && x_stride == 0) {
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Set(d, *x), d, y + i);
  }
  for (; i < n; ++i) y[i * y_stride] = x[i * x_stride];
}

template <class T>
void copy_strided(const T* x, const std::size_t* x_strides, T* y, const std::size_t* y_strides,
                  const std::size_t* sizes, std::size_t rank) {
  Axis axes[most_axes] = {};
  std::size_t count = simplified(x_strides, y_strides, sizes, rank, axes);
  if (count > most_axes) return;
  if (count == 0) {
    *y = *x;
    return;
  }
  // The innermost axis is one that both arrays run through; where there is none, a transpose takes the two that each
  // runs through alone.
  const auto bring_to_end = [&](std::size_t axis, std::size_t end) {
    const Axis moved = axes[axis];
    for (; axis + 1 < end; ++axis) axes[axis] = axes[axis + 1];
    axes[end - 1] = moved;
  };
  std::size_t of_x = count, of_y = count, of_both = count;
  for (std::size_t axis = 0; axis < count; ++axis) {
    if (axes[axis].x_stride == 1) of_x = axis;
    if (axes[axis].y_stride == 1) of_y = axis;
    if (axes[axis].x_stride == 1 && axes[axis].y_stride == 1) of_both = axis;
  }
  bool transposed = false;
  if (of_both < count) {
    bring_to_end(of_both, count);
  } else if (of_y < count) {
    transposed = of_x < count;
    bring_to_end(of_y, count);
    if (transposed) bring_to_end(of_x > of_y ? of_x - 1 : of_x, count - 1);
  }
  const Axis last = axes[count - 1];
  const Axis before = transposed ? axes[count - 2] : Axis{};
  // Rows next to each other are moved in one loop: many boxes have short ones.
  const Axis rows = transposed || count < 2 ? Axis{1, 0, 0} : axes[count - 2];
  const std::size_t outer = count < 2 ? 0 : count - 2;

  std::size_t position[most_axes] = {};
  for (;;) {
    if (transposed) {
      transpose(x, last.x_stride, y, before.y_stride, last.size, before.size);
    } else {
      for (std::size_t row = 0; row < rows.size; ++row)
        move_row(x + row * rows.x_stride, last.x_stride, y + row * rows.y_stride, last.y_stride, last.size);
    }
    std::size_t axis = outer;
    for (; axis > 0; --axis) {
      const Axis& counted = axes[axis - 1];
      x += counted.x_stride;
      y += counted.y_stride;
      if (++position[axis - 1] < counted.size) break;
      x -= counted.size * counted.x_stride;
      y -= counted.size * counted.y_stride;
      position[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

// Rows of less than a vector: each is written over the end of the one before, but for the last ones, whose vectors would
// reach beyond y.
template <class T>
HWY_INLINE void repeat_each_short(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t n, std::size_t inner) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t left = n * inner; left > 0; ++x, y += inner, left -= inner) {
    if (left >= lanes) {
      hn::StoreU(hn::Set(d, *x), d, y);
    } else {
      store_part(hn::Set(d, *x), d, y, inner);
    }
  }
}

template <class T>
void repeat_each(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t n, std::size_t inner) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if (inner < lanes) return repeat_each_short(x, y, n, inner);
  for (std::size_t i = 0; i < n; ++i, y += inner) {
    const auto value = hn::Set(d, x[i]);
    for (std::size_t j = 0; j + lanes <= inner; j += lanes) hn::StoreU(value, d, y + j);
    hn::StoreU(value, d, y + inner - lanes);
  }
}

// Whole cache lines of y are stored past the caches: of a line in parts, memory would have to be read.
template <class T>
void copy_past_caches(const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::size_t n) {
  const hn::ScalableTag<T> d;
  constexpr std::size_t line = 64;
  const std::size_t lanes = hn::Lanes(d), offset = reinterpret_cast<std::uintptr_t>(y) % line / sizeof(T);
  const std::size_t head = HWY_MIN(n, offset == 0 ? 0 : line / sizeof(T) - offset);
  const std::size_t end = head + (n - head) / (line / sizeof(T)) * (line / sizeof(T));
  std::copy_n(x, head, y);
  for (std::size_t i = head; i < end; i += lanes) hn::Stream(hn::LoadU(d, x + i), d, y + i);
  std::copy(x + end, x + n, y + end);
}

void finish_past_caches() { hwy::FlushStream(); }

template <class T>
void copy(Table<T>& table) {
  table.copy_past_caches = copy_past_caches<T>;
  table.finish_past_caches = finish_past_caches;
  table.repeat_each = repeat_each<T>;
  table.copy_strided = copy_strided<T>;
}

#else

template <class T>
void copy(Table<T>&) {}

#endif

void copy_f32(Table<float>& table) { copy(table); }
void copy_f64(Table<double>& table) { copy(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(copy)
}
#endif
