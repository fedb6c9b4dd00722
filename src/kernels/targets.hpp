#pragma once
// The sets of kernels that this program holds and that this machine can run.
//
// A target is a bit of Highway's (the lower, the better), or 0 for the scalar kernels.

#include <cstdint>
#include <vector>

#include "elegans/kernels/table.hpp"

namespace elegans::kernels {

inline constexpr std::int64_t scalar_target = 0;

// Best first; the last is scalar_target.
std::vector<std::int64_t> runnable_targets();

// Those that this program holds and this machine cannot run.
std::vector<std::int64_t> missing_targets();

const char* target_name(std::int64_t target);

// The best runnable target that is not better than the one named `limit`; the best of all where `limit` is null or
// empty. Throws ConfigError where no set of kernels has that name.
std::int64_t best_target(const char* limit);

// The kernels of a runnable target.
template <class T>
Table<T> make_table(std::int64_t target);

}  // namespace elegans::kernels
