// Chains of elementwise functions: every group of vectors goes through the whole program in registers
// (chain_steps-inl.h). Here the steps are linked to their functions, and groups are counted out.

#include "elegans/kernels/chain.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/simd/dispatch.hpp"
#include "kernels/simd/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/chain.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/simd/chain_runs-inl.h"

HWY_BEFORE_NAMESPACE();
namespace elegans::kernels::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

using Kind = ChainStep::Kind;

// A chain in the memory that it was given.
template <class T>
class LinkedChain {
 public:
  LinkedChain(const Chain& chain, const Table<T>& table, std::byte* memory)
      : count_(chain.count), slots_(chain.slots), inner_(chain.inner), vectors_(chain.inner / lanes()) {
    const auto take = [&memory]<class Item>(Item*& place, std::size_t number) {
      place = reinterpret_cast<Item*>(memory);
      memory += (number * sizeof(Item) + 63) / 64 * 64;
    };
    static_assert(sizeof(LinkedChain) <= 256 && sizeof(LinkedStep<T>) <= 64, "chain_bytes() is too few");
    LinkedChain* self = nullptr;
    take(self, 1);
    const std::size_t places = (2 * count_ + slots_ + 7) / 8 * 8;
    for (std::intptr_t** array : {&at_, &placed_, &group_step_, &row_step_}) {
      take(*array, places);
      std::fill_n(*array, places, 0);
    }
    take(steps_, chain.length + 1);
    take(has_index_, count_);
    place_arrays(chain);
    link_steps(chain, table);
    find_only_group();
  }

  void place(T* scratch, T* const* at, const std::uint32_t* const* index) {
    std::memcpy(at_, at, count_ * sizeof(T*));
    for (std::size_t i = 0; i < indices_; ++i) at_[count_ + i] = reinterpret_cast<std::intptr_t>(index[has_index_[i]]);
    if (scratch == operands_.spilled) return;
    operands_.spilled = scratch;
    for (std::size_t s = 0; s < slots_; ++s)
      at_[moving() + s] = reinterpret_cast<std::intptr_t>(scratch + (2 + s) * group());
  }

  // Leaves all places as they were.
  void run(std::size_t rows) {
    if (rows == 1 && only_group_ != nullptr) return only_group_(steps_, operands_);
    run_groups(rows);
  }

 private:
  static std::size_t lanes() { return hn::Lanes(hn::ScalableTag<T>()); }
  static std::size_t group() { return 8 * lanes(); }
  // Places: of arrays, of their indices, of slots. All but slots move from group to group.
  std::size_t moving() const { return count_ + indices_; }
  std::uint16_t place_of(std::uint16_t number) const {
    return number < count_ || number == ChainStep::accumulator ? number : static_cast<std::uint16_t>(number + indices_);
  }
  std::uint16_t place_of_index(std::uint16_t array) const {
    return static_cast<std::uint16_t>(count_ + (std::find(has_index_, has_index_ + indices_, array) - has_index_));
  }
  // What is computed of n numbers.
  std::size_t of_row(std::size_t n) const { return is_padded_ || stored_part_ > 0 ? hwy::RoundUpTo(n, lanes()) : n; }

  void place_arrays(const Chain& chain) {
    bool in_rows = false;
    const auto bytes = [](std::size_t n) { return static_cast<std::intptr_t>(n * sizeof(T)); };
    for (std::size_t k = 0; k < count_; ++k) {
      const Access access = chain.arrays[k].access;
      if (access == Access::looked_up) {
        group_step_[moving()] = static_cast<std::intptr_t>(group() * sizeof(std::uint32_t));
      } else if (access != Access::column && access != Access::number) {
        group_step_[k] = bytes(group());
      }
      if (access == Access::full) row_step_[k] = bytes(inner_);
      if (access == Access::column) row_step_[k] = bytes(1);
      if (access == Access::indexed) row_step_[moving()] = sizeof(std::uint32_t);
      if (access == Access::indexed || access == Access::looked_up)
        has_index_[indices_++] = static_cast<std::uint16_t>(k);
      streams_ = streams_ || (chain.arrays[k].streams && access == Access::full);
      is_indexed_ = is_indexed_ || access == Access::indexed;
      is_padded_ = is_padded_ && (access == Access::number || chain.arrays[k].padded);
      in_rows = in_rows || access == Access::row || access == Access::column;
    }
    is_flat_ = !is_indexed_ && !in_rows;
    if (chain.one_row && is_flat_ && !streams_ && !is_padded_ && reads_are_padded(chain))
      stored_part_ = inner_ % lanes();
    is_whole_ = is_padded_ || inner_ % lanes() == 0 || stored_part_ > 0;
    joins_rows_ = !is_flat_ && vectors_ < 8 && std::has_single_bit(vectors_);
    if (joins_rows_)
      for (std::size_t k = 0; k < moving(); ++k)
        group_step_[k] = row_step_[k] * static_cast<std::intptr_t>(8 / vectors_);
  }

