#pragma once
// Arrays as NumPy saves them: the .npy format, versions 1.0 to 3.0 (numpy.lib.format says what it is).
//
//   NumpyArray a = read_npy("trace.npy");        // a.shape {1000, 17}, a.dtype "<f8", a.values row by row
//   write_npy("answers.npy", {1000, 2}, answers);
//
// Numbers of every width and byte order are read (f2 f4 f8, i1 … i8, u1 … u8, b1), and text (U, S), in C order or
// Fortran's; values stand row by row (C order) in memory. Nothing is rounded: an integer beyond ±2^53, which a double
// cannot hold, is an error.
//
// The file is not believed: its header is parsed strictly, and the size that shape and dtype ask for is compared with
// what is there before memory is taken. FormatError names file, place and remedy: no magic string, another version, a
// header that is no such dictionary, an unknown dtype (objects, structures, complex numbers, dates), too few or too many
// bytes, text that is none. FileError where the file cannot be read.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elegans::train {

struct NumpyArray {
  std::string dtype;                    // as the file writes it: "<f8", "|b1", "<U7"
  std::vector<std::size_t> shape;       // empty for a single number
  std::vector<double> values = {};      // of numbers, row by row; true is 1
  std::vector<std::string> texts = {};  // of text instead, UTF-8

  bool holds_text() const { return dtype.size() > 1 && (dtype[1] == 'U' || dtype[1] == 'S'); }
  // Whether the numbers are whole by type: integers and truth values.
  bool holds_integers() const { return dtype.size() > 1 && (dtype[1] == 'i' || dtype[1] == 'u' || dtype[1] == 'b'); }
};

// "[1000, 17]"
std::string to_string(std::span<const std::size_t> shape);

NumpyArray read_npy(const std::filesystem::path& file);
// The same from memory; `source` is the file's name in messages.
NumpyArray parse_npy(std::span<const std::byte> bytes, std::string_view source);

// Writes an array of f8 in C order, atomically. ShapeError where the number of values is not that of the shape.
void write_npy(const std::filesystem::path& file, const std::vector<std::size_t>& shape,
               std::span<const double> values);

}  // namespace elegans::train
