#pragma once
// An elementwise chain over one tile whose arrays stay where they are: one kernel call, made ready once.

#include <cstring>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/ops/elementwise.hpp"

namespace elegans::ops {

template <class T>
class FixedChain {
 public:
  // Whether n numbers are one tile.
  static bool fits(std::size_t n) { return n > 0 && n * sizeof(T) <= Elementwise::tile_bytes; }

  // Of n numbers an array. Until they are placed, inputs and results stand in tiles of the chain's own.
  FixedChain(const Elementwise& chain, std::size_t n, const Kernels& kernels)
      : table_(kernels.table<T>()),
        program_(chain.chain_program().instructions()),
        n_(n),
        inputs_(chain.inputs()),
        results_(chain.results()),
        tile_(aligned(n * sizeof(T)) + AlignedBuffer::alignment),
        scratch_((inputs_ + chain.chain_program().registers() + results_.size()) * tile_) {
    for (std::size_t i = 0; i < inputs_; ++i) tiles_.push_back(own(i));
    for (std::size_t k = 0; k < chain.program().size(); ++k)
      tiles_.push_back(own(inputs_ + chain.chain_program().register_of(k)));
    for (std::size_t o = 0; o < results_.size(); ++o)
      tiles_[results_[o]] = own(inputs_ + chain.chain_program().registers() + o);
  }

  // Input i is read at `from`: n numbers as they stand, or one for all.
  void read(std::size_t i, const T* from, Elementwise::Access access) {
    if (access == Elementwise::Access::full || n_ == 1)
      tiles_[i] = const_cast<T*>(from);  // the kernel writes results alone
    else
      repeated_.push_back({from, tiles_[i], T(0)});  // memory of a new tile is zero
  }
  void write(std::size_t output, T* to) { tiles_[results_[output]] = to; }

  T* input(std::size_t i) const { return tiles_[i]; }
  T* result(std::size_t output) const { return tiles_[results_[output]]; }

  void run() noexcept {
    for (Repeated& number : repeated_) {
      if (std::memcmp(number.from, &number.last, sizeof(T)) == 0) continue;
      number.last = *number.from;
      table_.repeat_each(number.from, number.to, 1, n_);
    }
    table_.chain(program_.data(), program_.size(), tiles_.data(), n_, 0, 1);
  }

 private:
  // One number as a tile, written anew when its bits have changed: most are constants, or a Δt that often stays.
  struct Repeated {
    const T* from;
    T* to;
    T last;
  };

  T* own(std::size_t tile) { return reinterpret_cast<T*>(scratch_.data() + tile * tile_); }

  const kernels::Table<T>& table_;
  std::span<const kernels::ChainInstruction> program_;
  std::size_t n_, inputs_;
  std::vector<std::uint16_t> results_;
  std::size_t tile_;  // bytes of one, with a cache line to overwrite behind it
  AlignedBuffer scratch_;
  std::vector<T*> tiles_;  // by number of the value
  std::vector<Repeated> repeated_;
};

}  // namespace elegans::ops