  // Whether all that is read may be read in whole vectors, and is one group of them.
  bool reads_are_padded(const Chain& chain) const {
    const std::size_t vectors = hwy::DivCeil(inner_, lanes());
    const auto is_padded = [&](std::uint16_t x) {
      return x >= chain.count || chain.arrays[x].padded || chain.arrays[x].access == Access::number;
    };
    return (vectors <= 4 || vectors == 8) &&
           std::all_of(chain.steps, chain.steps + chain.length, [&](const ChainStep& s) {
             if (s.kind == Kind::store || s.kind == Kind::unary) return true;
             return is_padded(s.x) && (s.kind != Kind::select || (is_padded(s.y) && is_padded(s.z)));
           });
  }

  void link_steps(const Chain& chain, const Table<T>& table) {
    const auto array_of = [&](std::uint16_t number) {  // slots are like arrays of their own
      return number < chain.count ? chain.arrays[number] : ChainArray{.access = Access::full, .padded = true};
    };
    const Rows rows = !joins_rows_    ? Rows::alone
                      : vectors_ == 1 ? Rows::of_one
                      : vectors_ == 2 ? Rows::of_two
                                      : Rows::of_four;
    for (std::size_t s = 0; s < chain.length; ++s) {
      const ChainStep& step = chain.steps[s];
      LinkedStep<T>& linked = *new (steps_ + s) LinkedStep<T>;
      linked.x = place_of(step.x);
      linked.y = place_of(step.y);
      linked.z = place_of(step.z);
      const std::uint16_t operands[] = {step.x, step.y, step.z};
      linked.padded = true;
      for (std::size_t k = 0; k < (step.kind == Kind::select ? 3 : 1); ++k) {
        linked.access[k] = array_of(operands[k]).access;
        linked.padded = linked.padded && array_of(operands[k]).padded;
      }
      const bool is_looked_up = linked.access[0] == Access::looked_up;
      if (linked.access[0] == Access::indexed || is_looked_up) linked.y = place_of_index(step.x);
      if (step.kind == Kind::store && !array_of(step.x).padded) linked.z = static_cast<std::uint16_t>(stored_part_);
      if (is_looked_up) linked.z = static_cast<std::uint16_t>(chain.arrays[step.x].numbers);
      linked.runs = runs_of(step, linked, rows).of(is_whole_);
      if (step.kind == Kind::unary) linked.unary = table.unary[step.function];
      if (step.kind == Kind::binary || step.kind == Kind::reversed) linked.binary = table.binary[step.function];
    }
    (new (steps_ + chain.length) LinkedStep<T>)->runs = finishing<T>.of(is_whole_);
    for (std::size_t s = 0; s + 1 < chain.length; ++s)
      if (join_load(chain.steps + s, steps_ + s, rows, is_whole_) ||
          join_store(chain.steps + s, steps_ + s, rows, is_whole_))
        ++s;
    if (is_whole_) keep_slots(chain, rows);
  }

  // Puts slots into registers where groups are one or two vectors. A step is joined no more with one that reads or writes such
  // a slot.
  void keep_slots(const Chain& chain, Rows rows) {
    std::uint32_t kept = (1U << HWY_MIN(chain.slots, kept_slots(2))) - 1;
    const auto bit_of = [&chain](std::uint16_t number) {
      const std::size_t slot = number - chain.count;
      return number >= chain.count && slot < kept_slots(2) ? 1U << slot : 0U;
    };
    const auto is_on_kept = [&](const ChainStep& step) {
      return step.kind != Kind::unary && (kept & bit_of(step.x)) != 0;
    };
    for (std::size_t s = 0; s < chain.length; ++s) {
      const ChainStep& step = chain.steps[s];
      if (step.kind == Kind::select) kept &= ~(bit_of(step.x) | bit_of(step.y) | bit_of(step.z));
      if (is_on_kept(step) && !can_keep(step)) kept &= ~bit_of(step.x);
    }
    for (std::size_t s = 1; s < chain.length; ++s) {
      if (!is_on_kept(chain.steps[s])) continue;
      const Runs<T> alone = runs_of(chain.steps[s - 1], steps_[s - 1], rows).of(true);
      steps_[s - 1].runs.two = alone.two;
      steps_[s - 1].runs.one = alone.one;
    }
    for (std::size_t s = 0; s < chain.length; ++s)
      if (is_on_kept(chain.steps[s])) keep(chain.steps[s], chain.steps[s].x - chain.count, steps_[s].runs);
  }

