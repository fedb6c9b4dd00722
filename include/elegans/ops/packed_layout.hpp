#pragma once
// The matrix of a packed product: blocks side by side, in the order in which kernels read them.
//
//              width 0   width 1                     y_j = Σ_i a_i B_ij
//     depth 0 [  B_00      B_01  ]
//     depth 1 [  B_10      B_11  ]                   one left operand a row of blocks (a term),
//                                                    one result a column of blocks (a part)
//
// A row of blocks of form `row` is a bias: it has no left operand, and is added as it is. A term may be
// summed in several chains (kernels/table.hpp), by how many columns all products of its operand have.
//
// A block is given as it is, transposed, or as the weights of a circuit's connections (one a connection, absent ones
// are zeros in the packed form). The packed form is kernels/packed_form.hpp's.

#include <vector>

#include "elegans/ops/connections.hpp"
#include "elegans/ops/operation.hpp"

namespace elegans::ops {

struct PackedBlock {
  enum class Form : std::uint8_t { plain, transposed, connections, row };
  Form form = Form::plain;
  ConnectionsPtr connections = {};  // of Form::connections
  End to = End::target;             // the end that is a column
  friend bool operator==(const PackedBlock& a, const PackedBlock& b);
};

class PackedLayout {
 public:
  static constexpr std::size_t max_terms = 12, max_parts = 12, max_blocks = 24;

  // `blocks` row by row. `beside` has the columns of all products of each term's operand, those of this matrix among them;
  // 0, or none at all, for sums in one chain. InternalError where blocks are others than depth × width asks for, or more
  // than fit.
  PackedLayout(Dtype dtype, std::vector<std::size_t> depth, std::vector<std::size_t> width,
               std::vector<PackedBlock> blocks, std::vector<std::size_t> beside = {});

  Dtype dtype() const { return dtype_; }
  std::size_t terms() const { return depth_.size(); }
  std::size_t parts() const { return width_.size(); }
  const std::vector<std::size_t>& depth() const { return depth_; }
  const std::vector<std::size_t>& width() const { return width_; }
  const std::vector<std::size_t>& beside() const { return beside_; }
  // In how many chains kernels of so many lanes sum each term: into `chains`, terms() of them, and that; null where it is
  // one each.
  const std::size_t* count_chains(std::size_t lanes, std::size_t* chains) const;
  const std::vector<PackedBlock>& blocks() const { return blocks_; }
  const PackedBlock& block(std::size_t term, std::size_t part) const { return blocks_[term * parts() + part]; }
  // The terms that have a left operand, ascending.
  const std::vector<std::size_t>& operands() const { return operands_; }

  // The shape that block (term, part) is given in, and the type of the packed form.
  Shape block_shape(std::size_t term, std::size_t part) const;
  Type packed() const;
  // Where numbers of the joined matrix stand in it.
  const kernels::PackedForm& form() const { return form_; }
  // First row and column of a block.
  std::size_t first_row(std::size_t term) const;
  std::size_t first_column(std::size_t part) const;
  // Weights that exist.
  std::size_t count() const;
  // 1 in the places of the packed form that exist; empty where no block is made of connections.
  const std::vector<std::uint8_t>& exists() const { return exists_; }

  // "16 + 1 + 16 by 64": for `explain`.
  std::string describe() const;

  friend bool operator==(const PackedLayout& a, const PackedLayout& b) {
    return a.dtype_ == b.dtype_ && a.depth_ == b.depth_ && a.width_ == b.width_ && a.beside_ == b.beside_ &&
           a.blocks_ == b.blocks_;
  }

 private:
  Dtype dtype_;
  std::vector<std::size_t> depth_, width_, beside_;
  bool is_chained_ = false;  // some term may be
  std::vector<PackedBlock> blocks_;
  std::vector<std::size_t> operands_;
  kernels::PackedForm form_;
  std::vector<std::uint8_t> exists_;
};

using PackedLayoutPtr = std::shared_ptr<const PackedLayout>;

}  // namespace elegans::ops
