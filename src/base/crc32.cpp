#include "elegans/base/crc32.hpp"

#include <array>

namespace elegans {
namespace {

// What eight steps of the division do to each value of a byte.
constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> rows{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1U) != 0 ? 0xEDB88320U : 0U);
    rows[byte] = rest;
  }
  return rows;
}();

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
  std::uint32_t rest = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) rest = (rest >> 8) ^ table[(rest ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  return ~rest;
}

}  // namespace elegans
