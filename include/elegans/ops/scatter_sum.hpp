#pragma once
// Sums the connections of each source or target.
//
//     last axis      y[…, u] = Σ_{s : index[s] = u} x[…, s]          x [..., count]          y [..., width of the end]
//     before last    y[…, u, b] = Σ_{s : index[s] = u} x[…, s, b]    x [..., count, batch]   y [..., width, batch]
//
// where index is that of sources or of targets.
// One without connections gets 0. The gradient is gather by the same end. y may not overlap x.

#include "elegans/ops/connections.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class ScatterSum final : public Operation {
 public:
  explicit ScatterSum(ConnectionsPtr connections, End by = End::target, FeatureAxis axis = FeatureAxis::last)
      : connections_(std::move(connections)), by_(by), axis_(axis) {}

  const ConnectionsPtr& connections() const { return connections_; }
  End by() const { return by_; }
  FeatureAxis axis() const { return axis_; }

  std::string_view name() const override { return "scatter_sum"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  ConnectionsPtr connections_;
  End by_;
  FeatureAxis axis_;
};

}  // namespace elegans::ops
