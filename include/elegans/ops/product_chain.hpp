#pragma once
// A product with an elementwise chain as its epilogue: rows of the product are finished while they are in the cache.
//
//     inputs    those of the product (x, w), then those of the chain but for its input 0, which is the product
//     outputs   the product where `keep_product`, then those of the chain
//
// The product is matmul (a not transposed) or sparse_matmul along the last axis; the chain splits at the last axis. Blocks of rows change
// no bit: a row of a product does not depend on how many there are.

#include "elegans/ops/elementwise.hpp"

namespace elegans::ops {

class ProductChain final : public Operation {
 public:
  static constexpr std::size_t block_bytes = 8192;  // of the product's rows that are finished together

  ProductChain(OperationPtr product, std::shared_ptr<const Elementwise> chain, bool keep_product);

  // Whether `product` over inputs of these types can have an epilogue.
  static bool takes(const Operation& product);

  std::string_view name() const override { return "product_chain"; }
  std::string options() const override;
  bool same(const Operation& other) const override;
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  std::size_t workspace_bytes(std::span<const Type> inputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;

 private:
  std::vector<Type> chain_inputs(std::span<const Type> inputs) const;
  template <class T>
  void execute(const Call& call) const noexcept;

  OperationPtr product_;
  std::shared_ptr<const Elementwise> chain_;
  bool keep_product_;
};

}  // namespace elegans::ops
