#pragma once
// An elementwise chain of one row whose arrays stay where they are: one kernel call, made ready once.

#include <fmt/format.h>
#include <string>
#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/ops/elementwise.hpp"

namespace elegans::ops {

template <class T>
class FixedChain {
 public:
  // Whether a chain of n numbers is worth it: of many, what is found out at each run is little.
  static bool fits(std::size_t n) { return n > 0 && n * sizeof(T) <= Elementwise::tile_bytes; }

  // Of n numbers an array. What is not placed stands in arrays of the chain's own.
  FixedChain(const Elementwise& chain, std::size_t n, const Kernels& kernels)
      : table_(kernels.table<T>()),
        program_(chain.chain_program()),
        n_(n),
        inputs_(chain.inputs()),
        own_(program_.arrays()),
        linked_(program_.bytes()),
        scratch_(program_.scratch_bytes()),
        at_(program_.arrays(), nullptr),
        arrays_(program_.arrays()),
        index_(program_.arrays(), nullptr) {}

  // Input i is read at `from`: n numbers as they stand, or one for all.
  void read(std::size_t i, const T* from, kernels::Access access, bool padded = false) {
    at_[i] = const_cast<T*>(from);  // the kernel writes results alone
    arrays_[i] = {.access = access == kernels::Access::full ? access : kernels::Access::number, .padded = padded};
  }
  // Whether input i may be looked up in an array of so many numbers.
  bool looks_up(std::size_t i, std::size_t numbers) const {
    return numbers <= table_.looked_up && program_.only_loads(i);
  }
  // Input i is from[index[0]], from[index[1]] … of so many numbers, padded as is `index` (kernels::ChainArray).
  void look_up(std::size_t i, const T* from, std::size_t numbers, const std::uint32_t* index) {
    at_[i] = const_cast<T*>(from);
    arrays_[i] = {.access = kernels::Access::looked_up, .padded = true, .numbers = numbers};
    index_[i] = index;
  }
  void write(std::size_t output, T* to) { at_[inputs_ + output] = to; }
  // After the arrays are placed.
  void link() {
    for (std::size_t k = 0; k < at_.size(); ++k) place(k);
    table_.link_chain(table_, program_.chain(arrays_.data(), n_, true), linked_.data());
    table_.place_chain(linked_.data(), scratch_.data(), at_.data(), index_.data());
  }

  T* input(std::size_t i) { return place(i); }
  T* result(std::size_t output) { return place(inputs_ + output); }

  void run() noexcept { table_.run_chain(linked_.data(), 1); }
  // As FixedCall::kernel.
  std::string kernel() const {
    return n_ == 1 ? "run_chain on a number that stays where it is"
                   : fmt::format("run_chain on {} numbers that stay where they are", n_);
  }

 private:
  T* place(std::size_t array) {
    if (at_[array] != nullptr) return at_[array];
    own_[array] = AlignedBuffer(aligned(n_ * sizeof(T)));
    arrays_[array].padded = true;
    return at_[array] = reinterpret_cast<T*>(own_[array].data());
  }

  const kernels::Table<T>& table_;
  const ChainProgram& program_;
  std::size_t n_, inputs_;
  std::vector<AlignedBuffer> own_;  // by array
  AlignedBuffer linked_, scratch_;
  std::vector<T*> at_;
  std::vector<kernels::ChainArray> arrays_;
  std::vector<const std::uint32_t*> index_;
};

}  // namespace elegans::ops
