#include "model/stored_dtype.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <limits>

namespace elegans::model {
namespace {

struct Row {
  std::string_view name;
  std::size_t bytes;
};

// In the order of StoredDtype.
constexpr std::array<Row, 13> rows{{{"BOOL", 1},
                                    {"U8", 1},
                                    {"I8", 1},
                                    {"I16", 2},
                                    {"U16", 2},
                                    {"F16", 2},
                                    {"BF16", 2},
                                    {"I32", 4},
                                    {"U32", 4},
                                    {"F32", 4},
                                    {"F64", 8},
                                    {"I64", 8},
                                    {"U64", 8}}};
static_assert(rows.size() == static_cast<std::size_t>(StoredDtype::u64) + 1);

}  // namespace

std::string_view name_of(StoredDtype dtype) { return rows[static_cast<std::size_t>(dtype)].name; }
std::size_t bytes_of(StoredDtype dtype) { return rows[static_cast<std::size_t>(dtype)].bytes; }

const std::vector<std::string>& dtype_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Row& row : rows) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

std::optional<std::uint64_t> byte_size(StoredDtype dtype, const std::vector<std::int64_t>& shape) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  std::uint64_t size = bytes_of(dtype);
  bool is_empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return {};
    if (extent == 0) {
      is_empty = true;
    } else {
      if (size > most / static_cast<std::uint64_t>(extent)) return {};
      size *= static_cast<std::uint64_t>(extent);
    }
  }
  return is_empty ? 0 : size;
}

std::optional<std::size_t> first_non_boolean(const StoredTensor& tensor) {
  if (tensor.dtype != StoredDtype::boolean) return {};
  const auto is_boolean = [](std::byte value) { return value <= std::byte{1}; };
  const auto bad = std::find_if_not(tensor.data.begin(), tensor.data.end(), is_boolean);
  return bad == tensor.data.end() ? std::nullopt : std::optional<std::size_t>(bad - tensor.data.begin());
}

std::string describe(StoredDtype dtype, const std::vector<std::int64_t>& shape) {
  return fmt::format("{} [{}]", name_of(dtype), fmt::join(shape, ", "));
}

}  // namespace elegans::model
