#pragma once
// The kernels written with Highway: one set for each instruction set that was compiled and that this machine has.
//
// Every source beside this header is one concept. Highway compiles it once for each target; its last lines hand out the
// set of one target. Kernels for which SIMD does not pay are left as they are in the table, which starts as the scalar
// one.

#include <cstdint>

#include "elegans/kernels/table.hpp"

namespace elegans::kernels::simd {

// Bits of the targets (hwy/detect_targets.h: the lower the bit, the better) that were compiled, without Highway's own
// fallbacks: for those, the scalar kernels are better.
std::int64_t compiled_targets();
// Those of them that this machine can run.
std::int64_t runnable_targets();

// Name of one target: "AVX3", "AVX2", "NEON", …
const char* name(std::int64_t target);

// Puts the kernels of `target`, one bit of runnable_targets(), into `table`: all of them, or those of one source.
template <class T>
void replace(Table<T>& table, std::int64_t target);

template <class T>
void replace_arithmetic(Table<T>& table, std::int64_t target);
template <class T>
void replace_functions(Table<T>& table, std::int64_t target);
template <class T>
void replace_chains(Table<T>& table, std::int64_t target);
template <class T>
void replace_products(Table<T>& table, std::int64_t target);
template <class T>
void replace_outer(Table<T>& table, std::int64_t target);
template <class T>
void replace_packed(Table<T>& table, std::int64_t target);
template <class T>
void replace_sparse(Table<T>& table, std::int64_t target);
template <class T>
void replace_reduce(Table<T>& table, std::int64_t target);
template <class T>
void replace_copy(Table<T>& table, std::int64_t target);

}  // namespace elegans::kernels::simd
