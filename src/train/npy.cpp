#include "elegans/train/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/text.hpp"
#include "train/npy_header.hpp"
#include "train/npy_reader.hpp"

namespace elegans::train {
namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t prefix_size = 10;  // magic, version, and the header's length in its first two bytes
constexpr std::size_t alignment = 64;
constexpr const char* damaged = "The file is damaged, or was not written by numpy.save.";

double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 0x1f;
  const double fraction = bits & 0x3ffU;
  const double sign = bits & 0x8000U ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  if (exponent == 0x1f)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

// The item at `from`, whose bytes are turned round where its order is not the machine's.
template <class T>
T item_at(const std::byte* from, bool swap) {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if (swap) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

// Reads items one after the other into values or texts.
class Items {
 public:
  Items(const NpyHeader& header, const std::string& source, NumpyArray& array)
      : header_(header), source_(source), array_(array) {
    const bool is_big = header.dtype[0] == '>';
    swap_ = header.dtype[0] != '|' && header.dtype[0] != '=' && is_big == (std::endian::native == std::endian::little);
  }

  void add(const std::byte* item) {
    if (header_.kind() == 'U') return array_.texts.push_back(utf8(item));
    if (header_.kind() == 'S') return array_.texts.push_back(bytes(item));
    array_.values.push_back(number(item));
  }

 private:
  [[noreturn]] void refuse(const std::string& actual, const std::string& required, const std::string& remedy) const {
    throw FormatError(Complaint{source_, fmt::format("item {}", std::max(array_.values.size(), array_.texts.size())),
                                actual, required, remedy});
  }

  double number(const std::byte* item) const {
    const std::size_t size = header_.item_size;
    switch (header_.kind()) {
      case 'f':
        return size == 2   ? half_to_double(item_at<std::uint16_t>(item, swap_))
               : size == 4 ? static_cast<double>(item_at<float>(item, swap_))
                           : item_at<double>(item, swap_);
      case 'i':
        return size == 1   ? whole(item_at<std::int8_t>(item, false))
               : size == 2 ? whole(item_at<std::int16_t>(item, swap_))
               : size == 4 ? whole(item_at<std::int32_t>(item, swap_))
                           : whole(item_at<std::int64_t>(item, swap_));
      case 'u':
        return size == 1   ? whole(item_at<std::uint8_t>(item, false))
               : size == 2 ? whole(item_at<std::uint16_t>(item, swap_))
               : size == 4 ? whole(item_at<std::uint32_t>(item, swap_))
                           : whole(item_at<std::uint64_t>(item, swap_));
      default:
        return item_at<std::uint8_t>(item, false) == 0 ? 0 : 1;
    }
  }

  template <class T>
  double whole(T value) const {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    if constexpr (sizeof(T) == 8) {
      const bool fits = std::cmp_less_equal(value, exact) && std::cmp_greater_equal(value, -exact);
      if (!fits)
        refuse(fmt::format("{}", value), "an integer within ±2^53, which a double can hold",
               "Subtract an origin, or save it as float64 where rounding does no harm.");
    }
    return static_cast<double>(value);
  }

  std::string utf8(const std::byte* item) const {
    std::string text;
    std::size_t zeros = 0;
    for (std::size_t i = 0; i < header_.item_size; i += 4) {
      const auto code = item_at<std::uint32_t>(item + i, swap_);
      if (code == 0) {
        ++zeros;
        continue;
      }
      text.append(std::exchange(zeros, 0), '\0');
      append(text, code);
    }
    return text;
  }

  void append(std::string& text, std::uint32_t code) const {
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      refuse(fmt::format("text with the code {:#x}", code), "Unicode", damaged);
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xc0 | code >> 6U);
    } else {
      if (code < 0x10000) {
        put(0xe0 | code >> 12U);
      } else {
        put(0xf0 | code >> 18U);
        put(0x80 | (code >> 12U & 0x3fU));
      }
      put(0x80 | (code >> 6U & 0x3fU));
    }
    put(0x80 | (code & 0x3fU));
  }

  std::string bytes(const std::byte* item) const {
    std::string text(reinterpret_cast<const char*>(item), header_.item_size);
    text.erase(text.find_last_not_of('\0') + 1);
    if (!is_utf8(text)) refuse(quote(text, 30), "text in UTF-8", "Save it as numpy.str_.");
    return text;
  }

  const NpyHeader& header_;
  const std::string& source_;
  NumpyArray& array_;
  bool swap_ = false;
};

// The product of the sizes; ConfigError or FormatError before it is beyond what there may be.
std::uint64_t count_items(const NpyHeader& header, std::uint64_t size, const std::string& source) {
  std::uint64_t items = 1;
  if (std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end()) items = 0;
  for (const std::size_t extent : header.shape) {
    if (items == 0) break;
    if (extent > std::numeric_limits<std::uint64_t>::max() / items / header.item_size)
      throw FormatError(Complaint{source, fmt::format("its shape {}", to_string(header.shape)),
                                  "more than a file can hold", fmt::format("the {} bytes that are there", size),
                                  damaged});
    items *= extent;
  }
  if (items * header.item_size == size) return items;
  throw FormatError(
      Complaint{source, fmt::format("its data for shape {} of {}", to_string(header.shape), quote(header.dtype, 30)),
                fmt::format("{} bytes long", size), fmt::format("{}", items * header.item_size),
                size < items * header.item_size ? "The file was cut off: copy or save it again." : damaged});
}

