#pragma once
// A product with an elementwise chain as its epilogue: rows of the product are finished while they are in the cache.
//
//     inputs    those of the product (left operands, then its matrix), then those of the chain that are no results of it
//     outputs   the results of the product that are kept, then those of the chain
//
// The product is matmul (a not transposed), sparse_matmul along the last axis with its connections in order
// (ops/connections.hpp), or packed_matmul. Of its results (one, or the parts of a packed product) the chain reads some, as its
// first inputs in the same order; the chain splits at the last axis. A result of the chain may overwrite an input of the
// chain of its shape, or a left operand, as a state: rows of it are written when their products are there. Blocks of rows
// change no bit: a row of a product does not depend on how many there are.

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/packed_layout.hpp"

namespace elegans::ops {

class ProductChain final : public Operation {
 public:
  static constexpr std::size_t block_bytes = 8192;  // of the product's rows that are finished together

  // What becomes of a result of the product: the chain reads it, it is an output, or both.
  enum class Use : std::uint8_t { read, kept, both };

  ProductChain(OperationPtr product, std::shared_ptr<const Elementwise> chain, std::vector<Use> uses);

  // Whether `product` can have an epilogue.
  static bool takes(const Operation& product);

  std::string_view name() const override { return "product_chain"; }
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
  class FixedRow;

  std::span<const Type> product_inputs(std::span<const Type> inputs) const { return inputs.first(lefts_ + 1); }
  std::vector<Type> product_outputs(std::span<const Type> inputs) const;
  std::vector<Type> chain_inputs(std::span<const Type> inputs, std::span<const Type> results) const;
  // Sizes of one row of left operand i and of result j.
  std::size_t left_width(std::size_t i, const Sizes& sizes) const;
  std::size_t result_width(std::size_t j, const Sizes& sizes) const;
  template <class T>
  void execute(const Call& call) const noexcept;
  template <class T>
  void finish(const Call& call, Sizes& sizes, const void* const* results, void* workspace,
              std::size_t row) const noexcept;

  OperationPtr product_;
  std::shared_ptr<const Elementwise> chain_;
  PackedLayoutPtr layout_;  // of a packed product
  std::vector<Use> uses_;   // of the product's results
  std::size_t lefts_ = 1;   // left operands of the product
  std::size_t read_ = 0;    // results that the chain reads
  std::size_t kept_ = 0;    // results that are outputs
};

}  // namespace elegans::ops
