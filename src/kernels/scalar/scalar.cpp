#include "kernels/scalar/scalar.hpp"

#include <type_traits>

namespace elegans::kernels {

// The C functions elegans_<name>_f32 and _f64 have the types that Table gives them.
#define ELEGANS_OTHER_KERNELS(X) \
  X(select)                      \
  X(matmul_nn)                   \
  X(matmul_nt)                   \
  X(matmul_tn)                   \
  X(outer_products)              \
  X(packed_matmul)               \
  X(packed_resum)                \
  X(sparse_matmul)               \
  X(sampled_product)             \
  X(gather)                      \
  X(scatter_sum)                 \
  X(scatter_add)                 \
  X(sum_levels)                  \
  X(reduce_sum)                  \
  X(reduce_max)                  \
  X(repeat_each)                 \
  X(copy_strided)                \
  X(one_hot)                     \
  X(sequence_mask)               \
  X(reverse_sequence)            \
  X(random_uniform)

extern "C" {
#define UNARY(name, formula)                                    \
  void elegans_##name##_f32(const float*, float*, std::size_t); \
  void elegans_##name##_f64(const double*, double*, std::size_t);
#define BINARY(name, formula)                                                                           \
  void elegans_##name##_f32(const float*, std::size_t, const float*, std::size_t, float*, std::size_t); \
  void elegans_##name##_f64(const double*, std::size_t, const double*, std::size_t, double*, std::size_t);
#define OTHER(name)                                                         \
  std::remove_pointer_t<decltype(Table<float>::name)> elegans_##name##_f32; \
  std::remove_pointer_t<decltype(Table<double>::name)> elegans_##name##_f64;
ELEGANS_UNARY_FUNCTIONS(UNARY)
ELEGANS_BINARY_FUNCTIONS(BINARY)
ELEGANS_OTHER_KERNELS(OTHER)
#undef UNARY
#undef BINARY
#undef OTHER
}

namespace {

// Both functions of an instruction, one after the other, on a part of its tiles: y may be any of the operands. Strides
// are 1, or 0 for one number.
template <class T>
void binary_part(const ChainInstruction& at, const T* const (&x)[3], const std::size_t (&stride)[3], T* y,
                 std::size_t n) {
  constexpr std::size_t most = 32;
  T results[most];
  const Table<T>& table = scalar_kernels<T>();
  const auto inner = table.binary[at.function], outer = table.binary[static_cast<std::size_t>(at.outer)];
  for (std::size_t i = 0; i < n; i += most) {
    const std::size_t part = n - i < most ? n - i : most;
    const auto operand = [&](std::size_t k) { return x[k] + i * stride[k]; };
    switch (at.kind) {
      case ChainInstruction::Kind::binary:
        inner(operand(0), stride[0], operand(1), stride[1], y + i, part);
        break;
      case ChainInstruction::Kind::binary_left:
        inner(operand(0), stride[0], operand(1), stride[1], results, part);
        outer(results, 1, operand(2), stride[2], y + i, part);
        break;
      default:
        inner(operand(0), stride[0], operand(1), stride[1], results, part);
        outer(operand(2), stride[2], results, 1, y + i, part);
    }
  }
}

template <class T>
void chain(const ChainInstruction* program, std::size_t length, T* const* tiles, std::size_t n, std::uint32_t columns,
           std::size_t inner) {
  const Table<T>& table = scalar_kernels<T>();
  const auto is_column = [columns](std::size_t tile) { return tile < 32 && (columns >> tile & 1) != 0; };
  for (const ChainInstruction* at = program; at != program + length; ++at) {
    T* const y = tiles[at->y];
    if (at->kind == ChainInstruction::Kind::unary) {
      table.unary[at->function](tiles[at->a], y, n);
    } else if (at->kind == ChainInstruction::Kind::select) {
      table.select(tiles[at->a], 1, tiles[at->b], 1, tiles[at->c], 1, y, n);
    } else {
      const std::uint16_t operands[3] = {at->a, at->b, at->c};
      const std::size_t row = columns ? inner : n;
      for (std::size_t i = 0; i < n; i += row) {
        const T* x[3];
        std::size_t stride[3];
        for (std::size_t k = 0; k < 3; ++k) {
          stride[k] = is_column(operands[k]) ? 0 : 1;
          x[k] = tiles[operands[k]] + (stride[k] ? i : i / row);
        }
        binary_part(*at, x, stride, y + i, row);
      }
    }
  }
}

}  // namespace

template <class T>
Table<T> scalar_table() {
  const auto of_type = [](auto* f32, auto* f64) {
    if constexpr (std::is_same_v<T, float>) {
      return f32;
    } else {
      return f64;
    }
  };
  Table<T> table{};
#define UNARY(name, formula) \
  table.unary[static_cast<std::size_t>(Unary::name)] = of_type(elegans_##name##_f32, elegans_##name##_f64);
#define BINARY(name, formula) \
  table.binary[static_cast<std::size_t>(Binary::name)] = of_type(elegans_##name##_f32, elegans_##name##_f64);
#define OTHER(name) table.name = of_type(elegans_##name##_f32, elegans_##name##_f64);
  ELEGANS_UNARY_FUNCTIONS(UNARY)
  ELEGANS_BINARY_FUNCTIONS(BINARY)
  ELEGANS_OTHER_KERNELS(OTHER)
#undef UNARY
#undef BINARY
#undef OTHER
  table.chain = chain<T>;
  table.lanes = 1;
  return table;
}

template <class T>
const Table<T>& scalar_kernels() {
  static const Table<T> table = scalar_table<T>();
  return table;
}

template Table<float> scalar_table<float>();
template Table<double> scalar_table<double>();
template const Table<float>& scalar_kernels<float>();
template const Table<double>& scalar_kernels<double>();

}  // namespace elegans::kernels
