#pragma once
// Tensors: contiguous row-major arrays of known shape. A Tensor owns its memory; a View looks at somebody else's.

#include <span>
#include <string>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/tensor/dtype.hpp"
#include "elegans/tensor/shape.hpp"

namespace elegans {

// Memory of others with a dtype and a constant shape. Copying a view copies no element.
struct View {
  void* data = nullptr;
  Dtype dtype = Dtype::f32;
  Shape shape;

  std::size_t elements() const { return static_cast<std::size_t>(shape.elements(Extents{})); }
  // The elements as T; DtypeError where T is not the dtype.
  template <class T>
  std::span<T> as() const {
    require(dtype_of<T>);
    return {static_cast<T*>(data), elements()};
  }

 private:
  void require(Dtype wanted) const;
};

class Tensor {
 public:
  Tensor() = default;
  // Zeros. The shape must be constant, and not of more numbers than there can be memory for (ShapeError).
  explicit Tensor(const Shape& shape, Dtype dtype = Dtype::f32);
  // A copy of `values`, converted to `dtype`; ShapeError where the counts differ, DtypeError where i32 cannot hold one.
  static Tensor from(const Shape& shape, std::span<const double> values, Dtype dtype = Dtype::f32);
  static Tensor from(const Shape& shape, std::initializer_list<double> values, Dtype dtype = Dtype::f32) {
    return from(shape, std::span<const double>(values.begin(), values.size()), dtype);
  }
  // The elements that are in `memory`, of just that size; others may see it, too (AlignedBuffer::part).
  static Tensor in(AlignedBuffer memory, const Shape& shape, Dtype dtype = Dtype::f32);

  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  const Shape& shape() const { return shape_; }
  Dtype dtype() const { return dtype_; }
  std::size_t elements() const { return static_cast<std::size_t>(shape_.elements(Extents{})); }
  std::size_t bytes() const { return elements() * size_of(dtype_); }
  void* data() { return memory_.data(); }
  const void* data() const { return memory_.data(); }

  View view() const { return {const_cast<std::byte*>(memory_.data()), dtype_, shape_}; }
  operator View() const { return view(); }  // NOLINT: a tensor is the view of itself
  template <class T>
  std::span<T> as() {
    return view().as<T>();
  }
  template <class T>
  std::span<const T> as() const {
    return view().as<T>();
  }
  // The elements as double, whatever the dtype.
  std::vector<double> values() const;
  // The same elements in another dtype; DtypeError where i32 cannot hold one.
  Tensor to(Dtype dtype) const;

 private:
  AlignedBuffer memory_;
  Dtype dtype_ = Dtype::f32;
  Shape shape_{0};
};

// Copies the elements of `from` into `to`, converting; ShapeError where shapes differ, DtypeError where i32 cannot hold a
// number. They must not overlap.
void copy(const View& from, const View& to);

}  // namespace elegans
