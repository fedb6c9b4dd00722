// Memory of tensors: where it begins, that it is zeroed, and who owns it.

#include "elegans/base/aligned_buffer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>

namespace elegans {
namespace {

std::uintptr_t address(const AlignedBuffer& buffer) { return reinterpret_cast<std::uintptr_t>(buffer.data()); }

bool is_zero(const AlignedBuffer& buffer) {
  return std::ranges::all_of(std::span(buffer.data(), buffer.bytes()), [](std::byte b) { return b == std::byte{0}; });
}

TEST(AlignedBuffer, BeginsAtACacheLineAndIsZero) {
  for (const std::size_t bytes : {1, 63, 64, 1000, 100000}) {
    const AlignedBuffer buffer(bytes);
    EXPECT_EQ(address(buffer) % 64, 0U) << bytes;
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_TRUE(is_zero(buffer)) << bytes;
  }
}

TEST(AlignedBuffer, OfNoBytesHasNoMemory) {
  EXPECT_EQ(AlignedBuffer(0).data(), nullptr);
  EXPECT_EQ(AlignedBuffer::uninitialised(0).data(), nullptr);
}

TEST(AlignedBuffer, LargeOnesBeginAtSixteenPlacesOfAPageInTurn) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  std::set<std::uintptr_t> places;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t bytes = 4 * mebibyte + i;
    AlignedBuffer buffer(bytes);
    EXPECT_EQ(address(buffer) % 64, 0U) << bytes;
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_TRUE(is_zero(buffer));
    buffer.data()[bytes - 1] = std::byte{1};
    places.insert(address(buffer) % 4096);
  }
  EXPECT_EQ(places.size(), 16U);
}

TEST(AlignedBuffer, APartKeepsTheMemory) {
  AlignedBuffer part;
  {
    AlignedBuffer whole(8 << 20);
    part = whole.part(6 << 20, 64);
    whole.data()[6 << 20] = std::byte{7};
  }
  EXPECT_EQ(part.bytes(), 64U);
  EXPECT_EQ(part.data()[0], std::byte{7});
}

}  // namespace
}  // namespace elegans
