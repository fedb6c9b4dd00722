#pragma once
// An elementwise chain over the connections of a circuit that fetches its operands from the ends of the connections and
// leaves only sums by end behind: gather, compute and sum in one visit, tile by tile of connections.
//
//     inputs     of the chain: [count, batch], [count, 1], [1, batch] or one number, or, where it is fetched by an end,
//                the value there, [width of the end, batch]
//     outputs    one for each of `outputs`: a result of the chain as it is, [count, batch], or summed by an end,
//                [width of the end, batch]
//
// The bits are those of gather, the chain and scatter_sum (with the batch last) one by one: sums run over connections
// in ascending order from 0. A result as it is may overwrite an input of its shape that is not fetched; no other output
// may overlap an input.

#include "elegans/ops/connections.hpp"
#include "elegans/ops/elementwise.hpp"

namespace elegans::ops {

class CircuitChain final : public Operation {
 public:
  struct Output {
    std::uint16_t result = 0;  // which of the chain's outputs
    std::optional<End> sum_by = {};
    friend bool operator==(const Output&, const Output&) = default;
  };

  // `fetched_by` says for each input of the chain by which end it is fetched, if it is.
  CircuitChain(ConnectionsPtr connections, std::shared_ptr<const Elementwise> chain,
               std::vector<std::optional<End>> fetched_by, std::vector<Output> outputs);

  std::string_view name() const override { return "circuit_chain"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const override;
  std::size_t workspace_bytes(std::span<const Type> inputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  std::size_t linked_bytes(std::span<const Type> inputs, const Extents& at) const override;
  void link(const Call& call) const noexcept override;
  Status run(const Call& call) const noexcept override;
  std::string kernel(const Call& call) const override;
  std::unique_ptr<FixedCall> fix(const Call& call) const override;

 private:
  template <class T>
  class Pass;
  template <class T>
  class FixedSample;
  template <class T>
  class PiecewiseSample;

  // The chain's inputs as it sees them: what is fetched has a row a connection.
  std::vector<Type> chain_inputs(std::span<const Type> inputs) const;
  Dim batch_of(std::span<const Type> inputs) const;
  // The chain with an output for each of this operation's.
  ChainProgram program() const;
  // What link() leaves of indices, by array of the program, inputs first, where the kernel fetches and sums.
  const std::uint32_t** linked_index(const Call& call) const noexcept;

  ConnectionsPtr connections_;
  std::shared_ptr<const Elementwise> chain_;
  std::vector<std::optional<End>> fetched_by_;
  std::vector<Output> outputs_;
  ChainProgram program_;
};

}  // namespace elegans::ops
