#pragma once
// Spreads values to their connections: the value at one end of each.
//
//     last axis      y[…, s] = x[…, index[s]]           x [..., width of the end]          y [..., count]
//     before last    y[…, s, b] = x[…, index[s], b]     x [..., width of the end, batch]   y [..., count, batch]
//
// where index is that of sources or of targets.
// The gradient is scatter_sum by the same end. y may not overlap x.

#include "elegans/ops/connections.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class Gather final : public Operation {
 public:
  explicit Gather(ConnectionsPtr connections, End by = End::source, FeatureAxis axis = FeatureAxis::last)
      : connections_(std::move(connections)), by_(by), axis_(axis) {}

  const ConnectionsPtr& connections() const { return connections_; }
  End by() const { return by_; }
  FeatureAxis axis() const { return axis_; }

  std::string_view name() const override { return "gather"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
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