  // Where all places were before they moved.
  void keep_places() { copy_places(at_, placed_); }
  void restore_places() { copy_places(placed_, at_); }
  void copy_places(const std::intptr_t* from, std::intptr_t* to) const {
    const hn::ScalableTag<std::intptr_t> d;
    for (std::size_t k = 0, end = moving(); k < end; k += hn::Lanes(d)) hn::Store(hn::Load(d, from + k), d, to + k);
  }
  // Moves all places to a row.
  void go_to_row(std::size_t row) {
    for (std::size_t k = 0; k < moving(); ++k) at_[k] = placed_[k] + static_cast<std::intptr_t>(row) * row_step_[k];
  }
  // Moves all places by a group of `vectors`, 8 or 4: half of 8 is a whole number of bytes in any row.
  template <std::size_t vectors>
  void advance_group() {
    const hn::ScalableTag<std::intptr_t> d;
    std::intptr_t* const at = at_;
    const std::intptr_t* const steps = group_step_;
    for (std::size_t k = 0, end = moving(); k < end; k += hn::Lanes(d)) {
      const auto step = hn::Load(d, steps + k);
      const auto by = vectors == 8 ? step : hn::ShiftRight<1>(step);
      hn::Store(hn::Add(hn::Load(d, at + k), by), d, at + k);
    }
  }
  using Run = void (*)(const LinkedStep<T>*, const Operands<T>&);
  template <class G>
  static void run_as(const LinkedStep<T>* steps, const Operands<T>& operands) {
    G::run(steps, operands);
  }

  // Sets the operands for the whole vectors of a group and the numbers behind them.
  void set_group(std::size_t whole, std::size_t part) {
    operands_.whole = whole;
    operands_.part = part;
    operands_.last = part == 0 ? (whole - 1) * lanes() : whole > 0 ? (whole - 1) * lanes() + part : 0;
  }

  // Those of a row, where it is one.
  void set_only_group() { set_group(of_row(inner_) / lanes(), of_row(inner_) % lanes()); }

  // Not inlined: what only one group takes is about as much as its call needs, of registers saved and a frame set up.
  HWY_NOINLINE void run_groups(std::size_t rows) {
    keep_places();
    if (joins_rows_) {
      run_joined(rows);
    } else {
      run_rows(is_flat_ ? 1 : rows, of_row(is_flat_ ? rows * inner_ : inner_));
    }
    restore_places();
    if (only_group_ != nullptr) set_only_group();
  }

  // What runs the last vectors of an array, less than 4 and perhaps a part of one.
  Run end_of(std::size_t vectors) const {
    if (vectors > 2) return is_whole_ ? run_as<Group<T, 3>> : run_as<End<T, 4>>;
    if (vectors > 1) return is_whole_ ? run_as<Group<T, 2>> : run_as<End<T, 2>>;
    return is_whole_ ? run_as<Group<T, 1>> : run_as<End<T, 1>>;
  }
  void run_end(std::size_t whole, std::size_t part) {
    if (whole == 0 && part == 0) return;
    set_group(whole, part);
    end_of(whole + (part > 0 ? 1 : 0))(steps_, operands_);
  }

  // Where a row is one group, as in steps of small networks, it is found out once.
  void find_only_group() {
    const std::size_t whole = of_row(inner_) / lanes(), part = of_row(inner_) % lanes();
    const std::size_t vectors = whole + (part > 0 ? 1 : 0);
    const bool is_whole_group = part == 0 && (vectors == 4 || vectors == 8);
    if (!is_flat_ || streams_ || vectors == 0 || (vectors > 3 && !is_whole_group)) return;
    operands_.row_shift = 31;
    operands_.row_mask = ~std::size_t{0};
    set_only_group();
    only_group_ = vectors == 8 ? run_as<Group<T, 8>> : vectors == 4 ? run_as<Group<T, 4>> : end_of(vectors);
  }

