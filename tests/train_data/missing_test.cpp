// Missing values: in files and in data sets, four ways.

#include "elegans/train/missing.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "elegans/base/error.hpp"
#include "elegans/train/observations.hpp"
#include "elegans/train/read_csv.hpp"
#include "elegans/train/split.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"

namespace elegans::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::NanSensitiveDoubleEq;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const std::string table = "t,x,y,z\n0,1,5,1\n1,2,,2\n2,3,7,3\n4,?,NA,4\n";

Dataset read(const std::string& text, const Roles& roles) {
  std::istringstream in(text);
  return read_csv(in, "data.csv", roles);
}

// Two recordings with gaps: "a" lacks its first y, "b" its last x.
Dataset with_gaps() {
  Recording a{.name = "a", .features = {1, nan, 2, 20, 3, nan}, .dt = {1, 2, 3}, .targets = {1, 2, 3}};
  Recording b{.name = "b", .features = {4, 40, nan, nan, 6, 60}, .dt = {1, 1, 1}, .targets = {4, 5, 6}};
  return {{.features = {"x", "y"}, .targets = {"z"}}, {a, b}, {}};
}

TEST(MissingInFiles, BecomeNaNOfSporadicFeatures) {
  const Dataset data = read(table, {.time = "t", .targets = {"z"}, .missing = Missing::as_inputs});
  EXPECT_THAT(data.schema.sporadic, ElementsAre("x", "y"));
  EXPECT_THAT(data.features(0), ElementsAre(1, 5, 2, NanSensitiveDoubleEq(nan), 3, 7, NanSensitiveDoubleEq(nan),
                                            NanSensitiveDoubleEq(nan)));
  const Dataset named = read(table, {.time = "t", .missing = Missing::as_inputs, .sporadic = {"z", "y", "x"}});
  EXPECT_THAT(named.schema.sporadic, ElementsAre("x", "y", "z")) << "in the order of the features";
  EXPECT_THAT(read("x\n1\n", {.missing = Missing::as_inputs}).schema.sporadic, IsEmpty());
}

TEST(MissingInFiles, Errors) {
  const auto refused = [](const Roles& roles) { return message_of<FormatError>([&] { read(table, roles); }); };
  EXPECT_EQ(refused({.time = "t", .missing = Missing::as_inputs, .sporadic = {"x"}}),
            "data.csv, line 3: column 'y' is empty; expected a number. Mend the cell, or name its column among the "
            "sporadic features.");
  const auto misused = [](const Roles& roles) { return message_of<ConfigError>([&] { read(table, roles); }); };
  EXPECT_EQ(misused({.sporadic = {"x"}}),
            "Roles: sporadic is given; expected none, unless missing values are inputs. Set .missing = "
            "Missing::as_inputs.");
  EXPECT_EQ(misused({.missing = Missing::as_inputs, .sporadic = {"xx"}}),
            "data.csv: the sporadic column 'xx' is not in the file; expected one of its 4 columns. Did you mean 'x'?");
  EXPECT_EQ(misused({.targets = {"z"}, .missing = Missing::as_inputs, .sporadic = {"z"}}),
            "data.csv: the sporadic column 'z' is no feature; expected one of the features.");
}

TEST(MissingInStreams, ARowGivesNaNOfSporadicFeaturesAlone) {
  std::istringstream in("x,y\n1,\n,2\n3,4\n");
  ObservationReader rows(in, "stdin", {.features = {"y", "x"}, .missing = Missing::as_inputs, .sporadic = {"y"}});
  ASSERT_TRUE(rows.next());
  EXPECT_THAT(rows.features(), ElementsAre(NanSensitiveDoubleEq(nan), 1));
  EXPECT_THAT(message_of<FormatError>([&] { rows.next(); }), HasSubstr("line 3: column 'x' is empty"));
  ASSERT_TRUE(rows.next());
  EXPECT_THAT(rows.features(), ElementsAre(4, 3));
}

TEST(TreatMissing, FillsForward) {
  Dataset data = with_gaps();
  data.recordings[0].features[1] = 10;
  data = treat_missing(std::move(data), Missing::forward_fill);
  EXPECT_THAT(data.features(0), ElementsAre(1, 10, 2, 20, 3, 20));
  EXPECT_THAT(data.features(1), ElementsAre(4, 40, 4, 40, 6, 60));
  EXPECT_THAT(data.schema.sporadic, IsEmpty());
}

TEST(TreatMissing, DropsStepsAndSpansTheirGap) {
  Dataset data = with_gaps();
  data.recordings[1].time = {5, 6, 7};
  data.recordings[1].weights = {1, 0.5, 0.25};
  data.recordings.push_back({.name = "nothing", .features = {nan, 1}, .dt = {1}, .targets = {9}});
  data = treat_missing(std::move(data), Missing::drop);
  ASSERT_EQ(data.size(), 2U) << "a recording without a step is left out";
  EXPECT_THAT(data.features(0), ElementsAre(2, 20));
  EXPECT_THAT(data.dt(0), ElementsAre(1)) << "that of a first step: before it there is no gap";
  EXPECT_THAT(data.targets(0), ElementsAre(2));
  EXPECT_THAT(data.features(1), ElementsAre(4, 40, 6, 60));
  EXPECT_THAT(data.dt(1), ElementsAre(1, 2));
  EXPECT_THAT(data.targets(1), ElementsAre(4, 6));
  EXPECT_THAT(data.weights(1), ElementsAre(1, 0.25));
  EXPECT_THAT(data.recordings[1].time, ElementsAre(5, 7));
}

