#pragma once
// A chain of elementwise functions as its kernel runs it: a program for one accumulator.
//
// The kernel visits the elements in groups of a few vectors and runs the whole program on each. What a step computes
// stays in registers, the accumulator A, for the next one:
//
//     load      A = x            unary     A = f(A)             select   A = x != 0 ? y : z, any of which may be A
//     store     x = A            binary    A = f(A, x)
//                                reversed  A = f(x, A)
//
// x, y and z are numbers of arrays, or of slots behind them: room for one group, for values that are wanted again. Only
// arrays go through memory. Bits are those of the functions one by one (kernels/table.hpp).
//
// Elements are seen as [rows, inner], and element (r, c) of an array, by its access, is
//
//     full      x[r inner + c]            row       x[c]              number   x[0]
//     indexed   x[index[r] + c]           column    x[r]              looked_up  x[index[c]]
//
// index[r], of 32 bits, says where a row begins: in numbers from x, not in rows. A store to an indexed array adds: x = x + A,
// rows in ascending order. select may name no indexed array.
// Rows, columns and indices of rows need rows of whole vectors: inner a multiple of Table::lanes. Looked up is what load
// alone reads, in a chain of one row, of at most Table::looked_up numbers; x and its index are padded.

#include <cstddef>
#include <cstdint>

namespace elegans::kernels {

struct ChainStep {
  enum class Kind : std::uint8_t { load, store, unary, binary, reversed, select };
  // In place of an operand of select: the accumulator.
  static constexpr std::uint16_t accumulator = 0xffff;
  Kind kind = Kind::load;
  std::uint8_t function = 0;  // a Unary or Binary
  std::uint16_t x = 0, y = 0, z = 0;
  friend bool operator==(const ChainStep&, const ChainStep&) = default;
};

enum class Access : std::uint8_t { full, row, column, number, indexed, looked_up };

struct ChainArray {
  Access access = Access::full;
  // Whether it may be read, and if it is stored to overwritten, up to a multiple of 64 bytes from where it starts. Where
  // all are, their last vectors are whole ones; of others the last vector ends where they do.
  bool padded = false;
  // Whether it comes from memory, for no cache near the core holds it: then less is computed at once.
  bool streams = false;
  std::size_t numbers = 0;  // of what is looked up
};

// All of a chain but its addresses and its rows.
struct Chain {
  const ChainStep* steps = nullptr;
  std::size_t length = 0;
  const ChainArray* arrays = nullptr;  // numbers 0 … count − 1
  std::size_t count = 0;
  std::size_t slots = 0;  // numbers count … count + slots − 1
  std::size_t inner = 1;
  // Whether it runs on one row alone. Arrays that are only written then need no padding for what is read to end in whole
  // vectors: the last one is stored in part.
  bool one_row = false;
};

// Bytes of an array from which on it streams.
inline constexpr std::size_t streamed_bytes = std::size_t{512} << 10;

// Memory of a chain that stays, and memory for the time that it runs: bytes that are enough for every target.
constexpr std::size_t chain_bytes(std::size_t length, std::size_t arrays, std::size_t slots) {
  constexpr std::size_t line = 64, step = 64, place = 8, number = 2, parts = 8;
  return 4 * line + (length + 1) * step + 4 * (2 * arrays + slots) * place + arrays * number + parts * line;
}
constexpr std::size_t chain_scratch_bytes(std::size_t slots) {
  constexpr std::size_t group = 8 * 64;
  return (2 + slots) * group;
}

}  // namespace elegans::kernels