  // Rows of n numbers one by one. Streams are visited in groups so small that the processor looks beyond one of them.
  void run_rows(std::size_t rows, std::size_t n) {
    operands_.row_shift = 31;
    operands_.row_mask = ~std::size_t{0};
    const std::size_t vectors = n / lanes(), part = n % lanes();
    for (std::size_t row = 0; row < rows; ++row) {
      if (row > 0) go_to_row(row);
      std::size_t done = 0;
      if (streams_) {
        set_group(4, 0);
        for (; vectors - done >= 4; done += 4) {
          Group<T, 4>::run(steps_, operands_);
          advance_group<4>();
        }
      } else {
        set_group(8, 0);
        for (; vectors - done >= 8; done += 8) {
          Group<T, 8>::run(steps_, operands_);
          if (done + 8 < vectors || part > 0) advance_group<8>();
        }
        if (vectors - done >= 4) {
          set_group(4, 0);
          Group<T, 4>::run(steps_, operands_);
          done += 4;
          if (done < vectors || part > 0) advance_group<4>();
        }
      }
      run_end(vectors - done, part);
    }
  }

  // Rows of 1, 2 or 4 vectors, several a group.
  void run_joined(std::size_t rows) {
    operands_.row_shift = static_cast<unsigned>(std::countr_zero(vectors_));
    operands_.row_mask = vectors_ - 1;
    const std::size_t vectors = rows * vectors_, groups = vectors / 8;
    set_group(8, 0);
    for (std::size_t g = 0; g < groups; ++g) {
      Group<T, 8>::run(steps_, operands_);
      advance_group<8>();
    }
    std::size_t left = vectors % 8;
    if (left >= 4) {
      set_group(4, 0);
      Group<T, 4>::run(steps_, operands_);
      advance_group<4>();
      left -= 4;
    }
    run_end(left, 0);
  }

  LinkedStep<T>* steps_ = nullptr;
  std::intptr_t* at_ = nullptr;      // Operands::at()
  std::intptr_t* placed_ = nullptr;  // these while they move
  // Bytes, by place, from one group of 8 vectors to the next, and from one row to the next.
  std::intptr_t *group_step_ = nullptr, *row_step_ = nullptr;
  Run only_group_ = nullptr;  // of a row
  std::size_t count_, slots_, inner_;
  std::size_t vectors_;  // of a row
  std::size_t indices_ = 0;
  std::uint16_t* has_index_ = nullptr;  // the arrays that have one
  bool streams_ = false;                // some array comes from memory
  bool is_padded_ = true;               // all arrays are
  bool is_whole_ = false;               // no row ends with a part of a vector
  std::size_t stored_part_ = 0;         // of the only row's last vector, where what is read is padded
  bool is_flat_ = false, is_indexed_ = false, joins_rows_ = false;
  Operands<T> operands_;  // the last member: addresses stand right behind it
};

template <class T>
void link_chain(const Table<T>& table, const Chain& chain, void* linked) {
  new (linked) LinkedChain<T>(chain, table, static_cast<std::byte*>(linked));
}

template <class T>
void place_chain(void* linked, void* scratch, T* const* arrays, const std::uint32_t* const* index) {
  static_cast<LinkedChain<T>*>(linked)->place(static_cast<T*>(scratch), arrays, index);
}

// The steps end in jumps: no compiler sees that vectors are left behind.
template <class T>
void run_chain(void* linked, std::size_t rows) {
  static_cast<LinkedChain<T>*>(linked)->run(rows);
  free_upper_halves();
}

template <class T>
void chains(Table<T>& table) {
  table.link_chain = link_chain<T>;
  table.place_chain = place_chain<T>;
  table.run_chain = run_chain<T>;
  table.lanes = hn::Lanes(hn::ScalableTag<T>());
  table.looked_up = looks_up_two<T> ? 2 * table.lanes : 0;
}

#else

template <class T>
void chains(Table<T>&) {}

#endif

void chains_f32(Table<float>& table) { chains(table); }
void chains_f64(Table<double>& table) { chains(table); }

}  // namespace elegans::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elegans::kernels {
ELEGANS_EXPORT_KERNELS(chains)
}
#endif