TEST(TreatMissing, KeepsTheTargetOfAWholeRecordingWhenStepsAreDropped) {
  Dataset data{{.features = {"x"}, .targets = {"c"}, .classes = {"p", "q"}, .target_at = TargetAt::whole_recording},
               {{.name = "a", .features = {nan, 2}, .dt = {1, 1}, .labels = {1}}},
               {}};
  data = treat_missing(std::move(data), Missing::drop);
  EXPECT_THAT(data.labels(0), ElementsAre(1));
}

TEST(TreatMissing, Errors) {
  const auto refused = [](Dataset data, Missing missing, const std::vector<std::string>& sporadic = {}) {
    return message_of<FormatError>([&] { treat_missing(std::move(data), missing, sporadic); });
  };
  EXPECT_EQ(
      refused(with_gaps(), Missing::error),
      "recording 'a', step 0: feature 'y' is missing; expected a number. Mend it, fill missing values "
      "with the last one (--missing forward-fill), let them be inputs (--missing inputs), or leave such steps out "
      "(--missing drop).");
  EXPECT_THAT(refused(with_gaps(), Missing::forward_fill),
              HasSubstr("feature 'y' is missing in the first step of its recording, where there is nothing to "
                        "fill it with; expected a number. Mend it, cut the step, leave out steps with missing values "
                        "(--missing drop), or let them be inputs (--missing inputs)."));
  EXPECT_EQ(refused(with_gaps(), Missing::as_inputs, {"y"}),
            "recording 'b', step 1: feature 'x' is missing; expected a number. Name it among the sporadic "
            "features (--sporadic), or mend it.");
  EXPECT_THAT(refused(with_gaps(), Missing::as_inputs, {"why"}), HasSubstr("the sporadic feature 'why' is unknown"));
  EXPECT_THAT(refused(with_gaps(), Missing::drop, {"y"}), HasSubstr("sporadic is given"));
  Dataset nothing = with_gaps();
  for (Recording& r : nothing.recordings) std::fill(r.features.begin(), r.features.end(), nan);
  EXPECT_THAT(refused(nothing, Missing::drop), HasSubstr("no step is left: each has a missing value"));
  Dataset infinite = with_gaps();
  infinite.recordings[0].features[1] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refused(infinite, Missing::as_inputs), HasSubstr("feature 'y' is inf; expected a finite number"));
}

TEST(Standardise, CountsOnlyWhatIsThere) {
  const Dataset data = treat_missing(with_gaps(), Missing::as_inputs);
  const Standardisation s = standardise_features(data);
  EXPECT_DOUBLE_EQ(s.mean[0], (1 + 2 + 3 + 4 + 6) / 5.0);
  EXPECT_DOUBLE_EQ(s.mean[1], (20 + 40 + 60) / 3.0);
  EXPECT_DOUBLE_EQ(s.std[1], std::sqrt(800 / 3.0));
  Dataset never = with_gaps();
  for (Recording& r : never.recordings)
    for (std::size_t t = 0; t < 3; ++t) r.features[2 * t + 1] = nan;
  const Standardisation of_nothing = standardise_features(treat_missing(std::move(never), Missing::as_inputs));
  EXPECT_EQ(of_nothing.mean[1], 0);
  EXPECT_EQ(of_nothing.std[1], 1);
}

TEST(MissingAsInputs, WritesValueSeenAndElapsed) {
  Dataset data = missing_as_inputs(treat_missing(with_gaps(), Missing::as_inputs, {"y", "x"}));
  EXPECT_THAT(data.schema.features, ElementsAre("x", "y", "x seen", "y seen", "x elapsed", "y elapsed"));
  EXPECT_THAT(data.schema.sporadic, IsEmpty());
  EXPECT_THAT(data.features(0), ElementsAre(1, 0, 1, 0, 0, 1,   //
                                            2, 20, 1, 1, 0, 0,  //
                                            3, 20, 1, 0, 0, 3));
  EXPECT_THAT(data.features(1), ElementsAre(4, 40, 1, 1, 0, 0,  //
                                            4, 40, 0, 0, 1, 1,  //
                                            6, 60, 1, 1, 0, 0));
  // Where there is nothing to do, nothing is done; a window begins with what its recording knows.
  EXPECT_EQ(missing_as_inputs(data).recordings[0].features, data.recordings[0].features);
  data = windows(std::move(data), {.length = 1});
  EXPECT_THAT(data.features(2), ElementsAre(3, 20, 1, 0, 0, 3));
}

TEST(MissingAsInputs, PartsKeepTheirSporadicFeatures) {
  const Dataset data = treat_missing(with_gaps(), Missing::as_inputs);
  const Parts parts = split_by_time(data, {.fractions = {.test = 0.34}});
  EXPECT_THAT(parts.test.schema.sporadic, ElementsAre("x", "y"));
  EXPECT_THAT(missing_as_inputs(parts.test).features(0), ElementsAre(3, 0, 1, 0, 0, 3));
}

TEST(MissingAsInputs, ATimeThatAFloatCannotHoldIsAnError) {
  Dataset data = with_gaps();
  data.recordings[0].dt[0] = 1e300;
  EXPECT_THAT(message_of<FormatError>([&] { missing_as_inputs(treat_missing(data, Missing::as_inputs)); }),
              HasSubstr("feature 'y elapsed' is inf"));
}

}  // namespace
}  // namespace elegans::train
