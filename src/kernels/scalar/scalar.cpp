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
  X(link_packed_row)             \
  X(run_packed_row)              \
  X(packed_resum)                \
  X(sparse_matmul)               \
  X(sampled_product)             \
  X(gather)                      \
  X(scatter_sum)                 \
  X(scatter_add)                 \
  X(sum_levels)                  \
  X(reduce_sum)                  \
  X(reduce_max)                  \
  X(copy_past_caches)            \
  X(finish_past_caches)          \
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
  place_chains(table);
  table.lanes = 1;
  table.looked_up = 0;
  table.row_panels = 1;
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
