#pragma once
// Products with a packed matrix of blocks (ops/packed_layout.hpp).
//
//     y_j[…, n] = Σ_i Σ_k a_i[…, k] B_ij[k, n]        a_i [..., depth_i]    y_j [..., width_j]
//
//     inputs    a_0, a_1, …, then the packed matrix (ops/pack.hpp)        outputs   y_0, y_1, …
//
// A term of blocks of form `row` has no operand: its bias is added as it is. The bits are those of a matmul for each
// block and of adding them up, the first terms first, where a term is one chain (kernels/table.hpp). Where a block is
// made of connections, those that do not exist take no part: a sum that came out as NaN (0 · ∞, which always shows) is
// done again over what exists. No y may overlap an input.

#include "elegans/ops/packed_layout.hpp"

namespace elegans::ops {

class PackedMatmul final : public Operation {
 public:
  explicit PackedMatmul(PackedLayoutPtr layout) : layout_(std::move(layout)) {}

  const PackedLayoutPtr& layout() const { return layout_; }

  std::string_view name() const override { return "packed_matmul"; }
  std::string options() const override { return layout_->describe(); }
  bool same(const Operation& other) const override {
    return *layout_ == *static_cast<const PackedMatmul&>(other).layout_;
  }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  // 0 the rows.
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;
  std::unique_ptr<FixedCall> fix(const Call& call) const override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  template <class T>
  class Product;

  PackedLayoutPtr layout_;
};

}  // namespace elegans::ops
