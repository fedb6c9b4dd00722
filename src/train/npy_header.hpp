#pragma once
// The header of a .npy file: {'descr': '<f8', 'fortran_order': False, 'shape': (1000, 17), }

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace elegans::train {

struct NpyHeader {
  std::string dtype;
  bool fortran_order = false;
  std::vector<std::size_t> shape;

  char kind() const { return dtype[1]; }
  std::size_t item_size = 0;  // bytes, > 0
};

// FormatError in the name of `source` unless `text` is such a dictionary, with a dtype that is known.
NpyHeader parse_npy_header(std::string_view text, const std::string& source);

}  // namespace elegans::train
