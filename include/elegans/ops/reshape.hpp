#pragma once
// The same numbers under another shape or another meaning: outputs are the input's own memory, nothing runs.
//
//     reshape          another shape with as many elements
//     leading          the first `size` rows along axis 0
//     stop_gradient    the same value, which gradients do not pass

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class Reshape final : public Operation {
 public:
  explicit Reshape(Shape shape) : shape_(shape) {}
  const Shape& shape() const { return shape_; }

  std::string_view name() const override { return "reshape"; }
  std::string options() const override { return elegans::to_string(shape_); }
  bool same(const Operation& other) const override { return shape_ == static_cast<const Reshape&>(other).shape_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  std::int64_t alias_offset(std::span<const Type>) const override { return 0; }
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, Sizes&) const override {}
  Status run(const Call&) const noexcept override { return {}; }
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

  OperationPtr at(const Extents& extents) const override { return std::make_shared<Reshape>(shape_.at(extents)); }

 private:
  Shape shape_;
};

class Leading final : public Operation {
 public:
  explicit Leading(Dim size) : size_(size) {}
  const Dim& size() const { return size_; }

  std::string_view name() const override { return "leading"; }
  std::string options() const override { return elegans::to_string(size_); }
  bool same(const Operation& other) const override { return size_ == static_cast<const Leading&>(other).size_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  std::int64_t alias_offset(std::span<const Type>) const override { return 0; }
  bool fits(std::span<const Type> inputs, const Extents& at) const override {
    return size_.value(at) <= inputs[0].shape[0].value(at);
  }
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, Sizes&) const override {}
  Status run(const Call&) const noexcept override { return {}; }

  OperationPtr at(const Extents& extents) const override {
    return std::make_shared<Leading>(Dim(size_.value(extents)));
  }

 private:
  Dim size_;
};

class StopGradient final : public Operation {
 public:
  std::string_view name() const override { return "stop_gradient"; }
  bool same(const Operation&) const override { return true; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  std::int64_t alias_offset(std::span<const Type>) const override { return 0; }
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, Sizes&) const override {}
  Status run(const Call&) const noexcept override { return {}; }
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;
};

}  // namespace elegans::ops
