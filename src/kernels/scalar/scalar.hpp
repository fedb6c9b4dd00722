#pragma once
// The Table of the C99 kernels.

#include "elegans/kernels/table.hpp"

namespace elegans::kernels {

template <class T>
Table<T> scalar_table();

// The same, made once.
template <class T>
const Table<T>& scalar_kernels();

// Puts the kernels of chains into `table`.
template <class T>
void place_chains(Table<T>& table);

}  // namespace elegans::kernels
