#include "elegans/ops/packed_layout.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>

namespace elegans::ops {
namespace {

std::size_t total(const std::vector<std::size_t>& sizes, std::size_t count) {
  return std::accumulate(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(count), std::size_t{0});
}

}  // namespace

bool operator==(const PackedBlock& a, const PackedBlock& b) {
  if (a.form != b.form || a.to != b.to) return false;
  return a.connections == b.connections || (a.connections && b.connections && *a.connections == *b.connections);
}

PackedLayout::PackedLayout(Dtype dtype, std::vector<std::size_t> depth, std::vector<std::size_t> width,
                           std::vector<PackedBlock> blocks, std::vector<std::size_t> beside)
    : dtype_(dtype),
      depth_(std::move(depth)),
      width_(std::move(width)),
      beside_(beside.empty() ? std::vector<std::size_t>(depth_.size(), 0) : std::move(beside)),
      blocks_(std::move(blocks)),
      form_{total(depth_, depth_.size()), total(width_, width_.size()), 64 / size_of(dtype)} {
  ensure(terms() >= 1 && terms() <= max_terms && parts() >= 1 && parts() <= max_parts,
         "a packed matrix of many blocks");
  ensure(blocks_.size() == terms() * parts() && blocks_.size() <= max_blocks, "a packed matrix with other blocks");
  ensure(beside_.size() == terms(), "a packed matrix with chains of other terms");
  for (const std::size_t columns : beside_)
    ensure(columns == 0 || columns >= form_.n, "a packed matrix wider than all products of an operand");
  is_chained_ = std::any_of(beside_.begin(), beside_.end(), [](std::size_t columns) { return columns > 0; });
  for (std::size_t i = 0; i < terms(); ++i) {
    const auto rows = std::count_if(&block(i, 0), &block(i, 0) + parts(),
                                    [](const PackedBlock& one) { return one.form == PackedBlock::Form::row; });
    ensure(rows == 0 || (static_cast<std::size_t>(rows) == parts() && depth_[i] == 1), "a bias of some parts alone");
    if (rows == 0) operands_.push_back(i);
  }
  ensure(!operands_.empty(), "a packed matrix of biases alone");
  for (std::size_t i = 0; i < terms(); ++i)
    for (std::size_t j = 0; j < parts(); ++j) {
      const PackedBlock& one = block(i, j);
      if (one.form != PackedBlock::Form::connections) continue;
      ensure(one.connections->width(opposite(one.to)) == depth_[i] && one.connections->width(one.to) == width_[j],
             "connections of another size than their block");
      exists_.resize(form_.elements(), 1);
      for (std::size_t k = 0; k < depth_[i]; ++k)
        for (std::size_t n = 0; n < width_[j]; ++n) exists_[form_.place(first_row(i) + k, first_column(j) + n)] = 0;
      const auto& row = one.connections->index(opposite(one.to));
      const auto& column = one.connections->index(one.to);
      for (std::size_t s = 0; s < row.size(); ++s)
        exists_[form_.place(first_row(i) + row[s], first_column(j) + column[s])] = 1;
    }
}

Shape PackedLayout::block_shape(std::size_t term, std::size_t part) const {
  const auto rows = static_cast<std::int64_t>(depth_[term]), columns = static_cast<std::int64_t>(width_[part]);
  switch (block(term, part).form) {
    case PackedBlock::Form::plain:
      return {rows, columns};
    case PackedBlock::Form::transposed:
      return {columns, rows};
    case PackedBlock::Form::row:
      return {columns};
    case PackedBlock::Form::connections:
      break;
  }
  return {static_cast<std::int64_t>(block(term, part).connections->count())};
}

Type PackedLayout::packed() const { return {dtype_, Shape{static_cast<std::int64_t>(form_.elements())}}; }

std::size_t PackedLayout::first_row(std::size_t term) const { return total(depth_, term); }
std::size_t PackedLayout::first_column(std::size_t part) const { return total(width_, part); }

const std::size_t* PackedLayout::count_chains(std::size_t lanes, std::size_t* chains) const {
  if (!is_chained_) return nullptr;
  for (std::size_t i = 0; i < terms(); ++i) chains[i] = beside_[i] == 0 ? 1 : kernels::chains_beside(beside_[i], lanes);
  return chains;
}

std::size_t PackedLayout::count() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < terms(); ++i)
    for (std::size_t j = 0; j < parts(); ++j) count += static_cast<std::size_t>(block_shape(i, j).elements().factor());
  return count;
}

std::string PackedLayout::describe() const {
  std::string text = fmt::format("{} by {}", fmt::join(depth_, " + "), fmt::join(width_, " | "));
  const auto sparse = std::count_if(blocks_.begin(), blocks_.end(), [](const PackedBlock& block) {
    return block.form == PackedBlock::Form::connections;
  });
  if (sparse > 0) text += fmt::format(", {} of {} blocks of connections", sparse, blocks_.size());
  return text;
}

}  // namespace elegans::ops
