#include "elegans/ops/matmul.hpp"

#include <fmt/format.h>

namespace elegans::ops {

Matmul::Matmul(MatmulOptions options) : options_(options) {
  if (options.transpose_a && options.transpose_b)
    throw ConfigError({.operation = "matmul",
                       .argument = "the options",
                       .actual = "transpose_a and transpose_b",
                       .required = "at most one of them",
                       .remedy = "Multiply in the other order and transpose the result."});
}

std::string Matmul::options() const { return options_.transpose_a ? "a'" : options_.transpose_b ? "b'" : ""; }

std::vector<Type> Matmul::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_floating(*this, inputs);
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  if (a.rank() < 2)
    shape_error(*this, "a", a, "a shape of rank 2 or more", "Put an axis of size 1 in front with reshape.");
  if (options_.transpose_a) {
    bool rows_agree = a.rank() == b.rank();
    for (std::size_t i = 0; rows_agree && i + 1 < a.rank(); ++i) rows_agree = a[i] == b[i];
    if (!rows_agree)
      shape_error(*this, "b", b,
                  fmt::format("{}, for a is {}", elegans::to_string([&] {
                                Shape wanted = a;
                                wanted[a.rank() - 1] = b.rank() ? b.back() : Dim(1);
                                return wanted;
                              }()),
                              elegans::to_string(a)),
                  "All axes but the last are summed over and must agree.");
    return {{inputs[0].dtype, Shape{a.back(), b.back()}}};
  }
  const std::size_t inner = options_.transpose_b ? 1 : 0;
  if (b.rank() != 2 || b[inner] != a.back())
    shape_error(*this, "b", b,
                fmt::format("{}, for a is {}",
                            options_.transpose_b ? fmt::format("[*, {}]", elegans::to_string(a.back()))
                                                 : fmt::format("[{}, *]", elegans::to_string(a.back())),
                            elegans::to_string(a)),
                b.rank() == 2 && b[1 - inner] == a.back()
                    ? fmt::format("Pass {{.transpose_b = {}}}.", !options_.transpose_b)
                    : "");
  Shape y = a;
  y[a.rank() - 1] = b[1 - inner];
  return {{inputs[0].dtype, y}};
}

Cost Matmul::cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const {
  Cost cost = Operation::cost(inputs, outputs, at);
  const auto elements = static_cast<double>(inputs[0].shape.elements(at));
  const auto columns = static_cast<double>(outputs[0].shape.back().value(at));
  cost.flop = 2 * elements * columns;
  return cost;
}

void Matmul::prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                     Sizes& sizes) const {
  const Shape& a = inputs[0].shape;
  const auto rows = static_cast<std::size_t>(a.product(0, a.rank() - 1).value(at));
  const auto width = static_cast<std::size_t>(a.back().value(at));
  sizes[0] = options_.transpose_a ? width : rows;
  sizes[1] = options_.transpose_a ? rows : width;
  sizes[2] = static_cast<std::size_t>(outputs[0].shape.back().value(at));
}

Status Matmul::run(const Call& call) const noexcept {
  with_floating(call.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::Table<T>& table = call.kernels.table<T>();
    const auto [m, k, n] = std::array{call.sizes[0], call.sizes[1], call.sizes[2]};
    if (n == 1) {
      // One column is one row of the transposed product, in the same order of sums: a vector of y at a time.
      const auto row = options_.transpose_a ? table.matmul_nn : table.matmul_nt;
      row(call.in<T>(1), call.in<T>(0), call.out<T>(0), 1, k, m);
      return;
    }
    const auto kernel = options_.transpose_a   ? table.matmul_tn
                        : options_.transpose_b ? table.matmul_nt
                                               : table.matmul_nn;
    kernel(call.in<T>(0), call.in<T>(1), call.out<T>(0), m, k, n);
  });
  return {};
}

std::string Matmul::kernel(const Call& call) const {
  if (call.sizes[2] == 1)
    return options_.transpose_a ? "matmul_nn: one column is a row of the transposed product"
                                : "matmul_nt: one column is a row of the transposed product";
  return options_.transpose_a   ? "matmul_tn: the first matrix is transposed"
         : options_.transpose_b ? "matmul_nt: the second matrix is transposed"
                                : "matmul_nn";
}

OperationPtr Matmul::stacked(std::span<const Type>, std::span<const char> is_stacked, const Dim&) const {
  if (options_.transpose_a || is_stacked[1]) return nullptr;
  return std::make_shared<Matmul>(*this);
}

void matmul(const View& a, const View& b, MatmulOptions options, const View& y, kernels::Target target) {
  call(Matmul(options), std::array{a, b}, std::array{y}, target);
}

Tensor matmul(const View& a, const View& b, MatmulOptions options, kernels::Target target) {
  return std::move(call(Matmul(options), std::array{a, b}, target)[0]);
}

}  // namespace elegans::ops
