// Chains, element by element and step by step.

#include "elegans/kernels/chain.hpp"

#include <algorithm>

#include "kernels/scalar/scalar.hpp"

namespace elegans::kernels {
namespace {

using Kind = ChainStep::Kind;

template <class T>
class ScalarChain {
 public:
  ScalarChain(const Table<T>& table, const Chain& chain, std::byte* memory)
      : table_(table), length_(chain.length), count_(chain.count), inner_(chain.inner) {
    const auto take = [&memory]<class Item>(Item*& place, std::size_t number) {
      place = reinterpret_cast<Item*>(memory);
      memory += (number * sizeof(Item) + 63) / 64 * 64;
    };
    memory += (sizeof(ScalarChain) + 63) / 64 * 64;
    take(steps_, length_);
    take(arrays_, count_);
    take(at_, count_);
    take(index_, count_);
    std::copy_n(chain.steps, length_, steps_);
    std::copy_n(chain.arrays, count_, arrays_);
  }

  void place(T* slots, T* const* at, const std::uint32_t* const* index) {
    slots_ = slots;
    std::copy_n(at, count_, at_);
    for (std::size_t k = 0; k < count_; ++k) {
      const bool has_index = arrays_[k].access == Access::indexed || arrays_[k].access == Access::looked_up;
      index_[k] = has_index ? index[k] : nullptr;
    }
  }

  void run(std::size_t rows) const {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < inner_; ++c) run_element(r, c);
  }

 private:
  T* element(std::uint16_t number, std::size_t r, std::size_t c) const {
    if (number >= count_) return slots_ + (number - count_);
    switch (arrays_[number].access) {
      case Access::full:
        return at_[number] + r * inner_ + c;
      case Access::row:
        return at_[number] + c;
      case Access::column:
        return at_[number] + r;
      case Access::number:
        return at_[number];
      case Access::looked_up:
        return at_[number] + index_[number][c];
      case Access::indexed:
        break;
    }
    return at_[number] + index_[number][r] + c;
  }

  void run_element(std::size_t r, std::size_t c) const {
    T a = 0;
    const auto operand = [&](std::uint16_t number) {
      return number == ChainStep::accumulator ? a : *element(number, r, c);
    };
    for (const ChainStep* step = steps_; step != steps_ + length_; ++step) {
      switch (step->kind) {
        case Kind::load:
          a = operand(step->x);
          break;
        case Kind::store: {
          T* const to = element(step->x, r, c);
          *to = step->x < count_ && arrays_[step->x].access == Access::indexed ? *to + a : a;
          break;
        }
        case Kind::unary:
          table_.unary[step->function](&a, &a, 1);
          break;
        case Kind::binary:
        case Kind::reversed: {
          const T x = operand(step->x), first = step->kind == Kind::binary ? a : x;
          const T second = step->kind == Kind::binary ? x : a;
          table_.binary[step->function](&first, 1, &second, 1, &a, 1);
          break;
        }
        case Kind::select:
          a = operand(step->x) != 0 ? operand(step->y) : operand(step->z);
      }
    }
  }

  const Table<T>& table_;
  std::size_t length_, count_, inner_;
  ChainStep* steps_ = nullptr;
  ChainArray* arrays_ = nullptr;
  T** at_ = nullptr;
  const std::uint32_t** index_ = nullptr;
  T* slots_ = nullptr;
};

template <class T>
void link_chain(const Table<T>& table, const Chain& chain, void* linked) {
  new (linked) ScalarChain<T>(table, chain, static_cast<std::byte*>(linked));
}

template <class T>
void place_chain(void* linked, void* scratch, T* const* arrays, const std::uint32_t* const* index) {
  static_cast<ScalarChain<T>*>(linked)->place(static_cast<T*>(scratch), arrays, index);
}

template <class T>
void run_chain(void* linked, std::size_t rows) {
  static_cast<const ScalarChain<T>*>(linked)->run(rows);
}

}  // namespace

template <class T>
void place_chains(Table<T>& table) {
  table.link_chain = link_chain<T>;
  table.place_chain = place_chain<T>;
  table.run_chain = run_chain<T>;
}

template void place_chains<float>(Table<float>&);
template void place_chains<double>(Table<double>&);

}  // namespace elegans::kernels
