#include "elegans/ops/outer_products.hpp"

#include <fmt/format.h>

namespace elegans::ops {

static_assert(1 + OuterProducts::max_terms + OuterProducts::max_parts <= Sizes::capacity);

OuterProducts::OuterProducts(std::size_t terms, std::size_t parts) : terms_(terms), parts_(parts) {
  ensure(terms >= 1 && parts >= 1 && terms <= max_terms && parts <= max_parts && terms * parts <= max_blocks,
         "outer products of too many operands");
}

std::string OuterProducts::options() const { return fmt::format("{} a' by {} b", terms_, parts_); }

bool OuterProducts::same(const Operation& other) const {
  const auto& that = static_cast<const OuterProducts&>(other);
  return terms_ == that.terms_ && parts_ == that.parts_;
}

std::vector<Type> OuterProducts::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, terms_ + parts_);
  require_floating(*this, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].shape;
    Shape wanted = inputs[0].shape;
    if (wanted.rank() >= 2 && shape.rank()) wanted[wanted.rank() - 1] = shape.back();
    if (wanted.rank() < 2 || !(shape == wanted))
      shape_error(*this, (i < terms_ ? fmt::format("a {}", i) : fmt::format("b {}", i - terms_)).c_str(), shape,
                  wanted.rank() < 2 ? "a shape of rank 2 or more" : elegans::to_string(wanted),
                  "All axes but the last are summed over and must agree.");
  }
  std::vector<Type> outputs;
  for (std::size_t i = 0; i < terms_; ++i)
    for (std::size_t j = 0; j < parts_; ++j)
      outputs.push_back({inputs[0].dtype, Shape{inputs[i].shape.back(), inputs[terms_ + j].shape.back()}});
  return outputs;
}

Cost OuterProducts::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const Shape& a = inputs[0].shape;
  double elements = 0;
  for (const Type& output : outputs) elements += static_cast<double>(output.shape.elements(at));
  cost.flop = 2.0 * static_cast<double>(a.product(0, a.rank() - 1).value(at)) * elements;
  return cost;
}

void OuterProducts::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at,
                            Sizes& sizes) const {
  const Shape& a = inputs[0].shape;
  sizes[0] = static_cast<std::size_t>(a.product(0, a.rank() - 1).value(at));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    sizes[1 + i] = static_cast<std::size_t>(inputs[i].shape.back().value(at));
}

Status OuterProducts::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&]<class T>(T) {
    const T* operands[max_terms + max_parts];
    T* results[max_blocks];
    for (std::size_t i = 0; i < terms_ + parts_; ++i) operands[i] = call.in<T>(i);
    for (std::size_t i = 0; i < terms_ * parts_; ++i) results[i] = call.out<T>(i);
    const std::size_t* sizes = &call.sizes.at[1];
    call.kernels.table<T>().outer_products(operands, sizes, terms_, operands + terms_, sizes + terms_, parts_,
                                           call.sizes[0], results);
  });
  return {};
}

}  // namespace elegans::ops
