#include "elegans/train/builtin.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "elegans/train/ts_format.hpp"

namespace elegans::train {
namespace {

struct Range {
  std::size_t shortest, longest;
};
Range lengths(const Dataset& data) {
  Range range{data.steps(0), data.steps(0)};
  for (std::size_t s = 0; s < data.size(); ++s)
    range = {std::min(range.shortest, data.steps(s)), std::max(range.longest, data.steps(s))};
  return range;
}

std::vector<int> cases_per_class(const Dataset& data) {
  std::vector<int> count(data.schema.classes.size());
  for (std::size_t s = 0; s < data.size(); ++s) ++count[static_cast<std::size_t>(data.labels(s)[0])];
  return count;
}

// Sizes as the donors publish them: 30 utterances of each speaker, then 31 35 88 44 29 24 40 50 29.
TEST(Builtin, JapaneseVowelsHasThePublishedSizes) {
  const Dataset train = japanese_vowels(BuiltinPart::train), test = japanese_vowels(BuiltinPart::test);
  EXPECT_EQ(train.size(), 270U);
  EXPECT_EQ(test.size(), 370U);
  EXPECT_EQ(train.feature_count(), 12U);
  EXPECT_EQ(train.schema.features[11], "cepstrum 12");
  EXPECT_THAT(train.schema.classes, testing::ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_EQ(train.schema.classes, test.schema.classes);
  EXPECT_EQ(lengths(train).shortest, 7U);
  EXPECT_EQ(lengths(train).longest, 26U);
  EXPECT_EQ(lengths(test).shortest, 7U);
  EXPECT_EQ(lengths(test).longest, 29U);
  EXPECT_THAT(cases_per_class(train), testing::Each(30));
  EXPECT_THAT(cases_per_class(test), testing::ElementsAre(31, 35, 88, 44, 29, 24, 40, 50, 29));
  EXPECT_EQ(train.features(0)[0], 1.860936);
  EXPECT_EQ(train.features(0)[1], -0.207383);
  EXPECT_EQ(test.features(0)[12], 1.547694);
}

TEST(Builtin, JapaneseVowelsIsTheFileOfTheArchive) {
  const std::filesystem::path folder = ELEGANS_SHARED_DIR "/data/japanese_vowels";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the folder " << folder << " is absent";
  for (const auto& [part, file] : {std::pair(BuiltinPart::train, "JapaneseVowels_TRAIN.ts"),
                                   std::pair(BuiltinPart::test, "JapaneseVowels_TEST.ts")}) {
    const Dataset ours = japanese_vowels(part), theirs = read_ts(folder / file);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t s = 0; s < ours.size(); ++s) {
      EXPECT_TRUE(std::ranges::equal(ours.features(s), theirs.features(s))) << file << ", case " << s;
      EXPECT_TRUE(std::ranges::equal(ours.labels(s), theirs.labels(s))) << file << ", case " << s;
    }
  }
}

TEST(Builtin, NamesPublishedFigures) {
  ASSERT_FALSE(japanese_vowels_figures().empty());
  EXPECT_EQ(japanese_vowels_figures()[0].accuracy, "94.9 %");
}

}  // namespace
}  // namespace elegans::train
