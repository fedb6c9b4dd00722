// Products with a packed matrix (kernels/table.hpp). The sum of a term is a chain of (fused, where the machine has it)
// multiply-adds over ascending k, or a few, whatever the block it is computed in (packed_sums-inl.h).
//
// A block is `rows` rows by `columns` vectors of y, held in registers. A vector of columns may belong to several parts:
// where its lanes go is found once for all rows of a group of columns.

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "elegans/kernels/row_sweep.hpp"
#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/packed.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/packed_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

// Vectors in a group of columns of several rows.
constexpr std::size_t block_columns = 3;
// Rows that are multiplied by all columns before the next ones: their left operands stay in the first-level cache.
constexpr std::size_t near_bytes = 16384;

// One column of vectors of a block, from row `row` on.
template <std::size_t rows, std::size_t columns, class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store_column(D d, const V (&sum)[rows][columns], std::size_t c, const Place<T>& place,
                             std::size_t row) {
  T* to = place.y + row * place.width;
  if (place.count == hn::Lanes(d)) {
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) hn::StoreU(sum[i][c], d, to + i * place.width);
  } else if constexpr (masked_access_is_safe) {
    const auto lanes = hn::AndNot(hn::FirstN(d, place.from), hn::FirstN(d, place.from + place.count));
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) {
      hn::BlendedStore(sum[i][c], lanes, d, to + i * place.width - place.from);
    }
  } else {
    HWY_ALIGN T lanes[hn::MaxLanes(D())];
    ELEGANS_UNROLL
    for (std::size_t i = 0; i < rows; ++i) {
      hn::Store(sum[i][c], d, lanes);
      for (std::size_t k = 0; k < place.count; ++k) to[i * place.width + k] = lanes[place.from + k];
    }
  }
}

// Returns whether any sum is NaN.
template <bool chained, std::size_t rows, std::size_t columns, std::size_t narrow, class T>
bool multiply_packed(const Group<T>& group, std::size_t first_row) {
  const hn::ScalableTag<T> d;
  VecOf<decltype(d)> sum[rows][columns];
  if constexpr (rows == 1) {
    sum_row<chained ? 0 : 1, narrow>(d, group, first_row, sum);
  } else {
    sum_rows<chained, narrow>(d, group, first_row, sum);
  }
  const std::size_t lanes = hn::Lanes(d);
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < columns; ++c) {
    if (!group.places) {
      const std::size_t left = group.count - c * lanes;
      store_column<rows, columns>(d, sum, c, Place<T>{group.y + c * lanes, group.width, 0, HWY_MIN(lanes, left)},
                                  first_row);
      continue;
    }
    for (std::size_t p = group.places->first[c]; p < group.places->first[c + 1]; ++p)
      store_column<rows, columns>(d, sum, c, group.places->at[p], first_row);
  }
  return any_nan(d, sum);
}

// The same of the only row of one part; all vectors but the last are whole.
template <std::size_t columns, std::size_t narrow, std::size_t chains, class T>
bool multiply_row(const Group<T>& group) {
  const hn::ScalableTag<T> d;
  VecOf<decltype(d)> sum[1][columns];
  sum_row<chains, narrow>(d, group, 0, sum);
  const std::size_t lanes = hn::Lanes(d), whole = columns - 1;
  T* const y = group.y;
  const std::size_t last = group.count - whole * lanes;
  ELEGANS_UNROLL
  for (std::size_t c = 0; c < whole; ++c) hn::StoreU(sum[0][c], d, y + c * lanes);
  if (last >= lanes) {
    hn::StoreU(sum[0][whole], d, y + whole * lanes);
  } else {
    store_part(sum[0][whole], d, y + whole * lanes, last);
  }
  return any_nan(d, sum);
}

// The block of so many rows (a power of two) and columns.
template <class T>
using PackedBlock = bool (*)(const Group<T>&, std::size_t first_row);
template <class T>
using RowBlock = bool (*)(const Group<T>&);

