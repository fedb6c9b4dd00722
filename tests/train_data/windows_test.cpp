#include "elegans/train/windows.hpp"

#include <gmock/gmock.h>

#include "elegans/base/error.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using Cuts = std::vector<std::vector<std::size_t>>;  // recording, first step, steps

Cuts cuts(const std::vector<std::size_t>& lengths, const WindowOptions& options) {
  Cuts result;
  for (const Sequence& s : windows(numbered(lengths), options).sequences)
    result.push_back({s.recording, s.first, s.steps});
  return result;
}

TEST(Windows, PictureInTheHeader) {
  EXPECT_EQ(cuts({10}, {.length = 4, .stride = 3}), (Cuts{{0, 0, 4}, {0, 3, 4}, {0, 6, 4}}));
}

TEST(Windows, TouchByDefault) { EXPECT_EQ(cuts({6}, {.length = 3}), (Cuts{{0, 0, 3}, {0, 3, 3}})); }

TEST(Windows, NeverCrossRecordings) {
  EXPECT_EQ(cuts({3, 2, 4}, {.length = 2, .stride = 1}),
            (Cuts{{0, 0, 2}, {0, 1, 2}, {1, 0, 2}, {2, 0, 2}, {2, 1, 2}, {2, 2, 2}}));
}

TEST(Windows, Remainder) {
  EXPECT_EQ(cuts({7, 2}, {.length = 3}), (Cuts{{0, 0, 3}, {0, 3, 3}, {0, 6, 1}, {1, 0, 2}}));
  EXPECT_EQ(cuts({7, 2}, {.length = 3, .remainder = Remainder::drop}), (Cuts{{0, 0, 3}, {0, 3, 3}}));
  EXPECT_EQ(cuts({7, 2}, {.length = 3, .remainder = Remainder::align}),
            (Cuts{{0, 0, 3}, {0, 3, 3}, {0, 4, 3}, {1, 0, 2}}));
  EXPECT_EQ(cuts({8}, {.length = 5, .stride = 2}), (Cuts{{0, 0, 5}, {0, 2, 5}, {0, 4, 4}}));
}

TEST(Windows, StrideBeyondTheLengthLeavesGaps) {
  EXPECT_EQ(cuts({9}, {.length = 2, .stride = 5}), (Cuts{{0, 0, 2}, {0, 5, 2}}));
  EXPECT_EQ(cuts({11}, {.length = 2, .stride = 5}), (Cuts{{0, 0, 2}, {0, 5, 2}, {0, 10, 1}}));
  EXPECT_EQ(cuts({4}, {.length = 2, .stride = static_cast<std::size_t>(-1)}), (Cuts{{0, 0, 2}}));
}

TEST(Windows, KeepTheTimespansOfTheRecording) {
  const Dataset data = windows(numbered({4}), {.length = 2});
  EXPECT_THAT(data.dt(1), testing::ElementsAre(1.5, 1.75));
}

TEST(WindowsErrors, Texts) {
  EXPECT_EQ(message_of<ConfigError>([] { windows(numbered({3}), {}); }),
            "windows: length is 0; expected 1 or more steps.");
  EXPECT_EQ(message_of<ConfigError>([] { windows(windows(numbered({4}), {.length = 2}), {.length = 2}); }),
            "windows: the data set is cut into windows already; expected whole recordings.");
  EXPECT_EQ(
      message_of<ConfigError>([] {
        windows(numbered({3, 5}), {.length = 6, .remainder = Remainder::drop});
      }),
      "windows: length is 6; expected at most 5, the steps of the longest recording. Cut shorter windows, or keep the "
      "remainder.");
}

}  // namespace
}  // namespace elegans::train
