// NumPy arrays as data sets.

#include "elegans/train/read_arrays.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>

#include "elegans/base/error.hpp"
#include "support/temporary_folder.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using elegans::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::NanSensitiveDoubleEq;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

NamedArray numbers(const char* name, std::vector<std::size_t> shape, std::vector<double> values,
                   const char* dtype = "<f8") {
  return {name, {.dtype = dtype, .shape = std::move(shape), .values = std::move(values)}};
}
NamedArray texts(const char* name, std::vector<std::string> values) {
  return {name, {.dtype = "<U4", .shape = {values.size()}, .texts = std::move(values)}};
}
// 0, 1, 2, …
NamedArray counting(const char* name, std::vector<std::size_t> shape) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(i);
  return numbers(name, std::move(shape), std::move(values));
}

using Arrays = std::vector<NamedArray>;
Dataset read(const Arrays& arrays, const Roles& roles = {}) { return to_dataset(arrays, "a.npz", roles); }

TEST(ReadArrays, OneRecordingWhoseColumnsAreNumbered) {
  const Dataset data = read({counting("x", {2, 4})}, {.time = "1", .targets = {"3"}, .ignore = {"0"}});
  EXPECT_THAT(data.schema.features, ElementsAre("2"));
  EXPECT_THAT(data.schema.targets, ElementsAre("3"));
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(data.recordings[0].name, "a.npz");
  EXPECT_THAT(data.features(0), ElementsAre(2, 6));
  EXPECT_THAT(data.targets(0), ElementsAre(3, 7));
  EXPECT_THAT(data.recordings[0].time, ElementsAre(1, 5));
  EXPECT_THAT(data.dt(0), ElementsAre(4, 4));
  EXPECT_THAT(read({counting("x", {3})}).features(0), ElementsAre(0, 1, 2));
  EXPECT_THAT(read({counting("x", {2, 3})}, {.features = {"2", "0"}}).features(0), ElementsAre(2, 0, 5, 3));
}

TEST(ReadArrays, ManyRecordingsOfTheirLengthsWithNamesTimeAndClasses) {
  const Dataset data = read({counting("x", {2, 3, 2}), texts("y", {"walk", "run"}), counting("t", {2, 3}),
                             numbers("lengths", {2}, {3, 2}), texts("features", {"speed", "load"})});
  EXPECT_THAT(data.schema.features, ElementsAre("speed", "load"));
  EXPECT_THAT(data.schema.classes, ElementsAre("run", "walk"));
  EXPECT_EQ(data.schema.target_at, TargetAt::whole_recording);
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(data.recordings[1].name, "1");
  EXPECT_THAT(data.features(1), ElementsAre(6, 7, 8, 9));
  EXPECT_THAT(data.labels(0), ElementsAre(1));
  EXPECT_THAT(data.labels(1), ElementsAre(0));
  EXPECT_THAT(data.recordings[1].time, ElementsAre(3, 4));
  EXPECT_THAT(data.dt(1), ElementsAre(1, 1));
}

