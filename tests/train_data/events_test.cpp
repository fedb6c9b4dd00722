// Events: encoded from sampled signals, and read as streams.

#include "elegans/train/events.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <numeric>
#include <sstream>

#include "elegans/base/error.hpp"
#include "elegans/base/philox.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/windows.hpp"
#include "train_data/message_of.hpp"
#include "train_data/recordings.hpp"

namespace elegans::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One feature, Δt 1, targets 0, 1, 2, ….
Dataset sampled(const std::vector<double>& values) {
  Recording recording{.name = "r", .features = values, .dt = std::vector<double>(values.size(), 1)};
  for (std::size_t t = 0; t < values.size(); ++t) {
    recording.targets.push_back(static_cast<double>(t));
    recording.time.push_back(static_cast<double>(t));
  }
  return make_dataset({.features = {"x"}, .targets = {"y"}}, {recording});
}

const std::vector<double> bits{0, 0, 0, 1, 1, 0, 0, 0, 0};

TEST(EncodeEvents, AStepWhereTheValueChanges) {
  const Dataset data = encode_events(sampled(bits));
  EXPECT_THAT(data.features(0), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(data.dt(0), ElementsAre(1, 3, 2, 3));
  EXPECT_THAT(data.targets(0), ElementsAre(0, 3, 5, 8));
  EXPECT_THAT(data.recordings[0].time, ElementsAre(0, 3, 5, 8));
  EXPECT_THAT(encode_events(sampled({4})).dt(0), ElementsAre(1));
  EXPECT_THAT(encode_events(sampled({4, 4})).dt(0), ElementsAre(1, 1));
  EXPECT_THAT(encode_events(sampled({4, 5})).dt(0), ElementsAre(1, 1));
}

TEST(EncodeEvents, AStepWhereARunEnds) {
  const Dataset data = encode_events(sampled(bits), {.at = EventAt::end});
  EXPECT_THAT(data.features(0), ElementsAre(0, 1, 0));
  EXPECT_THAT(data.dt(0), ElementsAre(3, 2, 4));
  EXPECT_THAT(data.targets(0), ElementsAre(2, 4, 8));
  EXPECT_THAT(encode_events(sampled({4}), {.at = EventAt::end}).dt(0), ElementsAre(1));
}

TEST(EncodeEvents, SendsOnDelta) {
  const std::vector<double> slow{0, 0.25, 0.5, 0.75, 1, 0.5, 0.5};
  const Dataset data = encode_events(sampled(slow), {.threshold = 0.5});
  EXPECT_THAT(data.features(0), ElementsAre(0, 0.75, 0.5)) << "against the last event, not the last step";
  EXPECT_THAT(data.dt(0), ElementsAre(1, 3, 3));
  EXPECT_THAT(encode_events(sampled(slow), {.threshold = 0.5, .at = EventAt::end}).features(0), ElementsAre(0, 0.75));
}

TEST(EncodeEvents, AnyOfSeveralFeaturesIsEnoughAndWholeTargetsStay) {
  Dataset data = make_dataset(
      {.features = {"a", "b"}, .targets = {"c"}, .classes = {"p", "q"}, .target_at = TargetAt::whole_recording},
      {{.name = "r", .features = {0, 0, 0, 1, 0, 1, 0, 1}, .dt = {0.5, 0.25, 2, 1}, .weights = {3}, .labels = {1}}});
  data = encode_events(data);
  EXPECT_THAT(data.features(0), ElementsAre(0, 0, 0, 1, 0, 1));
  EXPECT_THAT(data.dt(0), ElementsAre(0.5, 0.25, 3));
  EXPECT_THAT(data.labels(0), ElementsAre(1));
  EXPECT_THAT(data.weights(0), ElementsAre(3));
}

TEST(EncodeEvents, NothingIsLost) {
  // Whatever the bits: the code gives them back, and time adds up.
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<double> signal;
    for (std::uint64_t t = 0; t < 1 + seed; ++t)
      signal.push_back(philox(philox_key(seed), philox_counter(t))[0] % 3 == 0 ? 1 : 0);
    for (const EventAt at : {EventAt::change, EventAt::end}) {
      const Dataset data = encode_events(sampled(signal), {.at = at});
      std::vector<double> decoded;
      for (std::size_t e = 0; e < data.steps(0); ++e) {
        const auto held = static_cast<std::size_t>(data.dt(0)[e]);
        // Before a change the value before it was held.
        if (at == EventAt::change && e > 0) decoded.resize(decoded.size() + held - 1, data.features(0)[e - 1]);
        decoded.resize(decoded.size() + (at == EventAt::change ? 1 : held), data.features(0)[e]);
      }
      EXPECT_EQ(decoded, signal) << "seed " << seed;
    }
  }
}

