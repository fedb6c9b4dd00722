#pragma once
// The table of kernels: loops over raw pointers, one set for each target and element type.
//
// All arrays are contiguous and row-major. Destinations are written, never read, but by kernels that say that they add to
// them. A kernel allocates nothing, keeps nothing (but for linked rows, which know their direction) and cannot fail, but for
// those that return an index. `scalar` is the C99 of src/kernels/scalar, the oracle of
// every test; `best` is the widest instruction set of this machine, chosen once, at run time. The environment variable
// ELEGANS_TARGET names a limit: "scalar", or the name of an instruction set (AVX3, AVX2, SSE4, NEON); `best` is then
// the best one of this machine that is not better than that. An unknown name throws ConfigError where a table is first
// asked for.
//
// Arithmetic, comparisons, select, sparse_matmul, gather, scatter_sum, copies, labels and random numbers have the same
// bits on every target. exponential, logarithm, tanh, sigmoid, softplus and error_function are within 4 units
// in the last place of the exact value over the whole range of the type, on every target; fast_tanh and fast_sigmoid are
// within what functions.hpp says. Other sums may differ in their order and in fused multiply-adds; for a given target
// and shape they are fixed.
//
// Two promises on top of the arithmetic:
//  * elementwise kernels treat element i alike wherever it stands and however many there are: cutting an array into
//    tiles changes no bit;
//  * products sum over k in one order, or in that of the chains they are told, and a row of the result does not depend on
//    how many rows there are: a sequence gives the same bits step by step and as one batch.

#include <cstddef>
#include <cstdint>

#include "elegans/kernels/functions.hpp"
#include "elegans/kernels/packed_form.hpp"

namespace elegans::kernels {

struct Chain;

enum class Target : std::uint8_t { scalar, best };

// Name of the instruction set that `target` stands for on this machine: "scalar", "AVX2", "AVX3", "NEON", …
const char* instruction_set(Target target);

// Bytes that a call may read and write in all for what it writes to be in a cache afterwards: most of a last-level
// cache, or of a core's share of a large one.
inline constexpr std::size_t cached_bytes = std::size_t{24} << 20;

// Memory of a linked row of n columns, enough for every target. A row is swept by in groups of columns, no more of them
// than two panels go into it; each takes so many bytes, and so does the front.
inline constexpr std::size_t packed_row_group_bytes = 192;
template <class T>
constexpr std::size_t packed_row_bytes(std::size_t n) {
  return packed_row_group_bytes * (1 + (n + 2 * panel_columns<T> - 1) / (2 * panel_columns<T>));
}

// In how many chains kernels of so many lanes sum a product of n columns best. Of a single row each vector of columns is a
// chain of additions that wait for one another, and machines have about eight under way.
constexpr std::size_t chains_beside(std::size_t n, std::size_t lanes) {
  return n > 4 * lanes ? 1 : n > 2 * lanes ? 2 : 4;
}

template <class T>
struct Table {
  // y[i] = f(x[i]). y may be x.
  using UnaryKernel = void (*)(const T* x, T* y, std::size_t n);
  // y[i] = f(a[i·sa], b[i·sb]); strides are 0 (one number for all) or 1. y may be a or b where its stride is 1.
  using BinaryKernel = void (*)(const T* a, std::size_t sa, const T* b, std::size_t sb, T* y, std::size_t n);

  UnaryKernel unary[unary_count];
  BinaryKernel binary[binary_count];
  // y[i] = c[i·sc] != 0 ? a[i·sa] : b[i·sb]. What is not chosen may be NaN. y may be any of them where its stride is 1.
  void (*select)(const T* c, std::size_t sc, const T* a, std::size_t sa, const T* b, std::size_t sb, T* y,
                 std::size_t n);

  // Chains (kernels/chain.hpp). The first writes what the others need to know of one into `linked`, chain_bytes() at a
  // multiple of 64, and keeps pointers to `table` and `linked` alone. The second says where arrays are, and `scratch`,
  // chain_scratch_bytes() at a multiple of 64; `index` may be null where no array is indexed. The third runs it on
  // [rows, inner], as often as one likes, and leaves nothing in scratch. The bits are those of the kernels above. An
  // array that is written may be one that is read, at the same address, where each element is read before it is written.
  void (*link_chain)(const Table& table, const Chain& chain, void* linked);
  void (*place_chain)(void* linked, void* scratch, T* const* arrays, const std::uint32_t* const* index);
  void (*run_chain)(void* linked, std::size_t rows);
  std::size_t lanes;       // elements of a vector; 1 on `scalar`
  std::size_t looked_up;   // numbers of an array that chains can look up in registers; 0 where they cannot
  std::size_t row_panels;  // of a packed matrix that a linked row sums at once, at most (kernels/row_sweep.hpp)

