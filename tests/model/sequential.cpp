#include "elegans/model/sequential.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "elegans/base/version.hpp"
#include "elegans/graph/executable.hpp"
#include "model/networks.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::model {
namespace {

using elegans::testing::built;
using elegans::testing::message_of;
using elegans::testing::Network;
using elegans::testing::network_named;
using elegans::testing::random_numbers;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names_of(const Sequential& model) {
  std::vector<std::string> names;
  for (const nn::LayerPtr& layer : model.layers()) names.push_back(layer->name());
  return names;
}

TEST(Sequential, NamesItsLayers) {
  Sequential model;
  const auto head = std::make_shared<nn::Dense>(2);
  head->set_name("head");
  model.add(nn::Dense(4)).add(nn::LTC(3)).add(nn::Dense(5)).add(nn::Dense(6)).add(head);
  EXPECT_THAT(names_of(model), ElementsAre("dense", "ltc", "dense_1", "dense_2", "head"));
  model.build(3);
  EXPECT_EQ(model.weights()[0]->path, "dense/kernel");
  EXPECT_EQ(model.layers()[2]->weights()[0]->path, "dense_1/kernel");
}

TEST(Sequential, KnowsItsShapes) {
  Sequential model = built(network_named("stack"));
  EXPECT_EQ(to_string(model.input_shape()), "[batch, time, 3]");
  EXPECT_EQ(to_string(model.output_shape()), "[batch, time, 2]");
  EXPECT_EQ(model.features(), 3);
  EXPECT_EQ(model.outputs(), 2);
  EXPECT_TRUE(model.has_time());

  Sequential rows;
  rows.add(nn::Dense(4)).build({32, 3});
  EXPECT_EQ(to_string(rows.input_shape()), "[batch, 3]");
  EXPECT_EQ(to_string(rows.output_shape()), "[batch, 4]");
  EXPECT_FALSE(rows.has_time());

  Sequential last;
  last.add(nn::LTC(4, {.return_sequences = false})).add(nn::Dense(2)).build(3);
  EXPECT_EQ(to_string(last.output_shape()), "[batch, 2]");
}

TEST(Sequential, StreamsUnlessALayerLooksAhead) {
  Sequential forwards;
  forwards.add(nn::LTC(4));
  EXPECT_TRUE(forwards.streams());
  Sequential backwards;
  backwards.add(nn::LTC(4, {.go_backwards = true}));
  EXPECT_FALSE(backwards.streams());
}

// A layer of two directions, whose author said nothing of streaming.
class BothWays final : public nn::Layer {
 public:
  explicit BothWays(bool second_goes_back)
      : first_(std::make_shared<nn::LTC>(2)),
        second_(std::make_shared<nn::LTC>(2, nn::LTCOptions{.go_backwards = second_goes_back})) {
    add_part("first", first_);
    add_part("second", second_);
  }
  std::string type() const override { return "BothWays"; }
  nn::Json config() const override { return nn::Json::object(); }
  Shape compute_output_shape(const Shape& input) const override { return first_->compute_output_shape(input); }

 protected:
  void on_build(const Shape& input) override {
    first_->build(input);
    second_->build(input);
  }
  nn::Value call(nn::Context& context, nn::Value x) override { return (*first_)(context, x) + (*second_)(context, x); }