TEST(EncodeEventsErrors, Texts) {
  const auto refused = [](const Dataset& data, double threshold) {
    return message_of<ConfigError>([&] { encode_events(data, {.threshold = threshold}); });
  };
  EXPECT_EQ(refused(sampled(bits), -1), "encode_events: threshold is -1; expected a finite number, 0 or more.");
  EXPECT_THAT(refused(windows(numbered({4}), {.length = 2}), 0), HasSubstr("cut into windows"));
  Dataset gaps = sampled(bits);
  gaps.recordings[0].features[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refused(treat_missing(gaps, Missing::as_inputs), 0), HasSubstr("with values that may be missing"));
}

Dataset read(const std::string& text, const Roles& roles) {
  std::istringstream in(text);
  return read_events(in, "events.csv", roles);
}

TEST(ReadEvents, AStepIsAnEvent) {
  const std::string text = "t,pixel,polarity,x,who,y\n0.25,10,1,0,a,up\n1,9,-1,0,a,up\n1,10,2,0,a,up\n0,9,1,0,b,down\n";
  const Dataset data = read(text, {.time = "t",
                                   .targets = {"y"},
                                   .group = "who",
                                   .target_at = TargetAt::whole_recording,
                                   .channel = "pixel",
                                   .value = "polarity"});
  EXPECT_THAT(data.schema.features, ElementsAre("9", "10")) << "sorted by value";
  EXPECT_THAT(data.features(0), ElementsAre(0, 1, -1, 0, 0, 2));
  EXPECT_THAT(data.dt(0), ElementsAre(0.375, 0.75, 0));
  EXPECT_THAT(data.features(1), ElementsAre(1, 0));
  EXPECT_THAT(data.labels(0), ElementsAre(1));
  const Dataset spikes = read("t,neuron\n0,b\n1,a\n", {.time = "t", .features = {"b", "c", "a"}, .channel = "neuron"});
  EXPECT_THAT(spikes.features(0), ElementsAre(1, 0, 0, 0, 0, 1));
}

TEST(ReadEvents, DropLeavesOutWhatLacksAChannelToo) {
  const Dataset data = read("t,c,v\n0,a,1\n1,,1\n2,NA,1\n3,b,?\n4,b,1\n",
                            {.time = "t", .missing = Missing::drop, .channel = "c", .value = "v"});
  EXPECT_THAT(data.features(0), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(data.dt(0), ElementsAre(4, 4));
}

TEST(ReadEventsErrors, Texts) {
  const auto refused = [](const std::string& text, const Roles& roles) {
    return message_of<FormatError>([&] { read(text, roles); });
  };
  EXPECT_EQ(
      refused("t,c,v\n0,a,1\n1,a,0\n", {.time = "t", .channel = "c", .value = "v"}),
      "events.csv, line 3: column 'v' is 0; expected a number that is not 0, which could not be told from no event. "
      "Write the polarities as 1 and -1.");
  EXPECT_EQ(refused("t,c\n0,left\n", {.time = "t", .features = {"lift", "right"}, .channel = "c"}),
            "events.csv, line 2: the channel is 'left'; expected one of the features. Did you mean 'lift'?");
  EXPECT_THAT(refused("t,c\n1,a\n0,b\n", {.time = "t", .channel = "c"}),
              HasSubstr("line 3: column 't' is '0', before"));
  EXPECT_THAT(refused("t,c\n1,\n", {.time = "t", .channel = "c"}), HasSubstr("expected the name of a channel"));
  EXPECT_THAT(message_of<ConfigError>([] { read("t,c\n1,a\n", {.time = "t"}); }), HasSubstr("channel is empty"));
  EXPECT_THAT(message_of<ConfigError>([] { read("t,c\n1,a\n", {.time = "t", .channel = "t"}); }),
              HasSubstr("column 't' is both time and channel"));
  EXPECT_THAT(message_of<ConfigError>([] { read("t,c\n1,a\n", {.missing = Missing::forward_fill, .channel = "c"}); }),
              HasSubstr("missing is to be filled or seen"));
}

}  // namespace
}  // namespace elegans::train
