#include "elegans/base/crc32.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace elegans {
namespace {

std::uint32_t of(std::string_view text) { return crc32(std::as_bytes(std::span(text))); }

// The check value of the catalogue of CRCs for CRC-32/ISO-HDLC; the others are zlib's.
TEST(Crc32, GivesTheKnownValues) {
  EXPECT_EQ(of("123456789"), 0xCBF43926U);
  EXPECT_EQ(of(""), 0U);
  EXPECT_EQ(of("a"), 0xE8B7BE43U);
  EXPECT_EQ(of(std::string_view("\0\xff", 2)), 0x6CDBFD72U);
}

}  // namespace
}  // namespace elegans
