#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <tuple>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/safetensors.hpp"
#include "model/stored_dtype.hpp"

namespace elegans::model {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format's bytes are taken as they are");

constexpr std::size_t prefix_bytes = sizeof(std::uint64_t);
constexpr const char* damaged = "The file is damaged or was edited: copy or save it again.";
constexpr const char* foreign = "It is no safetensors file, or its first bytes are damaged.";

struct Header {
  std::vector<StoredTensor> tensors;  // in file order; their data not yet set
  StoredMetadata metadata;
};

// A tensor and the bytes that its entry claims.
struct Claim {
  StoredTensor tensor;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::string in_tensor(const std::string& source, const std::string& name) {
  return fmt::format("{}, tensor {}", source, quote(name));
}

Claim read_entry(const std::string& name, const json& value, const std::string& source) {
  const std::string where = in_tensor(source, name);
  const JsonObject entry(value, where, {"dtype", "shape", "data_offsets"});
  const auto& names = dtype_names();
  const auto dtype = std::find(names.begin(), names.end(), entry.choice("dtype", names)) - names.begin();
  Claim claim{.tensor = {.name = name,
                         .dtype = static_cast<StoredDtype>(dtype),
                         .shape = entry.integers("shape", {.at_least = 0}),
                         .data = {}}};
  const auto offsets = entry.integers("data_offsets", {.at_least = 0});
  if (offsets.size() != 2) throw entry.error("data_offsets", "its first byte and the one behind its last", damaged);
  claim.begin = offsets[0];
  claim.end = offsets[1];

  const std::string described = describe(claim.tensor.dtype, claim.tensor.shape);
  const auto size = byte_size(claim.tensor.dtype, claim.tensor.shape);
  if (!size) throw FormatError(Complaint{where, "its type and shape", described, "at most 2^63 - 1 bytes", damaged});
  if (claim.end < claim.begin || static_cast<std::uint64_t>(claim.end - claim.begin) != *size) {
    throw FormatError(Complaint{where, "its range of bytes", fmt::format("{} to {}", claim.begin, claim.end),
                                fmt::format("{} bytes for {}", *size, described), damaged});
  }
  return claim;
}

StoredMetadata read_metadata(const json& value, const std::string& source) {
  const std::string where = fmt::format("{}, {}", source, metadata_key);
  std::vector<std::string> keys;
  if (value.is_object()) {
    for (const auto& member : value.items()) keys.push_back(member.key());
  }
  const JsonObject object(value, where, keys);
  StoredMetadata metadata;
  for (const auto& key : keys) metadata.emplace(key, object.text(key));
  return metadata;
}

// The tensors must cover the `data_bytes` behind the header without gap or overlap.
void check_cover(const std::vector<Claim>& claims, std::uint64_t data_bytes, const std::string& source) {
  std::int64_t covered = 0;
  const Claim* previous = nullptr;
  for (const Claim& claim : claims) {
    if (claim.begin != covered) {
      throw FormatError(Complaint{
          in_tensor(source, claim.tensor.name), "its first byte", fmt::format("{}", claim.begin),
          previous == nullptr
              ? fmt::format("{}", covered)
              : fmt::format("{}, where tensor {} ends (no gap, no overlap)", covered, quote(previous->tensor.name)),
          damaged});
    }
    covered = claim.end;
    previous = &claim;
  }
  if (static_cast<std::uint64_t>(covered) == data_bytes) return;
  const bool is_short = data_bytes < static_cast<std::uint64_t>(covered);
  throw FormatError(Complaint{source, "what follows the header", fmt::format("{} bytes", data_bytes),
                              fmt::format("{} for its tensors", covered),
                              is_short ? "The file is cut short: copy or save it again."
                                       : "Something was added behind the last tensor: copy or save it again."});
}

Header parse_header(std::string_view text, std::uint64_t data_bytes, const std::string& source) {
  if (text.empty() || text.front() != '{') {
    throw FormatError(Complaint{source, "the first character of its header",
                                text.empty() ? "missing" : quote(text.substr(0, 1)), "'{'", foreign});
  }
  // An entry is a list in an object in the header.
  const json header = parse_json(text, source + ", header", {.max_depth = 3});
  Header result;
  std::vector<Claim> claims;
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key) {
      result.metadata = read_metadata(value, source);
    } else {
      claims.push_back(read_entry(name, value, source));
    }
  }
  // Empty tensors share their first byte with the one that follows: they come before it.
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tie(a.begin, a.end, a.tensor.name) < std::tie(b.begin, b.end, b.tensor.name);
  });
  check_cover(claims, data_bytes, source);
  for (Claim& claim : claims) result.tensors.push_back(std::move(claim.tensor));
  return result;
}

