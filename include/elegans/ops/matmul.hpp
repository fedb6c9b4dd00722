#pragma once
// Matrix products. Axes before the last one of `a` (and of `b` where a is transposed) count as rows.
//
//     plain         y[…, n] = Σ_k a[…, k] b[k, n]          a [..., K]   b [K, N]     y [..., N]
//     transpose_b   y[…, n] = Σ_k a[…, k] b[n, k]          a [..., K]   b [N, K]     y [..., N]
//     transpose_a   y[m, n] = Σ_r a[r, m] b[r, n]          a [..., M]   b [..., N]   y [M, N]
//
// The sum runs in ascending order; passes may make it a packed product, which may have another one (ops/packed_layout.hpp).
// y may overlap neither input.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
  friend bool operator==(const MatmulOptions&, const MatmulOptions&) = default;
};

class Matmul final : public Operation {
 public:
  // ConfigError where both are transposed.
  explicit Matmul(MatmulOptions options = {});

  const MatmulOptions& transposed() const { return options_; }

  std::string_view name() const override { return "matmul"; }
  std::string options() const override;
  bool same(const Operation& other) const override { return options_ == static_cast<const Matmul&>(other).options_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  MatmulOptions options_;
};

// The product into `y`, and as a new tensor.
void matmul(const View& a, const View& b, MatmulOptions options, const View& y,
            kernels::Target target = kernels::Target::best);
Tensor matmul(const View& a, const View& b, MatmulOptions options = {}, kernels::Target target = kernels::Target::best);

}  // namespace elegans::ops
