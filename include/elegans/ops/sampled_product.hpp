#pragma once
// The product of two full arrays at the connections of a circuit only: the gradient of sparse_matmul for its weights.
//
//     g[s] = Σ_r x[r, source[s]] d[r, target[s]]       x [..., inputs]   d [..., outputs]   g [count], r over all rows
//
// With FeatureAxis::before_last x is [..., inputs, batch] and d [..., outputs, batch]; the sum goes over the batch,
// too. g may overlap neither input.

#include "elegans/ops/connections.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class SampledProduct final : public Operation {
 public:
  explicit SampledProduct(ConnectionsPtr connections, FeatureAxis axis = FeatureAxis::last)
      : connections_(std::move(connections)), axis_(axis) {}

  const ConnectionsPtr& connections() const { return connections_; }
  FeatureAxis axis() const { return axis_; }

  std::string_view name() const override { return "sampled_product"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  ConnectionsPtr connections_;
  FeatureAxis axis_;
};

}  // namespace elegans::ops
