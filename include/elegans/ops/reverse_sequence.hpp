#pragma once
// Turns sequences round: each from its last step to its first.
//
//     y[b, t] = x[b, n − 1 − t] where t < n, else x[b, t]      x [batch, time, ...]   lengths i32 [batch]   y like x
//
// with n = lengths[b], within 0 … time, or all steps where no lengths are given. Done twice it changes nothing, and its
// gradient is itself. y may not overlap x.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class ReverseSequence final : public Operation {
 public:
  std::string_view name() const override { return "reverse_sequence"; }
  bool same(const Operation&) const override { return true; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
};

}  // namespace elegans::ops