// Values in Fortran's order, the first index fastest, to C order.
template <class T>
std::vector<T> in_c_order(std::vector<T> values, std::span<const std::size_t> shape) {
  if (values.empty() || shape.size() < 2) return values;
  std::vector<T> ordered;
  ordered.reserve(values.size());
  std::vector<std::size_t> index(shape.size()), stride(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * shape[d - 1];
  std::size_t from = 0;
  while (ordered.size() < values.size()) {
    ordered.push_back(std::move(values[from]));
    for (std::size_t d = shape.size(); d-- > 0;) {
      from += stride[d];
      if (++index[d] < shape[d]) break;
      from -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return ordered;
}

NpyHeader read_header(const ByteReader& read, std::uint64_t& size, const std::string& source) {
  const auto require = [&](std::uint64_t bytes) {
    if (size < bytes)
      throw FormatError(
          Complaint{source, "the file", "cut off in its header", "a .npy file", "Copy or save it again."});
    size -= bytes;
  };
  require(prefix_size);
  std::array<std::byte, prefix_size> prefix;
  read(prefix);
  if (std::memcmp(prefix.data(), magic.data(), magic.size()) != 0)
    throw FormatError(Complaint{source, "its first bytes", quote({reinterpret_cast<const char*>(prefix.data()), 6}),
                                "those of a .npy file, '\\x93NUMPY'", "Save it with numpy.save."});
  const auto byte = [&](std::size_t at) { return std::to_integer<std::uint32_t>(prefix[at]); };
  if (byte(6) < 1 || byte(6) > 3 || byte(7) != 0)
    throw FormatError(
        Complaint{source, "its format version", fmt::format("{}.{}", byte(6), byte(7)), "1.0, 2.0 or 3.0", damaged});
  std::uint64_t length = byte(8) | byte(9) << 8U;
  if (byte(6) > 1) {
    require(2);
    std::array<std::byte, 2> high;
    read(high);
    length |= std::uint64_t{std::to_integer<std::uint32_t>(high[0]) | std::to_integer<std::uint32_t>(high[1]) << 8U}
              << 16U;
  }
  constexpr std::uint64_t most = 1 << 20;  // one of an array of numbers or text takes 128 bytes
  if (length > most)
    throw FormatError(Complaint{source, "its header", fmt::format("{} bytes long", length),
                                fmt::format("at most {}", most), damaged});
  require(length);
  std::string text(length, '\0');
  read(std::as_writable_bytes(std::span(text)));
  return parse_npy_header(text, source);
}

}  // namespace

std::string to_string(std::span<const std::size_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

NumpyArray read_npy(const ByteReader& read, std::uint64_t size, const std::string& source, std::uint64_t max_bytes) {
  const NpyHeader header = read_header(read, size, source);
  const std::uint64_t items = count_items(header, size, source);
  NumpyArray array{.dtype = header.dtype, .shape = header.shape};
  const std::size_t memory = array.holds_text() ? sizeof(std::string) + header.item_size : sizeof(double);
  if (items > max_bytes / memory)
    throw ConfigError(Complaint{source, "the memory it takes", fmt::format("{} items of {} bytes", items, memory),
                                fmt::format("at most {} bytes", max_bytes), "Raise the limit, or save it in parts."});
  array.holds_text() ? array.texts.reserve(items) : array.values.reserve(items);
  Items reader(header, source, array);
  constexpr std::size_t most_at_once = 1 << 16;
  const std::size_t at_once = std::max<std::size_t>(1, most_at_once / header.item_size);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(at_once, items)) * header.item_size);
  for (std::uint64_t done = 0; done < items;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(at_once, items - done));
    read(std::span(buffer).first(count * header.item_size));
    for (std::size_t i = 0; i < count; ++i) reader.add(buffer.data() + i * header.item_size);
    done += count;
  }
  if (header.fortran_order) {
    array.values = in_c_order(std::move(array.values), array.shape);
    array.texts = in_c_order(std::move(array.texts), array.shape);
  }
  return array;
}

NumpyArray read_npy(const std::filesystem::path& file) {
  FileReader reader(file);
  return read_npy([&](std::span<std::byte> out) { reader.read(out); }, reader.size(), file.string(),
                  std::numeric_limits<std::uint64_t>::max());
}

NumpyArray parse_npy(std::span<const std::byte> bytes, std::string_view source) {
  std::size_t at = 0;
  const auto read = [&](std::span<std::byte> out) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
    at += out.size();
  };
  return read_npy(read, bytes.size(), std::string(source), std::numeric_limits<std::uint64_t>::max());
}

void write_npy(const std::filesystem::path& file, const std::vector<std::size_t>& shape,
               std::span<const double> values) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  if (count != values.size())
    throw ShapeError(Complaint{"write_npy", "the number of values", fmt::format("{}", values.size()),
                               fmt::format("{}, those of shape {}", count, to_string(shape)), ""});
  std::string header = fmt::format("{{'descr': '{}f8', 'fortran_order': False, 'shape': ({}{}), }}",
                                   std::endian::native == std::endian::little ? '<' : '>', fmt::join(shape, ", "),
                                   shape.size() == 1 ? "," : "");
  header.append(alignment - 1 - (prefix_size + header.size()) % alignment, ' ');
  header += '\n';
  std::string prefix(magic);
  prefix += {'\x01', '\x00', static_cast<char>(header.size() & 0xffU), static_cast<char>(header.size() >> 8U)};
  write_file_atomically(file, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(prefix)));
    sink(std::as_bytes(std::span(header)));
    sink(std::as_bytes(values));
  });
}

}  // namespace elegans::train
