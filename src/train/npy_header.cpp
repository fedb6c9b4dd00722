#include "train/npy_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "train/blanks.hpp"

namespace elegans::train {
namespace {

// Takes the parts of a dictionary of Python from the front of a text.
class Literal {
 public:
  Literal(std::string_view text, const std::string& source) : all_(text), rest_(text), source_(source) {}

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(char c) {
    if (!take(c)) refuse(fmt::format("'{}'", c));
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string text() {
    skip_blanks();
    const char mark = rest_.empty() ? '\0' : rest_[0];
    const auto end = mark == '\'' || mark == '"' ? rest_.find(mark, 1) : rest_.npos;
    if (end == rest_.npos) refuse("text in quotes");
    const std::string taken(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return taken;
  }

  // Python 2 wrote an L behind long numbers.
  std::size_t number() {
    skip_blanks();
    if (rest_.empty() || !is_digit(rest_[0])) refuse("a whole number, 0 or more");
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 16;
    std::size_t value = 0;
    while (!rest_.empty() && is_digit(rest_[0])) {
      if (value > most) refuse("a size that this machine can count");
      value = 10 * value + static_cast<std::size_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_[0] == 'L') rest_.remove_prefix(1);
    return value;
  }

  // (), (3,), (3, 4) or (3, 4,)
  std::vector<std::size_t> shape() {
    constexpr std::size_t most_dimensions = 64;  // NumPy's own limit
    std::vector<std::size_t> sizes;
    require('(');
    while (!take(')')) {
      if (sizes.size() == most_dimensions) refuse(fmt::format("at most {} dimensions", most_dimensions));
      sizes.push_back(number());
      if (take(')')) {
        if (sizes.size() == 1) refuse("a tuple, which a comma ends: (3,)");
        break;
      }
      require(',');
    }
    return sizes;
  }

  void require_end() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
    if (!rest_.empty()) refuse("blanks and a line end behind the dictionary");
  }

  [[noreturn]] void refuse(const std::string& required) const {
    const std::size_t at = all_.size() - rest_.size();
    throw FormatError(Complaint{fmt::format("{}, header", source_), fmt::format("character {}", at + 1),
                                rest_.empty() ? "the end" : quote(rest_, 20), required,
                                "The file is damaged, or was not written by numpy.save."});
  }

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  std::string_view all_, rest_;
  const std::string& source_;
};

const char* remedy_for(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects would have to be run, so they are not read: save numbers, or text as numpy.str_.";
    case 'M':
    case 'm':
      return "Save seconds: times.astype('datetime64[ns]').astype('int64') / 1e9.";
    case 'c':
      return "Save real and imaginary parts.";
    default:
      return "Save it as float64.";
  }
}

// Bytes of an item; 0 for what is not known.
std::size_t item_size(std::string_view dtype) {
  if (dtype.size() < 3 || dtype.size() > 12 || std::string_view("<>|=").find(dtype[0]) == dtype.npos) return 0;
  std::size_t count = 0;
  for (const char c : dtype.substr(2)) {
    if (!is_digit(c)) return 0;
    count = 10 * count + static_cast<std::size_t>(c - '0');
  }
  const auto is_one_of = [&](std::initializer_list<std::size_t> sizes) {
    return std::find(sizes.begin(), sizes.end(), count) != sizes.end();
  };
  switch (dtype[1]) {
    case 'f':
      return is_one_of({2, 4, 8}) ? count : 0;
    case 'i':
    case 'u':
      return is_one_of({1, 2, 4, 8}) ? count : 0;
    case 'b':
      return count == 1 ? 1 : 0;
    case 'U':
      return 4 * count;
    case 'S':
      return count;
    default:
      return 0;
  }
}

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& source) {
  static constexpr std::array<std::string_view, 3> keys{"descr", "fortran_order", "shape"};
  NpyHeader header;
  std::array<bool, 3> seen{};
  Literal literal(text, source);
  literal.require('{');
  while (!literal.take('}')) {
    const std::string key = literal.text();
    const auto place = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (place == keys.size() || seen[place])
      throw FormatError(Complaint{fmt::format("{}, header", source), fmt::format("the key {}", quote(key, 30)),
                                  place == keys.size() ? "unknown" : "there twice",
                                  "'descr', 'fortran_order' and 'shape', once each",
                                  "The file is damaged, or was not written by numpy.save."});
    seen[place] = true;
    literal.require(':');
    if (place == 0 && literal.take('['))
      throw FormatError(Complaint{fmt::format("{}, header", source), "the dtype", "a structure",
                                  "one of numbers or text", "Save each field as an array of its own."});
    if (place == 0) header.dtype = literal.text();
    if (place == 1) {
      header.fortran_order = literal.take_word("True");
      if (!header.fortran_order && !literal.take_word("False")) literal.refuse("True or False");
    }
    if (place == 2) header.shape = literal.shape();
    if (literal.take('}')) break;
    literal.require(',');
  }
  literal.require_end();
  for (std::size_t k = 0; k < keys.size(); ++k)
    if (!seen[k])
      throw FormatError(Complaint{fmt::format("{}, header", source), fmt::format("the key '{}'", keys[k]), "missing",
                                  "'descr', 'fortran_order' and 'shape'",
                                  "The file is damaged, or was not written by numpy.save."});
  header.item_size = item_size(header.dtype);
  if (header.item_size == 0)
    throw FormatError(Complaint{fmt::format("{}, header", source), "the dtype", quote(header.dtype, 30),
                                "f2, f4, f8, i1 … i8, u1 … u8, b1, U or S",
                                remedy_for(header.dtype.size() > 1 ? header.dtype[1] : '\0')});
  return header;
}

}  // namespace elegans::train
