#include "elegans/train/classes.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "elegans/base/error.hpp"
#include "elegans/train/read_csv.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;

TEST(Classes, AreSortedByValueIfTheyAreNumbers) {
  EXPECT_THAT(sorted_classes({"walk", "run", "walk", "Rest"}), ElementsAre("Rest", "run", "walk"));
  EXPECT_THAT(sorted_classes({"10", "9", "-1", "9"}), ElementsAre("-1", "9", "10"));
  EXPECT_THAT(sorted_classes({"10", "9", "x"}), ElementsAre("10", "9", "x"));
}

TEST(Classes, AreLearntFromTheTrainingPart) {
  Parts parts = split_by_group(labelled({"b", "d", "a", "b", "d"}), {.validation = {"r3"}, .test = {"r2"}});
  EXPECT_THAT(classes_in(parts.train), ElementsAre("b", "d"));
  EXPECT_EQ(message_of<FormatError>([&] { learn_classes(parts); }),
            "recording 'r2', step 0: the class is 'a'; expected one of the 2 classes of the training part. Did you "
            "mean 'b' or "
            "'d'? Train on data that has every class, or leave its rows out.");
}

TEST(Classes, LabelsFollowTheNames) {
  Parts parts = split_by_group(labelled({"c", "a", "b", "a"}), {.validation = {"r1"}, .test = {}});
  parts.train.schema.classes = {"p", "q", "r"};  // the file's names; a, b and c stand for 0, 1 and 2
  parts.validation.schema.classes = {"p", "q", "r"};
  const std::vector<std::string> classes{"r", "q", "p"};
  relabel(parts.train, classes);
  relabel(parts.validation, classes);
  EXPECT_THAT(parts.train.labels(0), ElementsAre(0));
  EXPECT_THAT(parts.train.labels(1), ElementsAre(1));
  EXPECT_THAT(parts.train.labels(2), ElementsAre(2));
  EXPECT_THAT(parts.validation.labels(0), ElementsAre(2));
  EXPECT_EQ(parts.train.schema.classes, classes);
}

TEST(Classes, UnseenOneNamesTheRow) {
  const auto read = [](const std::string& text) {
    std::istringstream in(text);
    return read_csv(in, "test.csv", {.targets = {"y"}});
  };
  const Dataset training = read("x,y\n1,walk\n2,run\n");
  Dataset test = read("x,y\n1,run\n\n2,jump\n");
  EXPECT_EQ(
      message_of<FormatError>([&] { relabel(test, classes_in(training)); }),
      "test.csv, line 4: the class is 'jump'; expected one of the 2 classes of the training part. Known are 'run' or "
      "'walk'. Train on data that has every class, or leave its rows out.");
}

TEST(Classes, StepsOfNoSequenceAreNotLookedAt) {
  std::istringstream in("x,y\n1,a\n2,b\n3,rare\n");
  Dataset data = read_csv(in, "data.csv", {.targets = {"y"}});
  data.sequences = {{0, 0, 2}};
  EXPECT_THAT(classes_in(data), ElementsAre("a", "b"));
  relabel(data, classes_in(data));
  EXPECT_NO_THROW(validate(data));
  relabel(data, std::vector<std::string>{"b", "a"});
  EXPECT_THAT(data.labels(0), ElementsAre(1, 0));
}

// A step without a label has weight 0 and, for a number, the first class of the file.
TEST(Classes, LabelsOfWeightZeroAreNone) {
  std::istringstream in("t,sensor,reading,who\n0,x,1,a\n0,y,rare,a\n0,x,2,b\n1,x,3,b\n1,y,up,b\n2,x,4,b\n2,y,down,b\n");
  const Dataset data =
      read_csv(in, "log.csv", {.time = "t", .targets = {"y"}, .group = "who", .channel = "sensor", .value = "reading"});
  ASSERT_THAT(data.schema.classes, ElementsAre("down", "rare", "up"));
  Parts parts = split_by_group(data, {.validation = {}, .test = {"a"}});
  ASSERT_THAT(parts.train.weights(0), ElementsAre(0, 1, 1));
  const std::vector<std::string> classes = classes_in(parts.train);
  EXPECT_THAT(classes, ElementsAre("down", "up"));
  relabel(parts.train, classes);
  EXPECT_THAT(parts.train.labels(0), ElementsAre(0, 1, 0));
  EXPECT_NO_THROW(validate(parts.train));
  EXPECT_EQ(
      message_of<FormatError>([&] { relabel(parts.test, classes); }),
      "log.csv, line 2: the class is 'rare'; expected one of the 2 classes of the training part. Known are 'down' "
      "or 'up'. Train on data that has every class, or leave its rows out.");
}

TEST(Classes, ALabelOfAWholeRecordingOfWeightZeroIsNone) {
  Dataset data = labelled({"a", "rare", "b"});
  for (Recording& recording : data.recordings) recording.weights = {recording.name == "r1" ? 0.0 : 1.0};
  const std::vector<std::string> classes = classes_in(data);
  EXPECT_THAT(classes, ElementsAre("a", "b"));
  relabel(data, classes);
  EXPECT_THAT(data.labels(1), ElementsAre(0));
  EXPECT_THAT(data.labels(2), ElementsAre(1));
  EXPECT_NO_THROW(validate(data));
}

TEST(ClassesErrors, TooFew) {
  EXPECT_EQ(message_of<ConfigError>([] {
              classes_in(labelled({"a", "a"}));
            }),
            "classes_in: the number of classes in the training part is 1; expected at least 2. Check the target column "
            "and the "
            "split.");
  EXPECT_EQ(message_of<ConfigError>([] { classes_in(numbered({2})); }),
            "classes_in: the data set has no classes; expected a target column of class names. Name one, or train on "
            "numbers.");
}

TEST(ClassWeights, AreBalancedByTheirWeights) {
  Recording recording{.features = {1, 2, 3, 4, 5}, .dt = {1, 1, 1, 1, 1}, .labels = {0, 0, 0, 1, 0}};
  const auto data = [&] {
    return make_dataset({.features = {"x"}, .targets = {"y"}, .classes = {"a", "b", "never"}}, {recording});
  };
  // scikit-learn: n / (C n_c)
  EXPECT_EQ(balanced_class_weights(data()), (std::vector<double>{5.0 / (3 * 4), 5.0 / 3, 1}));
  recording.weights = {1, 0, 1, 3, 1};
  EXPECT_EQ(balanced_class_weights(data()), (std::vector<double>{6.0 / (3 * 3), 6.0 / (3 * 3), 1}));
}

TEST(ClassWeights, AreGivenByName) {
  const std::vector<std::string> classes{"down", "up"};
  EXPECT_EQ(class_weights(classes, {{"up", 2.5}}), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(message_of<ConfigError>([&] {
              class_weights(classes, {{"upp", 2.5}});
            }),
            "class weights: the class is 'upp'; expected one of the classes. Did you mean 'up'?");
  EXPECT_EQ(message_of<ConfigError>([&] {
              class_weights(classes, {{"up", -1}});
            }),
            "class weights: that of 'up' is -1; expected a finite number >= 0.");
}

}  // namespace
}  // namespace elegans::train