  // Products, summed over k in ascending order: y[m,n] = a[m,k] b[k,n], y[m,n] = a[m,k] b[n,k]' and
  // y[m,n] = a[k,m]' b[k,n]. y overlaps nothing. SIMD kernels fuse multiply and add where the machine can.
  void (*matmul_nn)(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n);
  void (*matmul_nt)(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n);
  void (*matmul_tn)(const T* a, const T* b, T* y, std::size_t m, std::size_t k, std::size_t n);
  // The same of each of `terms` a with each of `parts` b at once: y[i·parts + j] [m[i],n[j]] = a_i[k,m[i]]' b_j[k,n[j]].
  // The bits are those of matmul_tn. 1 <= terms, parts <= 32; a y overlaps nothing.
  void (*outer_products)(const T* const* a, const std::size_t* m, std::size_t terms, const T* const* b,
                         const std::size_t* n, std::size_t parts, std::size_t k, T* const* y);

  // Products with a packed matrix b [K,N] (kernels/packed_form.hpp). Its rows are cut into `terms` blocks of depth[i] and
  // its columns into `parts` blocks of width[j]:
  //     y_j[r,n] = sum over i and k: a_i[r,k] b[K_i + k, N_j + n], K_i = depth[0] + … + depth[i-1], N_j likewise
  // a_i [rows,depth[i]], y_j [rows,width[j]]; a y overlaps nothing. 1 <= terms, parts <= 32. Where depth[i] is 1 and
  // a_i null, the term is the row b[K_i] itself, in every row of y: a bias keeps its bits, the sign of a zero too. A
  // term is summed in chains[i] chains, 1, 2 or 4, no more than chains_beside(N, lanes), or one where `chains` is null:
  // chain c adds up k = c, c + chains[i], … in ascending order, then the chains are added, then the terms, the first
  // ones first. So the bits are those of matmul_nn for each block, where it is one chain, and of adding them up, and
  // the rows and columns beside a number change none. Returns whether any y is NaN (or would be in one of the columns
  // of zeros).
  bool (*packed_matmul)(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms,
                        const T* packed, T* const* y, const std::size_t* width, std::size_t parts, std::size_t rows);
  // A single row of one part, n columns wide, that stays where it is: the first writes what the second needs to know into
  // `linked`, packed_row_bytes() at a multiple of 64, and keeps all pointers, those to operands and sizes too. The second
  // does what packed_matmul would, as often as one likes, and writes in `linked` from which end it begins next
  // (kernels/row_sweep.hpp).
  void (*link_packed_row)(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms,
                          const T* packed, T* y, std::size_t n, void* linked);
  bool (*run_packed_row)(void* linked);
  // Where such a y_j[r,n] is NaN: the same sum over those k alone at which `exists`, laid out as `packed` is, is not 0.
  // All other numbers stay.
  void (*packed_resum)(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms,
                       const T* packed, const std::uint8_t* exists, T* const* y, const std::size_t* width,
                       std::size_t parts, std::size_t rows);

