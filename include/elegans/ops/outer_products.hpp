#pragma once
// Sums of outer products of rows: every a with every b, as the gradients of weights that share inputs need them.
//
//     y_ij[m, n] = Σ_r a_i[r, m] b_j[r, n]        a_i [..., m_i]   b_j [..., n_j]   y_ij [m_i, n_j]
//
//     inputs    a_0, a_1, …, b_0, b_1, …        outputs   y_00, y_01, …, y_10, y_11, …
//
// All axes but the last count as rows and agree. The bits are those of matmul with transpose_a for each pair. No y may
// overlap an input.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class OuterProducts final : public Operation {
 public:
  // Of left operands, right ones and results: together no more than a node of an executable may have.
  static constexpr std::size_t max_terms = 12, max_parts = 12, max_blocks = 36;

  // InternalError for none or for more than fit.
  OuterProducts(std::size_t terms, std::size_t parts);

  std::string_view name() const override { return "outer_products"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  // 0 the rows, then m_i, then n_j.
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  std::size_t terms_, parts_;
};

}  // namespace elegans::ops