// Those of one row, by columns less one.
template <bool chained, std::size_t narrow, class T, std::size_t... c>
constexpr std::array<PackedBlock<T>, sizeof...(c)> singles(std::index_sequence<c...>) {
  return {multiply_packed<chained, 1, c + 1, HWY_MIN(narrow, c + 1), T>...};
}
template <std::size_t narrow, std::size_t chains, class T, std::size_t... c>
constexpr std::array<RowBlock<T>, sizeof...(c)> row_blocks(std::index_sequence<c...>) {
  return {multiply_row < c + 1, HWY_MIN(narrow, c + 1),
          most_chains<c + 1> == 1 ? 1 : HWY_MIN(chains, most_chains<c + 1>), T > ...};
}
// The same for each number of narrow columns, of terms in so many chains each, or, where that is 0, in as many as the group
// says: to ask each term anew costs a small step a twentieth.
template <std::size_t chains, class T, std::size_t... narrow>
RowBlock<T> row_block(std::size_t narrow_count, std::size_t columns, std::index_sequence<narrow...>) {
  static constexpr std::array<std::array<RowBlock<T>, row_columns>, sizeof...(narrow)> blocks{
      row_blocks<narrow, chains, T>(std::make_index_sequence<row_columns>())...};
  return blocks[narrow_count][columns - 1];
}
template <class T>
RowBlock<T> row_block(std::size_t chains, std::size_t narrow, std::size_t columns) {
  constexpr auto narrows = std::make_index_sequence<narrow_columns<T> + 1>();
  return chains == 1   ? row_block<1, T>(narrow, columns, narrows)
         : chains == 2 ? row_block<2, T>(narrow, columns, narrows)
         : chains == 4 ? row_block<4, T>(narrow, columns, narrows)
                       : row_block<0, T>(narrow, columns, narrows);
}

// The chains of all terms, or 0 where they are not the same; a bias has none.
template <class T>
std::size_t common_chains(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms) {
  if (chains == nullptr) return 1;
  std::size_t common = 0;
  for (std::size_t t = 0; t < terms; ++t) {
    if (a[t] == nullptr && depth[t] == 1) continue;
    if (common != 0 && common != chains[t]) return 0;
    common = chains[t];
  }
  return common == 0 ? 1 : common;
}

template <bool chained, std::size_t narrow, class T>
HWY_INLINE bool multiply_columns(const Group<T>& group, std::size_t columns, std::size_t row, std::size_t end) {
  static constexpr PackedBlock<T> pair[] = {multiply_packed<chained, 2, 1, HWY_MIN(narrow, 1), T>,
                                            multiply_packed<chained, 2, 2, narrow, T>,
                                            multiply_packed<chained, 2, 3, narrow, T>};
  static constexpr PackedBlock<T> several[] = {multiply_packed<chained, 4, 1, HWY_MIN(narrow, 1), T>,
                                               multiply_packed<chained, 4, 2, narrow, T>,
                                               multiply_packed<chained, 4, 3, narrow, T>};
  constexpr std::size_t tall_rows = vector_registers == 32 ? 8 : 4;
  static constexpr PackedBlock<T> tall[] = {multiply_packed<chained, 8, 1, HWY_MIN(narrow, 1), T>,
                                            multiply_packed<chained, tall_rows, 2, narrow, T>,
                                            multiply_packed<chained, tall_rows, 3, narrow, T>};
  static constexpr auto single = singles<chained, narrow, T>(std::make_index_sequence<row_columns>());
  bool is_nan = false;
  if (columns <= block_columns) {
    const std::size_t rows = columns == 1 ? 8 : tall_rows;
    for (; row + rows <= end; row += rows) is_nan |= tall[columns - 1](group, row);
    for (; row + 4 <= end; row += 4) is_nan |= several[columns - 1](group, row);
    for (; row + 2 <= end; row += 2) is_nan |= pair[columns - 1](group, row);
  }
  for (; row < end; ++row) is_nan |= single[columns - 1](group, row);
  return is_nan;
}

