#pragma once
// The packed form of a matrix of blocks (ops/packed_layout.hpp), for packed_matmul.
//
//     packed [elements of the form]      inputs: the blocks B_ij row by row, each
//
//     plain        [depth_i, width_j]
//     transposed   [width_j, depth_i]
//     row          [width_j], a bias
//     connections  [count], one weight a connection; connections that do not exist become zeros
//
// It only moves numbers. The output overlaps no input.

#include "elegans/ops/packed_layout.hpp"

namespace elegans::ops {

class Pack final : public Operation {
 public:
  // InternalError where two connections of a block are the same.
  explicit Pack(PackedLayoutPtr layout);

  const PackedLayoutPtr& layout() const { return layout_; }

  std::string_view name() const override { return "pack"; }
  std::string options() const override { return layout_->describe(); }
  bool same(const Operation& other) const override { return *layout_ == *static_cast<const Pack&>(other).layout_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, Sizes&) const override {}
  Status run(const Call& call) const noexcept override;

 private:
  template <class T>
  void execute(const Call& call) const noexcept;
  template <class T>
  void pack_matrix(const Call& call, std::size_t term, std::size_t part) const noexcept;

  PackedLayoutPtr layout_;
  std::vector<std::vector<std::uint32_t>> places_;  // of each block's connections; empty where it has none
};

}  // namespace elegans::ops
