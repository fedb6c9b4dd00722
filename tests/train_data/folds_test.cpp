#include "elegans/train/folds.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "elegans/base/error.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// The first feature of every sequence: what tells them apart.
std::vector<double> firsts(const Dataset& part) {
  std::vector<double> all;
  for (std::size_t s = 0; s < part.size(); ++s) all.push_back(part.features(s)[0]);
  return all;
}

TEST(Folds, TestEverySequenceOnce) {
  const Dataset data = numbered({2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2});
  const std::vector<Parts> made = folds(data, {.count = 4, .validation = 0.25, .seed = 3});
  ASSERT_THAT(made, SizeIs(4));
  std::multiset<double> tested;
  for (const Parts& parts : made) {
    EXPECT_THAT(parts.test.size(), testing::AnyOf(2, 3));
    std::set<double> seen;
    for (const Dataset* part : {&parts.train, &parts.validation, &parts.test})
      for (const double first : firsts(*part)) EXPECT_TRUE(seen.insert(first).second);
    EXPECT_THAT(seen, SizeIs(11));
    EXPECT_EQ(parts.validation.size(), 2U);  // a quarter of 8 or 9
    for (const double first : firsts(parts.test)) tested.insert(first);
  }
  EXPECT_THAT(tested, SizeIs(11));
  EXPECT_EQ(std::set<double>(tested.begin(), tested.end()).size(), 11U);

  const std::vector<Parts> again = folds(data, {.count = 4, .validation = 0.25, .seed = 3});
  EXPECT_EQ(firsts(again[2].test), firsts(made[2].test));
  const std::vector<Parts> other = folds(data, {.count = 4, .seed = 4});
  EXPECT_NE(firsts(other[0].test), firsts(made[0].test));
}

TEST(Folds, GiveEachClassItsShare) {
  std::vector<std::string> classes(9, "a");
  classes.insert(classes.end(), 5, "b");
  for (const Parts& parts : folds(labelled(classes), {.count = 3, .seed = 1, .stratify = Stratify::by_class})) {
    std::map<std::int32_t, std::size_t> count;
    for (std::size_t s = 0; s < parts.test.size(); ++s) ++count[parts.test.labels(s)[0]];
    EXPECT_EQ(count[0], 3U);
    EXPECT_THAT(count[1], testing::AnyOf(1, 2));
  }
}

TEST(Folds, KeepGroupsTogetherAndFoldsEven) {
  Dataset data = numbered({2, 2, 2, 2, 2, 2, 2, 2});
  const std::vector<std::string> people{"ann", "bob", "ann", "cid", "bob", "ann", "dan", "ann"};
  for (std::size_t r = 0; r < people.size(); ++r) data.recordings[r].name = people[r];
  std::vector<std::size_t> sizes;
  for (const Parts& parts : folds(data, {.count = 2, .by = FoldBy::group})) {
    std::set<std::string> trained, tested;
    for (const Recording& recording : parts.train.recordings) trained.insert(recording.name);
    for (const Recording& recording : parts.test.recordings) tested.insert(recording.name);
    for (const std::string& name : tested) EXPECT_EQ(trained.count(name), 0U);
    sizes.push_back(parts.test.size());
  }
  EXPECT_THAT(sizes, ElementsAre(4, 4));  // ann alone, the others together
}

TEST(Folds, InTimeLearnNothingFromTheFuture) {
  const std::vector<Parts> made = folds(numbered({10, 5}), {.count = 4, .by = FoldBy::time, .validation = 0.5});
  ASSERT_THAT(made, SizeIs(4));
  EXPECT_THAT(made[0].test.features(0), ElementsAre(2, 3));
  EXPECT_THAT(made[0].test.features(1), ElementsAre(101));
  EXPECT_THAT(made[3].test.features(0), ElementsAre(8, 9));
  EXPECT_THAT(made[3].train.features(0), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(made[3].validation.features(0), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(made[3].test.targets(1), ElementsAre(-104));
}

TEST(FoldsErrors, Texts) {
  const auto error = [](const Dataset& data, const FoldOptions& options) {
    return message_of<ConfigError>([&] { folds(data, options); });
  };
  EXPECT_EQ(error(numbered({2, 2}), {.count = 1}), "folds: count is 1; expected 2 or more.");
  EXPECT_EQ(error(numbered({2, 2}), {.count = 3}), "folds: count is 3; expected at most 2, the sequences there are.");
  EXPECT_EQ(error(numbered({2, 2}), {.count = 2, .validation = 1}),
            "folds: validation is 1; expected 0 or more and less than 1.");
  EXPECT_EQ(error(numbered({9, 2}), {.count = 2, .by = FoldBy::time}),
            "folds: count is 2; expected less than 2, the steps of recording 'r1'.");
  EXPECT_EQ(error(windows(numbered({9}), {.length = 3}), {.count = 2, .by = FoldBy::time}),
            "folds: the data set is cut into windows or selected from one; expected whole recordings. Cut windows "
            "afterwards.");
  EXPECT_EQ(error(numbered({2, 2}), {.count = 2, .stratify = Stratify::by_class}),
            "folds: stratify is by_class; expected no, for a sequence has no single class here. Take the target of the "
            "last step or of the whole recording.");
  Dataset one = numbered({2, 2, 2});
  for (Recording& recording : one.recordings) recording.name = "same";
  EXPECT_EQ(error(one, {.count = 2, .by = FoldBy::group}),
            "folds: count is 2; expected at most 1, the groups there are.");
}

}  // namespace
}  // namespace elegans::train