// Rows `row` … `end` - 1 of a group of columns, the last `narrow` of which are a narrow panel's.
template <bool chained, class T>
HWY_INLINE bool multiply_group(const Group<T>& group, std::size_t columns, std::size_t narrow, std::size_t row,
                               std::size_t end) {
  static_assert(narrow_columns<T> <= 2);
  if constexpr (narrow_columns<T> == 2) {
    if (narrow == 2) return multiply_columns<chained, 2>(group, columns, row, end);
  }
  return narrow == 1 ? multiply_columns<chained, 1>(group, columns, row, end)
                     : multiply_columns<chained, 0>(group, columns, row, end);
}

// Walks along the parts of a row of y, vector by vector.
template <class T>
class Parts {
 public:
  Parts(T* const* y, const std::size_t* width, std::size_t parts) : y_(y), width_(width), parts_(parts) {}

  // Adds the places of the next vector of columns behind `place`; returns where they end.
  std::size_t next(Place<T>* places, std::size_t place, std::size_t lanes) {
    for (std::size_t lane = 0; part_ < parts_ && lane < lanes;) {
      const std::size_t count = HWY_MIN(lanes - lane, width_[part_] - column_);
      if (count) places[place++] = {y_[part_] + column_, width_[part_], lane, count};
      lane += count;
      column_ += count;
      if (column_ == width_[part_]) {
        ++part_;
        column_ = 0;
      }
    }
    return place;
  }

 private:
  T* const* y_;
  const std::size_t* width_;
  std::size_t parts_, part_ = 0, column_ = 0;
};

HWY_INLINE std::size_t sum_of(const std::size_t* sizes, std::size_t count) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += sizes[i];
  return sum;
}

// How many of the vectors v … v + columns - 1 belong to a narrow panel.
template <class T>
HWY_INLINE std::size_t narrow_of(const PackedForm& form, std::size_t v, std::size_t columns) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const std::size_t end = (v + columns) * lanes, first = form.columns() / form.panel * form.panel;
  return end <= first ? 0 : HWY_MIN(columns, hwy::DivCeil(end - first, lanes));
}

// Vectors v … v + columns - 1.
template <class T>
HWY_INLINE void find_columns(Group<T>& group, const T* packed, const PackedForm& form, std::size_t v,
                             std::size_t columns) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  for (std::size_t c = 0; c < columns; ++c) group.b[c] = packed + form.place(0, (v + c) * lanes);
}

// They go where the only part has them, which begins at y and has n columns.
template <class T>
HWY_INLINE void place_in_one(Group<T>& group, T* y, std::size_t n, std::size_t v) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  group.y = y + v * lanes;
  group.width = n;
  group.count = n - v * lanes;
  group.places = nullptr;
}

// One row of one part that stays where it is, as a step has it: what there is to find out would cost as much as a small
// product itself, each time. Groups run forwards, or in turn forwards and backwards (kernels/row_sweep.hpp).
template <class T>
struct LinkedRow {
  struct Part {
    RowBlock<T> block;
    Group<T> group;
    bool run() const { return block(group); }
  };
  std::size_t count;
  bool alternates, is_backwards;
  Part* parts() { return reinterpret_cast<Part*>(this + 1); }
};

// Panels that one row sums at once, at most.
template <class T>
HWY_INLINE std::size_t row_panels() {
  return row_columns * hn::Lanes(hn::ScalableTag<T>()) / panel_columns<T>;
}

