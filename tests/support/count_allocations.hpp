#pragma once
// How often memory is asked for, by any thread of the process: malloc and its kin, and so operator new.
//
//   CountAllocations counting;      // GTEST_SKIP() where !CountAllocations::supported()
//   step();
//   EXPECT_EQ(counting.calls(), 0);
//
// The linker puts functions of our own in front of the C library's in every program that uses this. They count while a
// CountAllocations lives and then do what they would have done. Sanitizers have theirs there already: not supported.

#include <cstddef>

namespace elegans::testing {

class CountAllocations {
 public:
  static bool supported();

  CountAllocations();
  ~CountAllocations();
  CountAllocations(const CountAllocations&) = delete;
  CountAllocations& operator=(const CountAllocations&) = delete;

  // Since it was made: requests for memory (a realloc is one), and their bytes.
  std::size_t calls() const;
  std::size_t bytes() const;
};

}  // namespace elegans::testing
