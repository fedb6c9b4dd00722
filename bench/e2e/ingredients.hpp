#pragma once
// The rates that floors are made of (counts.hpp), measured on this machine now.

#include <cstddef>
#include <vector>

namespace elegans::bench {

struct Bandwidth {
  std::size_t bytes;        // the array, or both of them
  double bytes_per_second;  // read, or read and written
};

struct Ingredients {
  double flop_per_second;
  double sigmoid_ns, tanh_ns;         // of one number, in the first-level cache
  std::vector<Bandwidth> read, copy;  // by ascending size
};

// Takes about three seconds.
Ingredients measure_ingredients();

}  // namespace elegans::bench
