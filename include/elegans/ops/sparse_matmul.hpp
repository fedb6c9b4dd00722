#pragma once
// Sparse × full: the product with a matrix of which only the existing weights are stored, one a connection.
//
//     to target   y[…, u] = Σ_{s : target[s] = u} w[s] x[…, source[s]]     x [..., inputs]    y [..., outputs]
//     to source   y[…, j] = Σ_{s : source[s] = j} w[s] x[…, target[s]]     x [..., outputs]   y [..., inputs]
//
// w [count], one weight a connection. With FeatureAxis::before_last x is [..., inputs, batch] and y [..., outputs,
// batch].
//
// Each is the gradient of the other with respect to x. Time and memory follow the number of connections. y may overlap
// neither input. Weights of connections that do not stand in the order of their `to` are brought into it first.

#include "elegans/ops/connections.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

class SparseMatmul final : public Operation {
 public:
  explicit SparseMatmul(ConnectionsPtr connections, End to = End::target, FeatureAxis axis = FeatureAxis::last)
      : connections_(std::move(connections)), to_(to), axis_(axis) {}

  const ConnectionsPtr& connections() const { return connections_; }
  End to() const { return to_; }
  FeatureAxis axis() const { return axis_; }

  std::string_view name() const override { return "sparse_matmul"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  std::size_t workspace_bytes(std::span<const Type> inputs, const Extents& at) const override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  ConnectionsPtr connections_;
  End to_;
  FeatureAxis axis_;
};

}  // namespace elegans::ops
