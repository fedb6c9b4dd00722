#pragma once
// The Table of the C99 kernels.

#include "elegans/kernels/table.hpp"

namespace elegans::kernels {

template <class T>
Table<T> scalar_table();

}  // namespace elegans::kernels