// Memory that nothing has touched: the reader fills it.
std::unique_ptr<std::byte[]> take_memory(std::uint64_t bytes, const std::string& source) {
  std::unique_ptr<std::byte[]> memory(new (std::nothrow) std::byte[bytes]);
  if (memory == nullptr) {
    throw FileError(Complaint{source, "its size", fmt::format("{} bytes", bytes), "a file that fits into memory",
                              "Read it on a machine with more memory."});
  }
  return memory;
}

void check_booleans(const StoredTensor& tensor, const std::string& source) {
  const auto bad = first_non_boolean(tensor);
  if (!bad) return;
  throw FormatError(Complaint{in_tensor(source, tensor.name), fmt::format("element {}", *bad),
                              fmt::format("{}", std::to_integer<int>(tensor.data[*bad])), "0 or 1", damaged});
}

// The file of `size` bytes that `read` yields piece by piece.
StoredTensors assemble(std::uint64_t size, const std::function<void(std::span<std::byte>)>& read,
                       const std::string& source) {
  if (size < prefix_bytes) {
    throw FormatError(Complaint{source, "its size", fmt::format("{} bytes", size),
                                fmt::format("at least the {} that hold the size of the header", prefix_bytes),
                                foreign});
  }
  std::array<std::byte, prefix_bytes> prefix;
  read(prefix);
  const auto header_bytes = std::bit_cast<std::uint64_t>(prefix);
  if (header_bytes > max_header_bytes) {
    throw FormatError(Complaint{source, "the size of its header", fmt::format("{} bytes", header_bytes),
                                fmt::format("at most {}", max_header_bytes), foreign});
  }
  if (header_bytes > size - prefix_bytes) {
    throw FormatError(Complaint{source, "the size of its header", fmt::format("{} bytes", header_bytes),
                                fmt::format("at most the {} that follow", size - prefix_bytes),
                                "The file is cut short or no safetensors file."});
  }
  std::string text(header_bytes, '\0');
  read(std::as_writable_bytes(std::span(text)));
  const std::uint64_t data_bytes = size - prefix_bytes - header_bytes;
  Header header = parse_header(text, data_bytes, source);

  auto bytes = take_memory(data_bytes, source);
  read({bytes.get(), data_bytes});
  std::size_t offset = 0;
  for (StoredTensor& tensor : header.tensors) {
    tensor.data = {bytes.get() + offset, *byte_size(tensor.dtype, tensor.shape)};
    offset += tensor.data.size();
    check_booleans(tensor, source);
  }
  return StoredTensors(std::move(bytes), std::move(header.tensors), std::move(header.metadata));
}

}  // namespace

StoredTensors::StoredTensors(std::unique_ptr<const std::byte[]> bytes, std::vector<StoredTensor> tensors,
                             StoredMetadata metadata)
    : bytes_(std::move(bytes)), tensors_(std::move(tensors)), metadata_(std::move(metadata)) {}

const StoredTensor* StoredTensors::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& tensor) { return tensor.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

StoredTensors read_safetensors(const std::filesystem::path& path) {
  FileReader file(path);
  return assemble(
      file.size(), [&](std::span<std::byte> out) { file.read(out); }, path.string());
}

StoredTensors parse_safetensors(std::span<const std::byte> file, std::string_view source_name) {
  const auto read = [rest = file](std::span<std::byte> out) mutable {
    std::copy_n(rest.begin(), out.size(), out.begin());
    rest = rest.subspan(out.size());
  };
  return assemble(file.size(), read, std::string(source_name));
}

}  // namespace elegans::model
