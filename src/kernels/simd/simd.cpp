#include "kernels/simd/simd.hpp"

#include "kernels/simd/dispatch.hpp"

namespace elegans::kernels::simd {

std::int64_t compiled_targets() { return HWY_TARGETS & ~(HWY_SCALAR | HWY_EMU128); }

std::int64_t runnable_targets() { return hwy::SupportedTargets() & compiled_targets(); }

const char* name(std::int64_t target) { return hwy::TargetName(target); }

template <class T>
void replace(Table<T>& table, std::int64_t target) {
  replace_arithmetic(table, target);
  replace_functions(table, target);
  replace_chains(table, target);
  replace_products(table, target);
  replace_outer(table, target);
  replace_packed(table, target);
  replace_sparse(table, target);
  replace_reduce(table, target);
  replace_copy(table, target);
}

template void replace(Table<float>&, std::int64_t);
template void replace(Table<double>&, std::int64_t);

}  // namespace elegans::kernels::simd
