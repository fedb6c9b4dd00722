#pragma once
// The memory planner: sizes and lifetimes in, offsets out. It knows nothing else.
//
//     time →   0  1  2  3  4
//     a 64     ■  ■  ■               a and c never live together and share their place; b lives with both
//     b 32        ■  ■  ■  ■
//     c 64              ■  ■

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace elegans::graph {

// A block of memory that is alive from step `first` to step `last`, both included.
struct Block {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  friend bool operator==(const Block&, const Block&) = default;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // of each block, multiples of AlignedBuffer::alignment
  std::size_t bytes = 0;             // of the arena that holds them all
};

// Places the largest blocks first, each at the lowest offset where it overlaps nothing that lives with it.
MemoryPlan plan_memory(std::span<const Block> blocks);

// The planner's invariant: no two blocks that live at the same time overlap, and all lie in the arena.
bool is_valid(std::span<const Block> blocks, const MemoryPlan& plan);

// The plan as a picture, one row a block: lifetime on the left, place on the right.
std::string to_string(std::span<const Block> blocks, const MemoryPlan& plan);

}  // namespace elegans::graph
