#pragma once
// A chain with the memory that its kernel needs, and not a line more.

#include <vector>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/kernels/chain.hpp"
#include "elegans/kernels/table.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {

template <class T>
class Linked {
 public:
  Linked(const Table<T>& table, const std::vector<ChainStep>& steps, const std::vector<ChainArray>& arrays,
         std::size_t inner, std::size_t slots = 0, bool one_row = false)
      : table_(table),
        linked_(aligned(chain_bytes(steps.size(), arrays.size(), slots))),
        scratch_(aligned(chain_scratch_bytes(slots))) {
    table.link_chain(table_,
                     {.steps = steps.data(),
                      .length = steps.size(),
                      .arrays = arrays.data(),
                      .count = arrays.size(),
                      .slots = slots,
                      .inner = inner,
                      .one_row = one_row},
                     linked_.data());
  }
  Linked& place(const std::vector<T*>& at, const std::vector<const std::uint32_t*>& index = {}) {
    table_.place_chain(linked_.data(), scratch_.data(), at.data(), index.data());
    return *this;
  }
  void run(std::size_t rows = 1) { table_.run_chain(linked_.data(), rows); }

 private:
  const Table<T>& table_;
  Array<std::byte> linked_, scratch_;
};

}  // namespace elegans::kernels
