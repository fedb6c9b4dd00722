#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/safetensors.hpp"
#include "model/stored_dtype.hpp"

namespace elegans::model {
namespace {

std::vector<const StoredTensor*> in_file_order(std::span<const StoredTensor> tensors) {
  std::vector<const StoredTensor*> sorted;
  for (const StoredTensor& tensor : tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
  });
  return sorted;
}

void check(const StoredTensor& tensor) {
  const std::string where = fmt::format("write_safetensors, tensor {}", quote(tensor.name));
  if (tensor.name == metadata_key) {
    throw ConfigError(Complaint{where, "its name", "taken by the format", "another name", "Rename the tensor."});
  }
  const auto size = byte_size(tensor.dtype, tensor.shape);
  if (!size) {
    throw ConfigError(Complaint{where, "its shape", describe(tensor.dtype, tensor.shape),
                                "no negative extent, and at most 2^63 - 1 bytes", "Check its shape."});
  }
  if (*size != tensor.data.size()) {
    throw ConfigError(Complaint{where, "its data", fmt::format("{} bytes", tensor.data.size()),
                                fmt::format("{} for {}", *size, describe(tensor.dtype, tensor.shape)),
                                "Pass all of its elements, without gaps."});
  }
  if (const auto bad = first_non_boolean(tensor)) {
    throw ConfigError(Complaint{where, fmt::format("element {}", *bad),
                                fmt::format("{}", std::to_integer<int>(tensor.data[*bad])), "0 or 1",
                                "Store true as 1 and false as 0."});
  }
}

// Ours and not nlohmann's, for its order is that of the bytes.
std::string header_text(const std::vector<const StoredTensor*>& tensors, const StoredMetadata& metadata) {
  std::string text;
  if (!metadata.empty()) text = fmt::format("\"{}\":{}", metadata_key, to_json_text(metadata));
  std::uint64_t offset = 0;
  std::vector<std::string_view> names;
  for (const StoredTensor* tensor : tensors) {
    check(*tensor);
    names.push_back(tensor->name);
    text += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", text.empty() ? "" : ",",
                        to_json_text(tensor->name), name_of(tensor->dtype), fmt::join(tensor->shape, ","), offset,
                        offset + tensor->data.size());
    offset += tensor->data.size();
  }
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    throw ConfigError(Complaint{"write_safetensors", fmt::format("tensor {}", quote(*twice)), "given twice",
                                "each name once", "Rename one of the two."});
  }
  text = fmt::format("{{{}}}", text);
  constexpr std::size_t alignment = 8;
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  if (text.size() > max_header_bytes) {
    throw ConfigError(Complaint{"write_safetensors", "its header", fmt::format("{} bytes", text.size()),
                                fmt::format("at most {}", max_header_bytes), "Shorten the metadata or the names."});
  }
  return text;
}

void put_file(const ByteSink& put, const std::string& header, const std::vector<const StoredTensor*>& tensors) {
  const std::uint64_t header_bytes = header.size();
  put(std::as_bytes(std::span(&header_bytes, 1)));
  put(std::as_bytes(std::span(header)));
  for (const StoredTensor* tensor : tensors) put(tensor->data);
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const StoredMetadata& metadata) {
  const auto sorted = in_file_order(tensors);
  const std::string header = header_text(sorted, metadata);
  write_file_atomically(path, [&](const ByteSink& put) { put_file(put, header, sorted); });
}

std::vector<std::byte> to_safetensors(std::span<const StoredTensor> tensors, const StoredMetadata& metadata) {
  const auto sorted = in_file_order(tensors);
  std::vector<std::byte> file;
  const ByteSink put = [&](std::span<const std::byte> bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
  put_file(put, header_text(sorted, metadata), sorted);
  return file;
}

}  // namespace elegans::model
