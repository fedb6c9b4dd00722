#pragma once
// Shapes, whose sizes are numbers or numbers times an extent that is known only when a graph runs.
//
// A recurrent network is built once for the largest batch and the longest sequence it will see and then runs on smaller
// ones. So a size is `factor · Π extents`: 16, batch, time, or 3·batch·time after a reshape. Memory is reserved for the
// largest extents; while running, arrays are packed for the present ones.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace elegans {

// The extents a run is for: how many samples, how many steps, and how many segments the steps are cut into where a scan
// keeps checkpoints.
struct Extents {
  std::int64_t batch = 1;
  std::int64_t time = 1;
  std::int64_t segments = 1;
  friend bool operator==(const Extents&, const Extents&) = default;
};

// One size of a shape.
class Dim {
 public:
  constexpr Dim() = default;
  constexpr Dim(std::int64_t size) : factor_(size) {}  // NOLINT: a number is a size

  static constexpr Dim batch() { return Dim(1, 1); }
  static constexpr Dim time() { return Dim(1, 2); }
  static constexpr Dim segments() { return Dim(1, 4); }

  constexpr bool is_constant() const { return extents_ == 0; }
  constexpr std::int64_t factor() const { return factor_; }
  constexpr bool uses_batch() const { return (extents_ & 1) != 0; }
  constexpr bool uses_time() const { return (extents_ & 2) != 0; }
  constexpr bool uses_segments() const { return (extents_ & 4) != 0; }

  constexpr std::int64_t value(const Extents& at) const {
    std::int64_t size = factor_;
    if (extents_ & 1) size *= at.batch;
    if (extents_ & 2) size *= at.time;
    if (extents_ & 4) size *= at.segments;
    return size;
  }

  // Products and exact quotients of sizes; an extent squared or a quotient with a remainder is a ShapeError.
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim operator/(const Dim& a, const Dim& b);
  friend constexpr bool operator==(const Dim&, const Dim&) = default;

 private:
  constexpr Dim(std::int64_t factor, std::uint8_t extents) : factor_(factor), extents_(extents) {}

  std::int64_t factor_ = 1;
  std::uint8_t extents_ = 0;
};

std::string to_string(const Dim& dim);

// Up to eight sizes, outermost first. A scalar has rank 0.
class Shape {
 public:
  static constexpr std::size_t max_rank = 8;

  Shape() = default;
  Shape(std::initializer_list<Dim> sizes) : Shape(std::span<const Dim>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const Dim> sizes);
  static Shape of(std::span<const std::int64_t> sizes);

  std::size_t rank() const { return rank_; }
  const Dim& operator[](std::size_t axis) const { return sizes_[axis]; }
  Dim& operator[](std::size_t axis) { return sizes_[axis]; }
  // The last size; the shape must not be a scalar.
  const Dim& back() const { return sizes_[rank_ - 1]; }
  const Dim* begin() const { return sizes_.data(); }
  const Dim* end() const { return sizes_.data() + rank_; }

  bool is_constant() const;
  // Product of the sizes of axes [first, last); 1 where there are none.
  Dim product(std::size_t first, std::size_t last) const;
  Dim elements() const { return product(0, rank_); }
  std::int64_t elements(const Extents& at) const;

  // The shape with `size` put before axis `axis`, and without axis `axis`.
  Shape inserted(std::size_t axis, const Dim& size) const;
  Shape removed(std::size_t axis) const;
  // The same shape with every extent replaced by its number.
  Shape at(const Extents& extents) const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<Dim, max_rank> sizes_{};
  std::size_t rank_ = 0;
};

// "[batch, 16]"
std::string to_string(const Shape& shape);

// The axis that `axis` means, counted from the end where negative; ShapeError naming `operation` outside −rank …
// rank−1.
std::size_t axis_of(std::int64_t axis, const Shape& shape, const char* operation);

// NumPy's broadcasting: aligned at the last axis, sizes equal or one of them 1. ShapeError naming `operation`
// otherwise.
Shape broadcast(const Shape& a, const Shape& b, const char* operation);

}  // namespace elegans