template <class T>
void link_packed_row(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms,
                     const T* packed, T* y, std::size_t n, void* linked) {
  static_assert(sizeof(typename LinkedRow<T>::Part) <= packed_row_group_bytes);
  const PackedForm form = packed_form<T>(sum_of(depth, terms), n);
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>()), vectors = hwy::DivCeil(n, lanes);
  const RowSweep sweep = row_sweep<T>(form, row_panels<T>());
  const std::size_t most = sweep.panels * form.panel / lanes;
  const std::size_t common = common_chains(a, depth, chains, terms);
  auto& row = *new (linked) LinkedRow<T>{0, sweep.alternates, false};
  for (std::size_t v = 0, columns; v < vectors; v += columns) {
    columns = next_columns(vectors - v, most);
    auto& part = *new (row.parts() + row.count++) typename LinkedRow<T>::Part{};
    part.block = row_block<T>(common, narrow_of<T>(form, v, columns), columns);
    part.group.a = a;
    part.group.depth = depth;
    part.group.chains = chains;
    part.group.terms = terms;
    find_columns(part.group, packed, form, v, columns);
    place_in_one(part.group, y, n, v);
  }
}

template <class T>
HWY_NOINLINE bool run_groups(LinkedRow<T>& row) {
  bool is_nan = false;
  const std::size_t step = row.is_backwards ? std::size_t(-1) : 1;  // modulo the numbers there are
  std::size_t at = row.is_backwards ? row.count - 1 : 0;
  row.is_backwards = row.alternates && !row.is_backwards;
  for (std::size_t i = 0; i < row.count; ++i, at += step) is_nan |= row.parts()[at].run();
  return is_nan;
}

template <class T>
bool run_packed_row(void* linked) {
  auto& row = *static_cast<LinkedRow<T>*>(linked);
  return row.count == 1 ? row.parts()->run() : run_groups(row);
}

template <class T>
bool packed_matmul(const T* const* a, const std::size_t* depth, const std::size_t* chains, std::size_t terms,
                   const T* packed, T* const* y, const std::size_t* width, std::size_t parts, std::size_t rows) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const PackedForm form = packed_form<T>(sum_of(depth, terms), sum_of(width, parts));
  const std::size_t vectors = hwy::DivCeil(form.n, lanes);
  const std::size_t most_columns = rows < 4 ? row_columns : block_columns;
  const bool is_chained =
      chains != nullptr && std::any_of(chains, chains + terms, [](std::size_t count) { return count > 1; });
  constexpr std::size_t least_rows = 16;
  const std::size_t fitting = rows > least_rows ? near_bytes / sizeof(T) / (form.k + 1) : least_rows;
  const std::size_t tile = HWY_MAX(fitting - fitting % least_rows, least_rows);
  Group<T> group;
  group.a = a;
  group.depth = depth;
  group.chains = chains;
  group.terms = terms;
  Places<T> places;
  places.first[0] = 0;
  bool is_nan = false;
  for (std::size_t row = 0; row < rows; row += tile) {
    Parts<T> walk(y, width, parts);
    for (std::size_t v = 0, columns; v < vectors; v += columns) {
      columns = next_columns(vectors - v, most_columns);
      find_columns(group, packed, form, v, columns);
      if (parts == 1) {
        place_in_one(group, y[0], form.n, v);
      } else {
        for (std::size_t c = 0; c < columns; ++c) places.first[c + 1] = walk.next(places.at, places.first[c], lanes);
        group.places = &places;
      }
      const std::size_t narrow = narrow_of<T>(form, v, columns), end = HWY_MIN(row + tile, rows);
      is_nan |= is_chained ? multiply_group<true>(group, columns, narrow, row, end)
                           : multiply_group<false>(group, columns, narrow, row, end);
    }
  }
  return is_nan;
}

template <class T>
void packed(Table<T>& table) {
  table.packed_matmul = packed_matmul<T>;
  table.link_packed_row = link_packed_row<T>;
  table.run_packed_row = run_packed_row<T>;
  table.row_panels = row_panels<T>();
}

#else

template <class T>
void packed(Table<T>&) {}

#endif

void packed_f32(Table<float>& table) { packed(table); }
void packed_f64(Table<double>& table) { packed(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(packed)
}
#endif
