// Real recordings in ../shared/data, where that folder is there.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "elegans/base/error.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"
#include "elegans/train/ts_format.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

const std::filesystem::path shared = ELEGANS_SHARED_DIR "/data";

#define SKIP_WITHOUT(folder) \
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the folder " << (folder) << " is absent"

TEST(SharedData, Occupancy) {
  SKIP_WITHOUT(shared / "occupancy");
  const Roles roles{.time = "date", .targets = {"Occupancy"}, .ignore = {"sno"}, .target_kind = TargetKind::classes};
  const std::pair<const char*, std::size_t> files[] = {
      {"datatraining.txt", 8143}, {"datatest.txt", 2665}, {"datatest2.txt", 9752}};
  for (const auto& [file, rows] : files) {
    const Dataset data = read_csv(shared / "occupancy" / file, roles);
    ASSERT_EQ(data.size(), 1U);
    EXPECT_EQ(data.steps(0), rows);
    EXPECT_THAT(data.schema.features, testing::ElementsAre("Temperature", "Humidity", "Light", "CO2", "HumidityRatio"));
    EXPECT_THAT(data.schema.classes, testing::ElementsAre("0", "1"));
    EXPECT_EQ(time_unit(data), 60);
    const auto [shortest, longest] = std::ranges::minmax(data.dt(0));
    EXPECT_EQ(shortest, 59) << file;
    EXPECT_EQ(longest, 61) << file;
  }
  const Dataset training = read_csv(shared / "occupancy" / "datatraining.txt", roles);
  EXPECT_EQ(windows(training, {.length = 16, .stride = 1}).size(), 8128U);
  EXPECT_EQ(std::count(training.labels(0).begin(), training.labels(0).end(), 1), 1729);
  // From Python: math.fsum(column) / len(column), and statistics.pstdev, which is exact.
  EXPECT_NEAR(standardise_features(training).mean[0], 20.61908364034549, 1e-12);
  EXPECT_NEAR(standardise_features(training).std[3], 314.30157622237306, 1e-10);
}

TEST(SharedData, OzoneHasNoHeaderAndMissingValues) {
  SKIP_WITHOUT(shared / "ozone");
  CsvOptions csv;
  csv.names.push_back("date");
  for (int i = 1; i <= 72; ++i) csv.names.push_back("v" + std::to_string(i));
  csv.names.push_back("ozone");
  Roles roles{
      .targets = {"ozone"}, .ignore = {"date"}, .target_kind = TargetKind::classes, .missing = Missing::forward_fill};
  const Dataset data = read_csv(shared / "ozone" / "eighthr.data", roles, csv);
  EXPECT_EQ(data.steps(0), 2534U);
  EXPECT_EQ(data.feature_count(), 72U);
  EXPECT_THAT(data.schema.classes, testing::ElementsAre("0.0", "1.0"));
  EXPECT_EQ(std::count(data.labels(0).begin(), data.labels(0).end(), 1), 160);
  roles.missing = Missing::error;
  EXPECT_THAT(message_of<FormatError>([&] { read_csv(shared / "ozone" / "eighthr.data", roles, csv); }),
              testing::HasSubstr("is missing ('?'); expected a number."));
  // As inputs: 14 937 of the cells are '?', counted by awk.
  roles.missing = Missing::as_inputs;
  const Dataset seen = missing_as_inputs(read_csv(shared / "ozone" / "eighthr.data", roles, csv));
  EXPECT_EQ(seen.feature_count(), 3U * 72U);
  std::size_t missing = 0;
  for (std::size_t t = 0; t < seen.steps(0); ++t)
    for (std::size_t f = 72; f < 144; ++f) missing += seen.features(0)[t * 216 + f] == 0;
  EXPECT_EQ(missing, 14937U);
}

TEST(SharedData, BasicMotions) {
  SKIP_WITHOUT(shared / "basic_motions");
  for (const char* file : {"BasicMotions_TRAIN.ts", "BasicMotions_TEST.ts"}) {
    const Dataset data = read_ts(shared / "basic_motions" / file);
    EXPECT_EQ(data.size(), 40U);
    EXPECT_EQ(data.feature_count(), 6U);
    EXPECT_EQ(data.longest(), 100U);
    EXPECT_THAT(data.schema.classes, testing::ElementsAre("Standing", "Running", "Walking", "Badminton"));
  }
}

}  // namespace
}  // namespace elegans::train
