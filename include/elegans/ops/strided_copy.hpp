#pragma once
// Operations that only move numbers, each one strided copy.
//
//     transpose      y[i_p0, i_p1, …] = x[i_0, i_1, …]: axis k of y is axis permutation[k] of x
//     broadcast_to   y = x repeated along new axes in front and along axes of size 1
//     slice          y = x[…, start:stop, …] along one axis
//     pad            y = x between zeros along one axis: x starts at `before`, y has `size` elements there; or x and its
//                    last row again and again, which the gradient takes for constants
//     concat         y = the inputs one after the other along one axis
//     replace_slice  y = x, but y[start : start + part, …] = part along axis 0; may overwrite x, which then
//                    costs the part alone
//
// Outputs overlap no input unless said. Sizes of a sliced axis are numbers; a padded axis may grow to a run-time extent, and
// extents at which it would have to shrink are refused when the graph runs.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class Transpose final : public Operation {
 public:
  explicit Transpose(std::vector<std::size_t> permutation) : permutation_(std::move(permutation)) {}
  const std::vector<std::size_t>& permutation() const { return permutation_; }

  std::string_view name() const override { return "transpose"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  std::vector<std::size_t> permutation_;
};

class BroadcastTo final : public Operation {
 public:
  explicit BroadcastTo(Shape shape) : shape_(shape) {}
  const Shape& shape() const { return shape_; }

  std::string_view name() const override { return "broadcast_to"; }
  std::string options() const override { return elegans::to_string(shape_); }
  bool same(const Operation& other) const override { return shape_ == static_cast<const BroadcastTo&>(other).shape_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

  OperationPtr at(const Extents& extents) const override { return std::make_shared<BroadcastTo>(shape_.at(extents)); }

 private:
  Shape shape_;
};

struct SliceOptions {
  std::size_t axis = 0;
  std::int64_t start = 0;
  std::int64_t stop = 0;
  friend bool operator==(const SliceOptions&, const SliceOptions&) = default;
};

class Slice final : public Operation {
 public:
  explicit Slice(SliceOptions options) : options_(options) {}
  const SliceOptions& range() const { return options_; }

  std::string_view name() const override { return "slice"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return options_ == static_cast<const Slice&>(other).options_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  std::int64_t alias_offset(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  SliceOptions options_;
};

// What stands beside x. Its last row, where there is any, may only stand behind it.
enum class Padding : std::uint8_t { zeros, last };

struct PadOptions {
  std::size_t axis = 0;
  std::int64_t before = 0;
  Dim size = 1;
  Padding with = Padding::zeros;
  friend bool operator==(const PadOptions&, const PadOptions&) = default;
};

class Pad final : public Operation {
 public:
  explicit Pad(PadOptions options) : options_(options) {}
  const PadOptions& padding() const { return options_; }

  std::string_view name() const override { return "pad"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return options_ == static_cast<const Pad&>(other).options_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  bool fits(std::span<const Type> inputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

  OperationPtr at(const Extents& extents) const override {
    return std::make_shared<Pad>(
        PadOptions{options_.axis, options_.before, Dim(options_.size.value(extents)), options_.with});
  }

 private:
  PadOptions options_;
};

class Concat final : public Operation {
 public:
  static constexpr std::size_t max_inputs = 24;
  explicit Concat(std::size_t axis) : axis_(axis) {}
  std::size_t axis() const { return axis_; }

  std::string_view name() const override { return "concat"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return axis_ == static_cast<const Concat&>(other).axis_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  std::size_t axis_;
};

class ReplaceSlice final : public Operation {
 public:
  explicit ReplaceSlice(std::int64_t start) : start_(start) {}
  std::int64_t start() const { return start_; }

  std::string_view name() const override { return "replace_slice"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return start_ == static_cast<const ReplaceSlice&>(other).start_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  std::int64_t start_;
};

}  // namespace elegans::ops