  // Sparse structure. A list of synapses by target: those of target u are order[offsets[u]] … order[offsets[u+1]-1].
  // `inner` numbers stand side by side for each source, target and synapse (1, or the rows of a batch).
  // y[r,u,i] = sum over places p of target u, offsets[u] <= p < offsets[u+1], ascending: w[p] x[r, source[p], i]. So the
  // synapses stand in the order of the list.   x [rows,inputs,inner], w and source [count], y [rows,outputs,inner]
  void (*sparse_matmul)(const T* x, const T* w, T* y, std::size_t rows, std::size_t inputs, std::size_t outputs,
                        std::size_t inner, const std::uint32_t* offsets, const std::uint32_t* source);
  // g[s] = sum over r and i: x[r, source[s], i] d[r, target[s], i]; ascending r, then i, on `scalar`.
  // x [rows,inputs,inner], d [rows,outputs,inner], g [count]
  void (*sampled_product)(const T* x, const T* d, T* g, std::size_t rows, std::size_t inputs, std::size_t outputs,
                          std::size_t inner, std::size_t count, const std::uint32_t* source,
                          const std::uint32_t* target);
  // y[r,s,i] = x[r, index[s], i].   x [rows,width,inner], y [rows,count,inner]
  void (*gather)(const T* x, T* y, std::size_t rows, std::size_t width, std::size_t count, std::size_t inner,
                 const std::uint32_t* index);
  // y[r,u,i] = sum over s of target u, in list order: x[r,s,i].   x [rows,count,inner], y [rows,outputs,inner]
  void (*scatter_sum)(const T* x, T* y, std::size_t rows, std::size_t count, std::size_t outputs, std::size_t inner,
                      const std::uint32_t* offsets, const std::uint32_t* order);
  // y[index[s], i] += x[s, i], s ascending.   x [count,inner], y [width,inner]
  void (*scatter_add)(const T* x, T* y, std::size_t count, std::size_t inner, const std::uint32_t* index);
  // Sums by target of connections in levels, of several arrays: y_a[u] = sum over j of x_a[offsets[j] + rank[u]], j
  // ascending, over the levels j < levels that have more than rank[u] connections (they come first). `sums` is scratch.
  // x_a [offsets[levels]], y_a [width], sums [2,width] ([width] of one)
  void (*sum_levels)(const T* const* x, T* const* y, std::size_t arrays, std::size_t width, std::size_t levels,
                     const std::uint32_t* offsets, const std::uint32_t* rank, T* sums);

  // y[o,i] = sum (or maximum) over j of x[o,j,i]; ascending j on `scalar`, and everywhere where inner > 1.
  // x [outer,n,inner], y [outer,inner]. An empty sum is 0; a maximum needs n >= 1 and is NaN where any x is.
  void (*reduce_sum)(const T* x, T* y, std::size_t outer, std::size_t n, std::size_t inner);
  void (*reduce_max)(const T* x, T* y, std::size_t outer, std::size_t n, std::size_t inner);

  // y[i] = x[i], past the caches where the machine can: y is not read before it is written, and what caches hold stays
  // there. For arrays of more than cached_bytes alone: whoever reads y reads memory. Other threads may read y once the
  // second has run, which waits until all is written: once behind many pieces, for to wait after each of 4 KB takes two fifths
  // more time (Zen 5).
  void (*copy_past_caches)(const T* x, T* y, std::size_t n);
  void (*finish_past_caches)();

  // y[i,j] = x[i].   x [n], y [n,inner]
  void (*repeat_each)(const T* x, T* y, std::size_t n, std::size_t inner);

  // Moves a box of `rank` sizes between two strided arrays (strides in elements; 0 repeats). No overlap. rank <= 8.
  void (*copy_strided)(const T* x, const std::size_t* x_strides, T* y, const std::size_t* y_strides,
                       const std::size_t* sizes, std::size_t rank);

  // y[i,c] = 1 where c = label[i], else 0. Returns n, or the first i whose label is outside 0 … classes-1 (nothing
  // after it is written).
  std::size_t (*one_hot)(const std::int32_t* label, T* y, std::size_t n, std::size_t classes);
  // y[t,b] = 1 where t < lengths[b], else 0.   y [time,batch]
  void (*sequence_mask)(const std::int32_t* lengths, T* y, std::size_t time, std::size_t batch);
  // y[b,t] = x[b,n-1-t] where t < n, else x[b,t]; n is lengths[b], taken as 0 below 0 and as time above it, or time
  // where lengths is null.   x, y [batch,time,width]
  void (*reverse_sequence)(const T* x, const std::int32_t* lengths, T* y, std::size_t batch, std::size_t time,
                           std::size_t width);
  // y[i] uniform in [0, 1): number i of the Philox4x32-10 stream (key, counter); the same numbers on every target. The
  // f32 number is the upper 24 bits of word i mod 4 of block i/4; the f64 number the upper 53 bits of words 2(i mod 2),
  // +1 (low, high) of block i/2. Block j is Philox(counter words {j low, j high, counter low, counter high}, key words
  // {low, high}).
  void (*random_uniform)(std::uint64_t key, std::uint64_t counter, T* y, std::size_t n);
};

// The kernels of `target` for T = float or double.
template <class T>
const Table<T>& table(Target target);

}  // namespace elegans::kernels