 private:
  nn::LayerPtr first_, second_;
};

TEST(Sequential, DoesNotStreamWhereAPartOfALayerLooksAhead) {
  for (const bool goes_back : {false, true}) {
    Sequential model;
    model.add(std::make_shared<BothWays>(goes_back)).build(3);
    EXPECT_EQ(model.streams(), !goes_back);
  }
}

TEST(Sequential, RefusesToDescribeAPartOfTwoLayers) {
  const auto cell = std::make_shared<nn::LTCCell>(4);
  Sequential model;
  model.add(nn::RNN(cell)).add(nn::Dense(4)).add(nn::RNN(cell)).build(4);
  EXPECT_EQ(message_of<ConfigError>([&] { model.config(); }),
            "configuration: part 'cell' of layer 'rnn_1' is shared with layer 'rnn'; expected a part of one layer. A "
            "model whose layers share weights can be trained and run, but not saved.");
}

TEST(Sequential, RefusesToDescribeALayerThatIsAPartToo) {
  const auto dense = std::make_shared<nn::Dense>(4);
  Sequential model;
  model.add(dense).add(nn::Residual(nn::LayerPtr(dense))).build(4);
  EXPECT_THAT(message_of<ConfigError>([&] { model.config(); }),
              HasSubstr("of layer 'residual' is shared with layer 'dense'"));
}

// Two axes behind the batch are a sequence only where the first one is time.
TEST(Sequential, EndsWithOneRowAStepOrASequence) {
  Sequential model;
  model.add(nn::ReshapeLayer({4, 8}));
  EXPECT_THAT(message_of<ShapeError>([&] {
                model.build(Shape{Dim::batch(), 32});
              }),
              HasSubstr("output is [batch, 4, 8]; expected [batch, time, outputs] or [batch, outputs]"));
  EXPECT_THAT(message_of<ConfigError>([] {
                nn::ReshapeLayer({-1, 1 << 20, 1 << 20, 1 << 20, 1 << 20});
              }),
              HasSubstr("numbers a sample"));
}

TEST(Sequential, SaysWhatItRefuses) {
  Sequential model({.name = "gait"});
  EXPECT_EQ(message_of<ConfigError>([&] { model.build(3); }),
            "gait, build: the model is without layers; expected one or more. add() layers first.");
  EXPECT_EQ(message_of<ConfigError>([&] { model.output_shape(); }),
            "gait: its shape is not known yet; expected a model that is built. Call build(input).");
  const auto dense = std::make_shared<nn::Dense>(2);
  dense->set_name("head");
  model.add(dense);
  EXPECT_THAT(message_of<ConfigError>([&] { model.add(dense); }),
              HasSubstr("gait, add: layer 'head' is in the model already"));
  const auto twin = std::make_shared<nn::Dense>(2);
  twin->set_name("head");
  EXPECT_EQ(message_of<ConfigError>([&] { model.add(twin); }),
            "gait, add: the layer's name is 'head', which is taken; expected a new name. Call set_name, or leave it to "
            "the model.");
  EXPECT_THAT(message_of<ShapeError>([&] {
                model.build({4, 5, 6, 7});
              }),
              HasSubstr("gait, build: input is [4, 5, 6, 7]; expected [batch, time, features] or [batch, features]"));
  model.build(3);
  model.build(3);
  EXPECT_THAT(message_of<ShapeError>([&] { model.build(4); }),
              HasSubstr("input is [batch, time, 4]; expected [batch, time, 3], as it was built for"));
  EXPECT_THAT(message_of<ConfigError>([&] { model.add(nn::Dense(2)); }),
              HasSubstr("is added to a model that is built"));
  EXPECT_THAT(message_of<ConfigError>([] { Sequential({.dtype = Dtype::i32}); }),
              HasSubstr("dtype is i32; expected f32 or f64"));
}

TEST(Sequential, TheSameSeedGivesTheSameWeights) {
  const Sequential a = built(network_named("stack"));
  const Sequential b = built(network_named("stack"));
  ASSERT_EQ(a.weights().size(), b.weights().size());
  for (std::size_t i = 0; i < a.weights().size(); ++i) {
    EXPECT_EQ(a.weights()[i]->value.values(), b.weights()[i]->value.values()) << a.weights()[i]->path;
  }
}

class EveryNetwork : public ::testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(Sequential, EveryNetwork, ::testing::ValuesIn(elegans::testing::networks()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryNetwork, SurvivesItsConfiguration) {
  Sequential model = built(GetParam(), Dtype::f64);
  Sequential again = Sequential::from_config(model.config());
  EXPECT_EQ(again.config(), model.config());
  const Tensor x = random_numbers({2, 5, 3}, Dtype::f64, 1, -1, 1);
  const Tensor dt = random_numbers({2, 5}, Dtype::f64, 2, 0, 2);
  EXPECT_EQ(again.predict(x, {.timespans = dt}).values(), model.predict(x, {.timespans = dt}).values());
}

// A padded batch gives each sample's own answers, and 0 behind its end, whatever stands in the padding.
TEST_P(EveryNetwork, PredictsSequencesOfUnevenLength) {
  Sequential model = built(GetParam());
  const std::int64_t outputs = model.outputs();
  Tensor x = random_numbers({2, 6, 3}, Dtype::f32, 1, -1, 1);
  Tensor dt = random_numbers({2, 6}, Dtype::f32, 2, 0, 2);
  Tensor lengths({2}, Dtype::i32);
  lengths.as<std::int32_t>()[0] = 4;
  lengths.as<std::int32_t>()[1] = 6;
  const std::vector<double> all_x = x.values();
  const std::vector<double> all_dt = dt.values();
  const Tensor short_x = Tensor::from({1, 4, 3}, std::span(all_x).first(12));
  const Tensor short_dt = Tensor::from({1, 4}, std::span(all_dt).first(4));
  for (std::size_t i = 12; i < 18; ++i) x.as<float>()[i] = std::numeric_limits<float>::quiet_NaN();
  dt.as<float>()[4] = -1;
  const auto padded = model.predict(x, {.timespans = dt, .lengths = lengths}).values();
  const auto alone = model.predict(short_x, {.timespans = short_dt}).values();
  const auto own = static_cast<std::size_t>(4 * outputs);
  EXPECT_EQ(std::vector<double>(padded.begin(), padded.begin() + static_cast<std::ptrdiff_t>(own)), alone);
}

TEST(Predict, UsesAnExecutableThatIsLargeEnough) {
  Sequential model = built(network_named("cfc_wired"));
  const Tensor large = random_numbers({8, 9, 3}, Dtype::f32, 1, -1, 1);
  const Tensor small = random_numbers({1, 2, 3}, Dtype::f32, 1, -1, 1);
  Tensor out({1, 2, 3});
  model.predict(large);
  if (!elegans::testing::CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  const elegans::testing::CountAllocations counting;
  model.predict(small, {}, out);
  EXPECT_EQ(counting.calls(), 0U);
}

TEST(Predict, FollowsItsWeights) {
  Sequential model;
  model.add(nn::Dense(1)).build({1, 2});
  const Tensor x = Tensor::from({1, 2}, {1, 1});
  for (const nn::WeightPtr& weight : model.weights()) weight->value = Tensor(weight->stored_shape());
  EXPECT_EQ(model.predict(x).values()[0], 0);
  model.weights()[0]->value = Tensor::from({2, 1}, {2, 3});
  EXPECT_EQ(model.predict(x).values()[0], 5);
}

std::vector<double> some_numbers(std::int64_t count, std::uint64_t seed, double low = -1, double high = 1) {
  return random_numbers({count}, Dtype::f32, seed, low, high).values();
}

std::vector<View> views_of(const std::vector<Tensor>& tensors) { return {tensors.begin(), tensors.end()}; }

// The second half after the first, from its state, is the whole, bit by bit.
TEST_P(EveryNetwork, GoesOnFromAState) {
  Sequential model = built(GetParam());
  const std::int64_t outputs = model.outputs();
  const Tensor x = Tensor::from({2, 6, 3}, some_numbers(36, 1)), dt = Tensor::from({2, 6}, some_numbers(12, 2, 0.1, 2));
  const auto part = [&](const Tensor& whole, std::int64_t width, std::size_t first) {
    std::vector<double> numbers;
    for (std::size_t b = 0; b < 2; ++b)
      for (std::size_t i = 0; i < 3 * static_cast<std::size_t>(width); ++i)
        numbers.push_back(whole.values()[(b * 6 + first) * static_cast<std::size_t>(width) + i]);
    return numbers;
  };
  const Tensor whole = model.predict(x, {.timespans = dt});
  std::vector<Tensor> state = model.first_states(2), next = model.first_states(2);
  for (const std::size_t first : {0, 3}) {
    const Tensor half = model.predict(Tensor::from({2, 3, 3}, part(x, 3, first)),
                                      {.timespans = Tensor::from({2, 3}, part(dt, 1, first)),
                                       .state = views_of(state),
                                       .next_state = views_of(next)});
    EXPECT_EQ(half.values(), part(whole, outputs, first));
    std::swap(state, next);
  }
}

// A step that the mask skips changes nothing: the sequence without it has the same answers.
TEST_P(EveryNetwork, SkipsMaskedSteps) {
  Sequential model = built(GetParam());
  const auto outputs = static_cast<std::size_t>(model.outputs());
  const std::vector<double> x = some_numbers(12, 1), dt = some_numbers(4, 2, 0.1, 2);
  const std::vector<double> y = model
                                    .predict(Tensor::from({1, 4, 3}, x), {.timespans = Tensor::from({1, 4}, dt),
                                                                          .mask = Tensor::from({1, 4}, {1, 0, 1, 1})})
                                    .values();
  std::vector<double> shorter_x(x.begin(), x.begin() + 3), shorter_dt{dt[0], dt[2], dt[3]};
  shorter_x.insert(shorter_x.end(), x.begin() + 6, x.end());
  const std::vector<double> shorter =
      model.predict(Tensor::from({1, 3, 3}, shorter_x), {.timespans = Tensor::from({1, 3}, shorter_dt)}).values();
  for (std::size_t k = 0; k < outputs; ++k) {
    EXPECT_EQ(y[k], shorter[k]);
    EXPECT_EQ(y[2 * outputs + k], shorter[outputs + k]);
    EXPECT_EQ(y[3 * outputs + k], shorter[2 * outputs + k]);
  }
}

TEST(Predict, SaysWhatIsWrongWithMasksAndStates) {
  Sequential model = built(network_named("cfc"));
  const Tensor x({2, 4, 3});
  Tensor mask({2, 4});
  mask.as<float>()[5] = 0.5F;
  EXPECT_EQ(message_of<ConfigError>([&] { model.predict(x, {.mask = mask}); }),
            "cfc, predict: the mask of sample 1, step 1 is 0.5; expected 0 or 1.");
  EXPECT_THAT(message_of<ShapeError>([&] {
                model.predict(x, {.mask = Tensor({2, 3})});
              }),
              HasSubstr("mask is [2, 3]; expected [2, 4]"));
  const std::vector<Tensor> state = model.first_states(2), other = model.first_states(3);
  EXPECT_EQ(message_of<ShapeError>([&] { model.predict(x, {.state = views_of(state)}); }),
            "cfc, predict: the number of views in next_state is 0; expected 1, one a state of the model. Begin with "
            "first_states(batch).");
  EXPECT_EQ(
      message_of<ShapeError>([&] { model.predict(x, {.state = views_of(other), .next_state = views_of(state)}); }),
      "cfc, predict: state of cfc/h is f32[3, 6]; expected f32[2, 6].");
}

TEST(Predict, SaysWhatItRefuses) {
  Sequential model = built(network_named("cfc"));
  const Tensor x({2, 4, 3});
  EXPECT_THAT(message_of<ShapeError>([&] {
                model.predict(Tensor({2, 4, 5}));
              }),
              HasSubstr("cfc, predict: x is [2, 4, 5]; expected [batch, time, 3]"));
  EXPECT_EQ(message_of<DtypeError>([&] {
              model.predict(Tensor({2, 4, 3}, Dtype::f64));
            }),
            "cfc, predict: x is f64; expected f32. Convert it with Tensor::to(Dtype::f32).");
  EXPECT_THAT(message_of<ShapeError>([&] {
                model.predict(x, {.timespans = Tensor({2, 3})});
              }),
              HasSubstr("timespans is [2, 3]; expected [2, 4]"));
  Tensor dt({2, 4});
  dt.as<float>()[6] = -0.5F;
  EXPECT_EQ(message_of<ConfigError>([&] { model.predict(x, {.timespans = dt}); }),
            "cfc, predict: Δt of sample 1, step 2 is -0.5; expected a finite number >= 0. Time must not run backwards: "
            "check the time stamps.");
  Tensor lengths({2}, Dtype::i32);
  lengths.as<std::int32_t>()[1] = 5;
  EXPECT_THAT(message_of<ConfigError>([&] { model.predict(x, {.lengths = lengths}); }),
              HasSubstr("the length of sample 1 is 5; expected 0 … 4, the steps of x"));
}

TEST(Sequential, SaysWhatIsWrongInAConfiguration) {
  nlohmann::json config = built(network_named("stack")).config();
  const auto message = [&](const auto& change) {
    nlohmann::json changed = config;
    change(changed);
    return message_of<Error>([&] { Sequential::from_config(changed, "m.json"); });
  };
  EXPECT_THAT(message([](auto& c) { c["layers"][1]["type"] = "LCT"; }),
              HasSubstr("m.json: layer 1: the layer is 'LCT'; expected a known"));
  EXPECT_THAT(message([](auto& c) {
                c["input_shape"] = {"batch", 3, 3};
              }),
              HasSubstr("m.json: key 'input_shape' is a list of 3; expected [\"batch\", \"time\", features]"));
  EXPECT_THAT(message([](auto& c) { c["seed"] = -1; }),
              HasSubstr("m.json: key 'seed' is -1; expected an integer 0 … 2^64 − 1"));
  EXPECT_THAT(message([](auto& c) { c["dtype"] = "i32"; }), HasSubstr("key 'dtype' is \"i32\""));
  EXPECT_THAT(message([](auto& c) { c.erase("layers"); }), HasSubstr("key 'layers'"));
  EXPECT_THAT(message([](auto& c) { c["layer"] = 1; }), HasSubstr("key 'layer' is unknown"));
}

TEST(Version, IsThatOfTheProject) {
  std::ifstream file(ELEGANS_SOURCE_DIR "/CMakeLists.txt");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("project(elegans VERSION " + std::string(version) + " "));
}

// What a mask holds behind the end of a sequence does not matter.
TEST(Predict, ReadsNoMaskBehindTheEnd) {
  Sequential model({.dtype = Dtype::f64});
  model.add(nn::GRU(3)).build(2);
  const Tensor x = random_numbers({1, 2, 2}, Dtype::f64, 1, -1, 1);
  const Tensor lengths = Tensor::from({1}, {1}, Dtype::i32);
  const Tensor ones = Tensor::from({1, 2}, {1, 1}, Dtype::f64),
               odd = Tensor::from({1, 2}, {1, std::numeric_limits<double>::quiet_NaN()}, Dtype::f64);
  EXPECT_EQ(model.predict(x, {.lengths = lengths, .mask = odd}).values(),
            model.predict(x, {.lengths = lengths, .mask = ones}).values());
}

}  // namespace
}  // namespace elegans::model
