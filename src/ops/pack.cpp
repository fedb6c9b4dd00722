#include "elegans/ops/pack.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace elegans::ops {

Pack::Pack(PackedLayoutPtr layout) : layout_(std::move(layout)), places_(layout_->blocks().size()) {
  for (std::size_t i = 0; i < layout_->terms(); ++i)
    for (std::size_t j = 0; j < layout_->parts(); ++j) {
      const PackedBlock& block = layout_->block(i, j);
      if (block.form != PackedBlock::Form::connections) continue;
      std::vector<std::uint32_t>& places = places_[i * layout_->parts() + j];
      const auto& row = block.connections->index(opposite(block.to));
      const auto& column = block.connections->index(block.to);
      for (std::size_t s = 0; s < row.size(); ++s)
        places.push_back(static_cast<std::uint32_t>(
            layout_->form().place(layout_->first_row(i) + row[s], layout_->first_column(j) + column[s])));
      std::vector<std::uint32_t> sorted = places;
      std::sort(sorted.begin(), sorted.end());
      ensure(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "two connections have one place");
    }
}

std::vector<Type> Pack::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, layout_->blocks().size());
  require_floating(*this, inputs);
  for (std::size_t i = 0; i < layout_->terms(); ++i)
    for (std::size_t j = 0; j < layout_->parts(); ++j) {
      const Type& block = inputs[i * layout_->parts() + j];
      const Shape wanted = layout_->block_shape(i, j);
      if (!(block.shape == wanted))
        shape_error(*this, fmt::format("block {}, {}", i, j).c_str(), block.shape, elegans::to_string(wanted));
    }
  Type packed = layout_->packed();
  ensure(inputs[0].dtype == packed.dtype, "a packed matrix of another dtype than its layout");
  return {packed};
}

template <class T>
void Pack::pack_matrix(const Call& call, std::size_t term, std::size_t part) const noexcept {
  const kernels::PackedForm& form = layout_->form();
  const std::size_t depth = layout_->depth()[term], width = layout_->width()[part];
  const bool transposed = layout_->block(term, part).form == PackedBlock::Form::transposed;
  const T* from = call.in<T>(term * layout_->parts() + part);
  const std::size_t row_stride = transposed ? 1 : width, column_stride = transposed ? depth : 1;
  const std::size_t first_row = layout_->first_row(term), first_column = layout_->first_column(part);
  for (std::size_t n = 0, columns; n < width; n += columns) {
    const std::size_t column = first_column + n;
    columns = std::min(form.panel - column % form.panel, width - n);
    const std::size_t box[2] = {depth, columns}, x_strides[2] = {row_stride, column_stride},
                      y_strides[2] = {form.width(column), 1};
    call.kernels.table<T>().copy_strided(from + n * column_stride, x_strides,
                                         call.out<T>(0) + form.place(first_row, column), y_strides, box, 2);
  }
}

template <class T>
void Pack::execute(const Call& call) const noexcept {
  T* packed = call.out<T>(0);
  // Absent connections are zeros, and so is what stands behind the last column.
  const kernels::PackedForm& form = layout_->form();
  const std::size_t zeros = layout_->exists().empty() ? form.last_panel() : 0;
  std::fill(packed + zeros, packed + form.elements(), T(0));
  for (std::size_t i = 0; i < layout_->terms(); ++i)
    for (std::size_t j = 0; j < layout_->parts(); ++j) {
      const std::size_t at = i * layout_->parts() + j;
      if (layout_->blocks()[at].form != PackedBlock::Form::connections) {
        pack_matrix<T>(call, i, j);
        continue;
      }
      const T* weight = call.in<T>(at);
      for (const std::uint32_t place : places_[at]) packed[place] = *weight++;
    }
}

Status Pack::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) { execute<decltype(zero)>(call); });
  return {};
}

}  // namespace elegans::ops
