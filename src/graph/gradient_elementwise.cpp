#include <numbers>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/elementwise.hpp"
#include "gradient_rules.hpp"

namespace elegans::graph {
namespace {

using kernels::Binary;
using kernels::Unary;

// g · f'(x), written with y = f(x) where that is cheaper; none for functions that are constant almost everywhere.
std::optional<Value> unary_gradient(Unary function, Value x, Value y, Value g) {
  switch (function) {
    case Unary::negate:
      return -g;
    case Unary::absolute:
      return g * sign(x);
    case Unary::square:
      return g * (2.0 * x);
    case Unary::square_root:
      return g * (0.5 / y);
    case Unary::reciprocal:
      return -(g * square(y));
    case Unary::exponential:
      return g * y;
    case Unary::logarithm:
      return g / x;
    case Unary::tanh:
    case Unary::fast_tanh:
      return g * (1.0 - square(y));
    case Unary::sigmoid:
    case Unary::fast_sigmoid:
      return g * (y * (1.0 - y));
    case Unary::softplus:
      return g * sigmoid(x);
    case Unary::relu:
      return g * step(x);
    case Unary::error_function:
      return g * (2 * std::numbers::inv_sqrtpi * exp(-square(x)));
    case Unary::sine:
      return g * cos(x);
    case Unary::cosine:
      return -(g * sin(x));
    case Unary::sign:
    case Unary::step:
    case Unary::is_finite:
    case Unary::count:
      break;
  }
  return std::nullopt;
}

void binary_gradient(Binary function, const GradientCall& call) {
  const Value a = call.x[0], b = call.x[1], y = call.y[0], g = *call.g[0];
  const auto give = [&](std::size_t i, auto&& write) {
    if (call.wanted[i]) call.dx[i] = sum_to(write(), call.x[i].shape());
  };
  switch (function) {
    case Binary::add:
      give(0, [&] { return g; });
      give(1, [&] { return g; });
      return;
    case Binary::subtract:
      give(0, [&] { return g; });
      give(1, [&] { return -g; });
      return;
    case Binary::multiply:
      give(0, [&] { return g * b; });
      give(1, [&] { return g * a; });
      return;
    case Binary::divide:
      give(0, [&] { return g / b; });
      give(1, [&] { return -(g / b * y); });
      return;
    // Where a = b the second argument was taken, and it gets the gradient.
    case Binary::maximum:
      give(0, [&] { return select(less(b, a), g, constant(g, 0)); });
      give(1, [&] { return select(less(b, a), constant(g, 0), g); });
      return;
    case Binary::minimum:
      give(0, [&] { return select(less(a, b), g, constant(g, 0)); });
      give(1, [&] { return select(less(a, b), constant(g, 0), g); });
      return;
    case Binary::power:
      // 0 where the power is the same nearby, for 0 · ∞ is no number.
      give(0, [&] { return g * select(equal(b, constant(b, 0)), constant(b, 0), b * power(a, b - 1.0)); });
      give(1, [&] {
        const Value flat = equal(a, constant(a, 0)) * less_equal(constant(b, 0), b);
        return g * select(flat, constant(y, 0), y * log(a));
      });
      return;
    case Binary::less:
    case Binary::less_equal:
    case Binary::equal:
    case Binary::count:
      return;
  }
}

}  // namespace

void gradient_of_elementwise(const GradientCall& call) {
  const auto& operation = static_cast<const ops::Elementwise&>(call.operation);
  ensure(operation.program().size() == 1, "a fused chain is differentiated");
  const ops::Instruction& instruction = operation.program()[0];
  const Value g = *call.g[0];
  switch (instruction.kind) {
    case ops::Instruction::Kind::unary:
      if (call.wanted[0])
        call.dx[0] = unary_gradient(static_cast<Unary>(instruction.function), call.x[0], call.y[0], g);
      return;
    case ops::Instruction::Kind::binary:
      return binary_gradient(static_cast<Binary>(instruction.function), call);
    case ops::Instruction::Kind::select: {
      const Value zero = constant(g, 0);
      if (call.wanted[1]) call.dx[1] = sum_to(select(call.x[0], g, zero), call.x[1].shape());
      if (call.wanted[2]) call.dx[2] = sum_to(select(call.x[0], zero, g), call.x[2].shape());
      return;
    }
  }
}

}  // namespace elegans::graph
