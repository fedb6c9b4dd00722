#include "elegans/ops/reverse_sequence.hpp"

#include <fmt/format.h>

namespace elegans::ops {

std::vector<Type> ReverseSequence::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, inputs.size() == 2 ? 2 : 1);
  require_floating(*this, inputs.first(1));
  const Shape& x = inputs[0].shape;
  if (x.rank() < 2) shape_error(*this, "x", x, "[batch, time, ...]");
  if (inputs.size() == 2) {
    if (inputs[1].dtype != Dtype::i32)
      throw DtypeError({.operation = "reverse_sequence",
                        .argument = "lengths",
                        .actual = to_string(inputs[1]),
                        .required = "i32",
                        .remedy = ""});
    if (!(inputs[1].shape == Shape{x[0]}))
      shape_error(*this, "lengths", inputs[1].shape, fmt::format("[{}], as x is {}", to_string(x[0]), to_string(x)));
  }
  return {inputs[0]};
}

void ReverseSequence::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at,
                              Sizes& sizes) const {
  const Shape& x = inputs[0].shape;
  sizes[0] = static_cast<std::size_t>(x[0].value(at));
  sizes[1] = static_cast<std::size_t>(x[1].value(at));
  sizes[2] = static_cast<std::size_t>(x.product(2, x.rank()).value(at));
  sizes[3] = inputs.size() == 2 ? 1 : 0;
}

Status ReverseSequence::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    call.kernels.table<T>().reverse_sequence(call.in<T>(0), call.sizes[3] ? call.in<std::int32_t>(1) : nullptr,
                                             call.out<T>(0), call.sizes[0], call.sizes[1], call.sizes[2]);
  });
  return {};
}

}  // namespace elegans::ops
