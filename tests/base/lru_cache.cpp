#include "elegans/base/lru_cache.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/message_of.hpp"

namespace elegans {
namespace {

TEST(LruCache, DropsTheLeastRecentlyUsed) {
  LruCache<int, std::string> cache(2);
  cache.insert(1, "one");
  cache.insert(2, "two");
  ASSERT_NE(cache.find(1), nullptr);  // 2 is now the older
  cache.insert(3, "three");
  EXPECT_EQ(cache.find(2), nullptr);
  EXPECT_EQ(*cache.find(1), "one");
  EXPECT_EQ(*cache.find(3), "three");
  EXPECT_EQ(cache.size(), 2U);
}

TEST(LruCache, ReplacesAnEntryWithoutDroppingAnother) {
  LruCache<int, std::string> cache(2);
  cache.insert(1, "one");
  cache.insert(2, "two");
  EXPECT_EQ(cache.insert(1, "uno"), "uno");
  EXPECT_EQ(*cache.find(2), "two");
  EXPECT_EQ(cache.size(), 2U);
}

TEST(LruCache, KeepsPointersWhileOthersGo) {
  LruCache<int, int> cache(2);
  int* kept = &cache.insert(1, 10);
  cache.insert(2, 20);
  cache.find(1);
  cache.insert(3, 30);
  EXPECT_EQ(cache.find(1), kept);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
}

TEST(LruCache, RefusesNoRoom) {
  EXPECT_EQ(testing::message_of<ConfigError>([] { LruCache<int, int> cache(0); }),
            "cache: capacity is 0; expected 1 or more.");
}

}  // namespace
}  // namespace elegans
