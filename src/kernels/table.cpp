#include "elegans/kernels/table.hpp"

#include "kernels/scalar/scalar.hpp"

namespace elegans::kernels {

const char* instruction_set(Target) { return "scalar"; }

template <class T>
const Table<T>& table(Target) {
  static const Table<T> scalar = scalar_table<T>();
  return scalar;
}

template const Table<float>& table<float>(Target);
template const Table<double>& table<double>(Target);

}  // namespace elegans::kernels
