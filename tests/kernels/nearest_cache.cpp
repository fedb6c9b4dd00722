#include "elegans/kernels/nearest_cache.hpp"

#include <gtest/gtest.h>
#include <array>

namespace elegans::kernels {
namespace {

TEST(NearestCache, IsTakenForOneOfTheUsualSizeWhereNoneIsTold) {
  EXPECT_EQ(first_level_cache_bytes(49152), 49152);
  EXPECT_EQ(first_level_cache_bytes(0), 32768);
  EXPECT_EQ(first_level_cache_bytes(-1), 32768);
  EXPECT_GT(first_level_cache_bytes(), 0);
}

// Beyond the end of an array, of an array of nothing, and where there is no memory.
TEST(NearestCache, IsAskedForNumbersThatAreNobodys) {
  const std::array<std::byte, 3> few{};
  fetch(few.data(), 1 << 20);
  fetch(few.data(), 0);
  fetch(nullptr, 4096);
  EXPECT_EQ(few[2], std::byte{0});
}

}  // namespace
}  // namespace elegans::kernels
