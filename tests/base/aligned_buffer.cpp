// Memory of tensors: where it begins, that it is zeroed, and who owns it.

#include "elegans/base/aligned_buffer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
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

TEST(AlignedBuffer, OfFourMebibytesBeginsAtAHugePage) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  for (const std::size_t bytes : {4 * mebibyte, 5 * mebibyte + 1}) {
    AlignedBuffer buffer(bytes);
    EXPECT_EQ(address(buffer) % (2 * mebibyte), 0U) << bytes;
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_TRUE(is_zero(buffer));
    buffer.data()[bytes - 1] = std::byte{1};
  }
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