TEST(ReadArrays, TargetsOfEveryStep) {
  const Arrays arrays{counting("x", {2, 3, 1}), counting("y", {2, 3, 2}), counting("weights", {2, 3}),
                      numbers("lengths", {2}, {1, 3})};
  const Dataset data = read(arrays);
  EXPECT_THAT(data.schema.targets, ElementsAre("y 0", "y 1"));
  EXPECT_THAT(data.targets(0), ElementsAre(0, 1));
  EXPECT_THAT(data.targets(1), ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_THAT(data.weights(1), ElementsAre(3, 4, 5));
  const Dataset last = read(arrays, {.targets = {"y 1"}, .target_at = TargetAt::last_step});
  EXPECT_THAT(last.targets(1), ElementsAre(11));
  const Dataset named = read({counting("x", {2, 1}), counting("y", {2}), texts("targets", {"torq"})});
  EXPECT_THAT(named.schema.targets, ElementsAre("torq"));
}

TEST(ReadArrays, ASquareOfTargetsIsWhatItIsAskedFor) {
  const Arrays arrays{counting("x", {2, 3, 1}), counting("y", {2, 3})};
  EXPECT_THAT(read(arrays).targets(1), ElementsAre(3, 4, 5));
  EXPECT_EQ(read(arrays).schema.targets.size(), 1U);
  const Dataset whole = read(arrays, {.target_at = TargetAt::whole_recording});
  EXPECT_THAT(whole.targets(1), ElementsAre(3, 4, 5));
  EXPECT_EQ(whole.schema.targets.size(), 3U);
}

TEST(ReadArrays, WholeNumbersAreClassesUnlessAskedOtherwise) {
  const Arrays arrays{counting("x", {3, 1}), numbers("y", {3}, {10, 9, 10}, "<i8")};
  EXPECT_THAT(read(arrays).schema.classes, ElementsAre("9", "10"));
  EXPECT_THAT(read(arrays).labels(0), ElementsAre(1, 0, 1));
  EXPECT_THAT(read(arrays, {.target_kind = TargetKind::numbers}).targets(0), ElementsAre(10, 9, 10));
  EXPECT_THAT(read({counting("x", {2, 1}), counting("y", {2})}, {.target_kind = TargetKind::classes}).schema.classes,
              ElementsAre("0", "1"));
}

TEST(ReadArrays, TimeBetweenSteps) {
  EXPECT_THAT(read({counting("x", {2, 1}), numbers("dt", {2}, {0.5, 0.25})}).dt(0), ElementsAre(0.5, 0.25));
  const Arrays arrays{counting("x", {3, 1}), numbers("t", {3}, {0, 1, 3})};
  EXPECT_THAT(read(arrays).dt(0), ElementsAre(1.5, 1, 2));
  EXPECT_THAT(read(arrays, {.time = "t", .first_dt = 0}).dt(0), ElementsAre(0, 1, 2));
}

TEST(ReadArrays, MissingValues) {
  const Arrays arrays{numbers("x", {3, 2}, {1, 2, nan, 3, 4, 5})};
  EXPECT_THAT(
      message_of<FormatError>([&] { read(arrays); }),
      HasSubstr("a.npz, recording 'a.npz', step 1: feature '0' is missing; expected a number. Mend it, fill missing "
                "values with the last one (--missing forward-fill)"));
  EXPECT_THAT(read(arrays, {.missing = Missing::forward_fill}).features(0), ElementsAre(1, 2, 1, 3, 4, 5));
  EXPECT_THAT(read(arrays, {.missing = Missing::drop}).dt(0), ElementsAre(1, 2));
  const Arrays late{numbers("x", {3, 1}, {nan, 2, 3}), numbers("t", {3}, {0, 1, 3})};
  EXPECT_THAT(read(late, {.time = "t", .missing = Missing::drop, .first_dt = 7}).dt(0), ElementsAre(7, 2));
  const Dataset inputs = read(arrays, {.missing = Missing::as_inputs});
  EXPECT_THAT(inputs.schema.sporadic, ElementsAre("0"));
  EXPECT_THAT(inputs.features(0), ElementsAre(1, 2, NanSensitiveDoubleEq(nan), 3, 4, 5));
}

TEST(ReadArrays, FilesOfAFolderAreRecordings) {
  const TemporaryFolder folder;
  write_npy(folder / "b.npy", {1, 2}, std::array{3.0, 4.0});
  write_npy(folder / "a.npy", {2, 2}, std::array{1.0, 2.0, 5.0, 6.0});
  const Dataset data = read_arrays(folder.path(), {.targets = {"1"}});
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(data.recordings[0].name, "a.npy");
  EXPECT_THAT(data.features(0), ElementsAre(1, 5));
  EXPECT_THAT(data.targets(1), ElementsAre(4));
  EXPECT_EQ(read_arrays(folder / "a.npy").size(), 1U);
  write_npy(folder / "c.npy", {1, 3}, std::array{3.0, 4.0, 5.0});
  EXPECT_THAT(message_of<FormatError>([&] { read_arrays(folder.path()); }),
              HasSubstr("c.npy: its columns is 3 features and 0 targets; expected 2 and 0, as in "));
  const TemporaryFolder empty;
  EXPECT_THAT(message_of<FileError>([&] { read_arrays(empty.path()); }), HasSubstr("is without .npy files"));
}

TEST(ReadArrays, AnArchiveMadeByNumPy) {
  if (!reads_npz()) GTEST_SKIP() << "built without libzip";
  const std::filesystem::path folder = std::filesystem::path(ELEGANS_SOURCE_DIR) / "tests/data/arrays";
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const Dataset data = read_arrays(folder / name, {.missing = Missing::as_inputs});
    EXPECT_THAT(data.schema.sporadic, ElementsAre("load"));
    EXPECT_THAT(data.features(1), ElementsAre(4, 40, 5, 50)) << "what stands behind the length does not matter";
    EXPECT_THAT(data.dt(0), ElementsAre(1, 0.5, 1.5));
    EXPECT_THAT(data.labels(1), ElementsAre(0));
  }
}

TEST(ReadArrays, TheSharedCheetahs) {
  const std::filesystem::path folder = std::filesystem::path(ELEGANS_SHARED_DIR) / "data/cheetah";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  const Dataset data = read_arrays(folder);
  EXPECT_EQ(data.size(), 31U);
  EXPECT_EQ(data.feature_count(), 17U);
  EXPECT_EQ(data.steps(30), 1000U);
}

