#pragma once
// Operations that make floating numbers out of none, or out of integers. No gradient passes them.
//
//     constant         the numbers of a tensor that is part of the graph
//     one_hot          y[…, c] = 1 where c = label[…], else 0      label i32 [...]   y [..., classes]
//                      a label outside 0 … classes − 1 is the Status index_out_of_range with the item's number
//     label_number     y[…] = label[…], a number to compare with; −1 where weight[…] is 0 or the label is `ignored`, and
//                      what stands there is not read. Elsewhere a label outside 0 … classes − 1 is the same Status.
//                      label i32 [...], weight [...]   y [...]   exact up to 2^24 in f32
//     sequence_mask    y[t, b] = 1 where t < lengths[b], else 0    lengths i32 [B]   y [steps, B]
//     positions        y[i] = i                                    y [steps]   exact up to 2^24 in f32
//     random_uniform   y uniform in [0, 1): the Philox stream (key, counter + 2^32 · position), counter i32 [1], position
//                      a whole number [] of y's dtype, 0 where it is not given: numbers depend on seed, step of training
//                      and step of a loop alone. index_out_of_range where position is not in [0, 2^32)

#include <optional>

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class Constant final : public Operation {
 public:
  explicit Constant(Tensor value) : value_(std::move(value)) {}
  const Tensor& value() const { return value_; }

  std::string_view name() const override { return "constant"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, Sizes&) const override {}
  Status run(const Call& call) const noexcept override;

 private:
  Tensor value_;
};

class OneHot final : public Operation {
 public:
  OneHot(std::int64_t classes, Dtype dtype) : classes_(classes), dtype_(dtype) {}

  std::string_view name() const override { return "one_hot"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  std::int64_t classes_;
  Dtype dtype_;
};

class LabelNumber final : public Operation {
 public:
  LabelNumber(std::int64_t classes, std::optional<std::int32_t> ignored) : classes_(classes), ignored_(ignored) {}

  std::string_view name() const override { return "label_number"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  std::int64_t classes_;
  std::optional<std::int32_t> ignored_;
};

class SequenceMask final : public Operation {
 public:
  SequenceMask(Dim steps, Dtype dtype) : steps_(steps), dtype_(dtype) {}

  std::string_view name() const override { return "sequence_mask"; }
  std::string options() const override { return elegans::to_string(steps_); }
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

  OperationPtr at(const Extents& extents) const override {
    return std::make_shared<SequenceMask>(Dim(steps_.value(extents)), dtype_);
  }

 private:
  Dim steps_;
  Dtype dtype_;
};

class Positions final : public Operation {
 public:
  Positions(Dim steps, Dtype dtype) : steps_(steps), dtype_(dtype) {}

  std::string_view name() const override { return "positions"; }
  std::string options() const override { return elegans::to_string(steps_); }
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

  OperationPtr at(const Extents& extents) const override {
    return std::make_shared<Positions>(Dim(steps_.value(extents)), dtype_);
  }

 private:
  Dim steps_;
  Dtype dtype_;
};

class RandomUniform final : public Operation {
 public:
  RandomUniform(Shape shape, Dtype dtype, std::uint64_t key) : shape_(shape), dtype_(dtype), key_(key) {}

  std::string_view name() const override { return "random_uniform"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

  OperationPtr at(const Extents& extents) const override {
    return std::make_shared<RandomUniform>(shape_.at(extents), dtype_, key_);
  }

 private:
  Shape shape_;
  Dtype dtype_;
  std::uint64_t key_;
};

}  // namespace elegans::ops