TEST(ReadArraysErrors, ArraysThatDoNotFit) {
  const auto refused = [](const Arrays& arrays, const Roles& roles = {}) {
    return message_of<FormatError>([&] { read(arrays, roles); });
  };
  const NamedArray x = counting("x", {2, 3, 2});
  EXPECT_EQ(refused({}), "a.npz: the array 'x' is missing; expected the features, [T, F] or [N, T, F].");
  EXPECT_EQ(refused({x, counting("lenghts", {2})}),
            "a.npz: the array 'lenghts' is not known; expected x, y, t, dt, lengths, weights, features or targets. Did "
            "you mean 'lengths' or 'weights'? Or list it as ignored.");
  EXPECT_EQ(read({x, counting("note", {1})}, {.ignore = {"note"}}).size(), 2U);
  EXPECT_THAT(refused({counting("x", {1, 1, 1, 1})}), HasSubstr("array 'x': its shape is [1, 1, 1, 1]"));
  EXPECT_THAT(refused({counting("x", {})}), HasSubstr("array 'x': its shape is []"));
  EXPECT_THAT(refused({counting("x", {2, 0})}), HasSubstr("expected one recording, step and feature or more"));
  EXPECT_THAT(refused({texts("x", {"a"})}), HasSubstr("array 'x': its dtype is '<U4'; expected numbers"));
  EXPECT_EQ(
      refused({x, counting("y", {3})}),
      "a.npz, array 'y': its shape is [3]; expected [2, 3] or [2, 3, K] for targets of every step, or [2] or [2, K] "
      "of every recording.");
  EXPECT_THAT(refused({counting("x", {4, 1}), counting("y", {3})}),
              HasSubstr("its shape is [3]; expected [4] or [4, K] for targets of every step, or [1] or [1, K]"));
  EXPECT_THAT(refused({x, counting("y", {2, 0})}), HasSubstr("its shape is [2, 0]"));
  EXPECT_THAT(refused({x, counting("t", {3})}),
              HasSubstr("array 't': its shape is [3]; expected [2, 3], one a step of x"));
  EXPECT_THAT(refused({x, counting("t", {2, 3}), counting("dt", {2, 3})}),
              HasSubstr("array 'dt': it is given beside 't'"));
  EXPECT_THAT(refused({x, counting("t", {2, 3})}, {.time = "0"}),
              HasSubstr("array 't': it is there beside a time column"));
  EXPECT_EQ(refused({x, numbers("lengths", {2}, {3, 4})}),
            "a.npz, array 'lengths': item 1 is 4; expected a whole number from 1 to 3, the steps of x.");
  for (const double odd : {0.0, 1.5, -1.0, nan})
    EXPECT_THAT(refused({x, numbers("lengths", {2}, {odd, 3})}), HasSubstr("array 'lengths': item 0 is"));
  EXPECT_THAT(refused({x, counting("lengths", {3})}), HasSubstr("expected [2], one a recording of x"));
  EXPECT_THAT(refused({x, counting("weights", {2, 3})}), HasSubstr("array 'weights': it is given without targets"));
  EXPECT_THAT(refused({x, counting("y", {2}), counting("weights", {2, 3})}),
              HasSubstr("expected [2], one a recording"));
  EXPECT_THAT(refused({x, texts("features", {"a"})}),
              HasSubstr("array 'features': it is [1] of '<U4'; expected [2] of text"));
  EXPECT_THAT(refused({x, texts("features", {"a", "a"})}), HasSubstr("the name 'a' is there twice"));
  EXPECT_THAT(
      refused({counting("x", {2, 1}), numbers("t", {2}, {1, 0.5})}),
      HasSubstr("the time of recording 'a.npz', step 1 is 0.5; expected a finite number of seconds, 1 or more"));
  EXPECT_EQ(refused({counting("x", {2, 1}), numbers("dt", {2}, {1, -1})}),
            "a.npz, array 'dt': Δt of recording 'a.npz', step 1 is -1; expected a finite number of seconds, 0 or more. "
            "dt holds durations; time stamps are the array t.");
  EXPECT_THAT(refused({counting("x", {2, 1}), texts("y", {"a", "b"})}, {.target_kind = TargetKind::numbers}),
              HasSubstr("the target 'y' is text; expected numbers"));
}

TEST(ReadArraysErrors, Roles) {
  const auto refused = [](const Roles& roles) {
    return message_of<ConfigError>([&] { read({counting("x", {2, 3}), counting("y", {2})}, roles); });
  };
  EXPECT_EQ(
      refused({.targets = {"z"}}),
      "a.npz: the target column 'z' is not in the file; expected one of its 4 columns. Did you mean '0', '1' or '2'?");
  EXPECT_EQ(
      refused({.time = "0", .features = {"0"}}),
      "a.npz: the feature column '0' is listed twice; expected one role a column. Take it out of one of the two.");
  EXPECT_THAT(refused({.group = "0"}), HasSubstr("the group column is '0'; expected none, beside arrays"));
  EXPECT_THAT(refused({.ignore = {"0", "1", "2"}}), HasSubstr("no column is left for the features"));
  EXPECT_EQ(message_of<ConfigError>([] {
              read({counting("x", {2, 3})}, {.targets = {"1"}, .target_at = TargetAt::whole_recording});
            }),
            "a.npz: the target is one of every step; expected one of each recording. Save y of shape [N] or [N, K].");
  EXPECT_THAT(refused({.targets = {"y", "1"}, .target_kind = TargetKind::classes}),
              HasSubstr("the number of target columns is 2; expected one column of class names"));
}

}  // namespace
}  // namespace elegans::train
