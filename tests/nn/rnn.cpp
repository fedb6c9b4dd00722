// The sequence layer: lengths, masks, states, direction, streaming, direct calls.

#include "elegans/nn/rnn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/sequence_cases.hpp"
#include "support/count_allocations.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(RNN, SkipsMaskedStepsWhereverTheyStand) {
  for (const LayerCase& layer_case : layer_cases()) {
    SCOPED_TRACE(layer_case.name);
    const auto layer = layer_case.make({});
    layer->set_numbers(Dtype::f64, 3);
    const Tensor x = random_tensor({1, 3, 2}, 1), timespans = random_tensor({1, 3}, 2, 0.1, 2);
    const SequenceOutput plain = (*layer)({.x = x, .timespans = timespans});
    // The same steps with two more, which are to be skipped.
    const auto spread = [](const Tensor& tensor, std::size_t width) {
      const std::vector<double> values = tensor.values();
      std::vector<double> out(width, nan);
      const auto add = [&](std::size_t first, std::size_t last) {
        out.insert(out.end(), values.begin() + static_cast<std::ptrdiff_t>(first * width),
                   values.begin() + static_cast<std::ptrdiff_t>(last * width));
      };
      add(0, 2);
      out.insert(out.end(), width, nan);
      add(2, 3);
      return out;
    };
    const Tensor spread_x = Tensor::from({1, 5, 2}, spread(x, 2), Dtype::f64);
    const Tensor spread_timespans = Tensor::from({1, 5}, spread(timespans, 1), Dtype::f64);
    const Tensor mask = Tensor::from({1, 5}, {0, 1, 1, 0, 1}, Dtype::f64);
    const SequenceOutput masked = (*layer)({.x = spread_x, .timespans = spread_timespans, .mask = mask});
    for (std::size_t i = 0; i < plain.state.size(); ++i) EXPECT_EQ(masked.state[i].values(), plain.state[i].values());
    const auto width = static_cast<std::size_t>(layer->cell()->output_size());
    const std::vector<double> y = plain.output.values();
    std::vector<double> expected(width, 0.0);
    expected.insert(expected.end(), y.begin(), y.begin() + static_cast<std::ptrdiff_t>(2 * width));
    expected.insert(expected.end(), width, 0.0);
    expected.insert(expected.end(), y.begin() + static_cast<std::ptrdiff_t>(2 * width), y.end());
    EXPECT_EQ(masked.output.values(), expected);
    // A mask and lengths: a step counts where both say so.
    const Tensor ones = Tensor::from({1, 5}, {1, 1, 1, 1, 1}, Dtype::f64), two = Tensor::from({1}, {2}, Dtype::i32);
    const Tensor x5 = random_tensor({1, 5, 2}, 9);
    EXPECT_EQ((*layer)({.x = x5, .lengths = two, .mask = ones}).output.values(),
              (*layer)({.x = x5, .lengths = two}).output.values());
  }
}

// Backwards, too: the last step reads the Δt of the first one that counts.
TEST(RNN, SkipsMaskedStepsBackwards) {
  for (const std::vector<double>& counts : {std::vector<double>{0, 1, 1, 0, 1}, {1, 0, 1, 1, 0}, {0, 0, 1, 1, 1}}) {
    RNN layer(std::make_shared<TwoMemories>(), {.go_backwards = true});
    layer.set_numbers(Dtype::f64, 3);
    const Tensor x = random_tensor({1, 5, 1}, 1), timespans = random_tensor({1, 5}, 2, 0.1, 2);
    std::vector<double> kept_x, kept_timespans;
    Tensor hidden_timespans = timespans;
    for (std::size_t t = 0; t < 5; ++t) {
      if (counts[t] == 0) {
        hidden_timespans.as<double>()[t] = nan;
        continue;
      }
      kept_x.push_back(x.values()[t]);
      kept_timespans.push_back(timespans.values()[t]);
    }
    const SequenceOutput kept = layer({.x = Tensor::from({1, 3, 1}, kept_x, Dtype::f64),
                                       .timespans = Tensor::from({1, 3}, kept_timespans, Dtype::f64)});
    const SequenceOutput masked =
        layer({.x = x, .timespans = hidden_timespans, .mask = Tensor::from({1, 5}, counts, Dtype::f64)});
    for (std::size_t i = 0; i < kept.state.size(); ++i) EXPECT_EQ(masked.state[i].values(), kept.state[i].values());
  }
}

TEST(RNN, AnEmptySequenceKeepsItsFirstState) {
  RNN layer(std::make_shared<TwoMemories>(), {.return_sequences = false, .projection = 2});
  layer.set_numbers(Dtype::f64, 3);
  const SequenceOutput result =
      layer({.x = Tensor::from({1, 2, 1}, {nan, nan}, Dtype::f64), .lengths = Tensor::from({1}, {0}, Dtype::i32)});
  EXPECT_THAT(result.output.values(), ElementsAre(0, 0));
  EXPECT_THAT(result.state[0].values(), ElementsAre(0.1, 0.1, 0.1));
  EXPECT_THAT(result.state[1].values(), ElementsAre(-0.5, -0.5, -0.5, -0.5, -0.5, -0.5));
  EXPECT_THAT(result.state[2].values(), ElementsAre(0));
}

// Where the output is a state, that is the answer (Cell::output_state).
TEST(RNN, AnEmptySequenceAnswersItsFirstState) {
  const auto answer = [](RNN layer, std::int64_t units) {
    Tensor state(Shape{1, units}, Dtype::f32);
    std::fill(state.as<float>().begin(), state.as<float>().end(), 0.5F);
    const Tensor x(Shape{1, 2, 3});
    std::vector<Tensor> others;  // of the layers before the last one
    for (const StateOptions& other : layer.cell()->states()) others.emplace_back(other.shape.inserted(0, 1));
    others.back() = state;
    const std::vector<View> states(others.begin(), others.end());
    return layer({.x = x, .lengths = Tensor::from({1}, {0}, Dtype::i32), .state = states}).output.values();
  };
  EXPECT_THAT(answer(CfC(4, {.return_sequences = false}), 4), ElementsAre(0.5, 0.5, 0.5, 0.5));
  EXPECT_THAT(answer(GRU(2, {}, {.return_sequences = false}), 2), ElementsAre(0.5, 0.5));
  EXPECT_THAT(answer(CfC(wiring::AutoNCP({.units = 10, .output_size = 2}), {.return_sequences = false}), 2),
              ElementsAre(0.5, 0.5));
}

TEST(RNN, StreamingEqualsTheBatchBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const LayerCase& layer_case : layer_cases()) {
      SCOPED_TRACE(layer_case.name);
      const auto layer = layer_case.make({});
      layer->set_numbers(dtype, 3);
      const Tensor x = random_tensor({3, 6, 2}, 1).to(dtype), timespans = random_tensor({3, 6}, 2, 0.1, 2).to(dtype);
      const SequenceOutput whole = (*layer)({.x = x, .timespans = timespans});
      const auto step_of = [](const Tensor& tensor, std::int64_t t, const Shape& shape) {
        std::vector<double> out;
        const std::vector<double> values = tensor.values();
        const auto time = tensor.shape()[1].factor();
        const auto width = static_cast<std::int64_t>(values.size()) / 3 / time;
        for (std::int64_t b = 0; b < 3; ++b)
          out.insert(out.end(), values.begin() + (b * time + t) * width, values.begin() + (b * time + t + 1) * width);
        return Tensor::from(shape, out, tensor.dtype());
      };
      std::vector<Tensor> state = layer->cell()->first_state(3);
      for (std::int64_t t = 0; t < 6; ++t) {
        auto [y, next] = (*layer->cell())(step_of(x, t, {3, 2}), state, step_of(timespans, t, {3, 1}));
        EXPECT_EQ(y.values(), step_of(whole.output, t, y.shape()).values()) << "step " << t;
        state = std::move(next);
      }
      for (std::size_t i = 0; i < state.size(); ++i) EXPECT_EQ(state[i].values(), whole.state[i].values());
      // In two pieces, the state of the first handed to the second, sample by sample.
      for (std::int64_t b = 0; b < 3; ++b) {
        const SequenceOutput first = (*layer)({.x = cut(x, b, 4), .timespans = cut(timespans, b, 4)});
        EXPECT_EQ(first.output.values(), cut(whole.output, b, 4).values());
        std::vector<View> handed(first.state.begin(), first.state.end());
        const std::vector<double> xs = cut(x, b, 6).values(), gaps = cut(timespans, b, 6).values();
        const Tensor rest = Tensor::from({1, 2, 2}, std::span(xs).last(4), dtype);
        const Tensor rest_gaps = Tensor::from({1, 2}, std::span(gaps).last(2), dtype);
        const SequenceOutput second = (*layer)({.x = rest, .timespans = rest_gaps, .state = handed});
        const std::vector<double> all = cut(whole.output, b, 6).values();
        EXPECT_EQ(second.output.values(),
                  std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(all.size() / 6 * 4), all.end()));
      }
    }
}

TEST(RNN, TimespansBelongToSamplesWhereBatchEqualsUnits) {
  CfC layer(4, {.backbone_units = 3});
  layer.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({4, 3, 2}, 1), timespans = random_tensor({4, 3}, 2, 0.1, 2);
  const SequenceOutput together = layer({.x = x, .timespans = timespans});
  for (std::int64_t b = 0; b < 4; ++b)
    EXPECT_EQ(layer({.x = cut(x, b, 3), .timespans = cut(timespans, b, 3)}).output.values(),
              cut(together.output, b, 3).values());
}

TEST(RNN, NoTimespansMeanOne) {
  LTC layer(small_ncp());
  const Tensor x = random_tensor({2, 3, 2}, 1).to(Dtype::f32);
  const Tensor ones = Tensor::from({2, 3}, std::vector<double>(6, 1.0));
  EXPECT_EQ(layer({.x = x}).output.values(), layer({.x = x, .timespans = ones}).output.values());
}

// Its output is Δt.
class Clock : public Cell {
 public:
  std::vector<StateOptions> states() const override { return {{.name = "time", .shape = {1}}}; }
  std::int64_t output_size() const override { return 1; }
  CellOutput step(Context&, Value x, const std::vector<Value>& state, Value dt) override {
    return {.output = dt + 0.0 * x, .state = {state[0] + dt}};
  }
  std::string type() const override { return "Clock"; }
  Json config() const override { return Json::object(); }

 protected:
  void on_build(const Shape&) override {}
};

TEST(RNN, BackwardsUsesTheGapToTheFollowingSample) {
  RNN layer(std::make_shared<Clock>(), {.go_backwards = true});
  const Tensor x({2, 4, 1}), lengths = Tensor::from({2}, {4, 3}, Dtype::i32);
  const Tensor timespans = Tensor::from({2, 4}, {10, 1, 2, 3, 20, 4, 5, 99});
  EXPECT_THAT(layer({.x = x, .timespans = timespans, .lengths = lengths}).output.values(),
              ElementsAre(10, 3, 2, 1, 20, 5, 4, 0));  // in the order of processing
}

TEST(RNN, CheckpointsChangeNoBit) {
  for (const LayerCase& layer_case : layer_cases()) {
    SCOPED_TRACE(layer_case.name);
    const auto plain = layer_case.make({}), saving = layer_case.make({.checkpoint_every = 3});
    plain->set_numbers(Dtype::f64, 3);
    saving->set_numbers(Dtype::f64, 3);
    const Sequence sequence{.x = random_tensor({2, 7, 2}, 1),
                            .timespans = random_tensor({2, 7}, 2, 0.1, 2),
                            .lengths = Tensor::from({2}, {7, 4}, Dtype::i32)};
    plain->build(sequence.x.shape());
    const Tensor seed = random_tensor(plain->compute_output_shape(sequence.x.shape()), 5);
    const Evaluation a = evaluate(*plain, sequence, seed), b = evaluate(*saving, sequence, seed);
    for (std::size_t i = 0; i < a.outputs.size(); ++i) EXPECT_EQ(a.outputs[i].values(), b.outputs[i].values());
    EXPECT_EQ(a.x_gradient.values(), b.x_gradient.values());
    // Sums over time in another order: in segments.
    for (const auto& [path, gradient] : a.weight_gradients)
      for (std::size_t i = 0; i < gradient.elements(); ++i)
        EXPECT_NEAR(b.weight_gradients.at(path).values()[i], gradient.values()[i], 1e-12) << path;
  }
}

TEST(RNN, GradientsAgreeWithFiniteDifferences) {
  for (const bool symbolic : {false, true})
    for (const std::int64_t k : {0, 2}) {
      RNN layer(std::make_shared<TwoMemories>(), {.projection = 2, .checkpoint_every = k});
      layer.set_numbers(Dtype::f64, 3);
      check_layer_gradient(layer,
                           {.x = random_tensor({2, 5, 2}, 1),
                            .timespans = random_tensor({2, 5}, 2, 0.1, 2),
                            .lengths = Tensor::from({2}, {3, 5}, Dtype::i32),
                            .symbolic = symbolic},
                           {.inputs = {}, .write = {}});
    }
}

// Dense → LTC → CfC → Dense, the circuits sharing one wiring.
class Stack : public Layer {
 public:
  Stack() {
    const wiring::Wiring shared = wiring::AutoNCP({.units = 6, .output_size = 2, .seed = 1});
    for (const LayerPtr& layer : std::vector<LayerPtr>{std::make_shared<Dense>(3, "tanh"),
                                                       std::make_shared<LTC>(shared, LTCOptions{.ode_unfolds = 2}),
                                                       std::make_shared<CfC>(shared), std::make_shared<Dense>(1)}) {
      add_part("part_" + std::to_string(layers_.size()), layer);
      layers_.push_back(layer);
    }
  }
  Shape compute_output_shape(const Shape& input) const override { return {input[0], input[1], 1}; }
  std::string type() const override { return "Stack"; }
  Json config() const override { return Json::object(); }

 protected:
  void on_build(const Shape& input) override {
    Shape shape = input;
    for (const LayerPtr& layer : layers_) {
      layer->build(shape);
      shape = layer->compute_output_shape(shape);
    }
  }
  Value call(Context& context, Value x) override {
    for (const LayerPtr& layer : layers_) x = (*layer)(context, x);
    return x;
  }

 private:
  std::vector<LayerPtr> layers_;
};

TEST(RNN, StacksAndSharesAWiring) {
  Stack stack;
  stack.set_numbers(Dtype::f64, 3);
  check_layer_gradient(stack, {.x = random_tensor({2, 3, 2}, 1),
                               .timespans = random_tensor({2, 3}, 2, 0.1, 2),
                               .lengths = Tensor::from({2}, {3, 2}, Dtype::i32)});
}

TEST(RNN, DirectCallsAllocateNothingOnceTheShapeIsKnown) {
  if (!testing::CountAllocations::supported()) GTEST_SKIP() << "allocations cannot be counted in this build";
  CfC layer(small_ncp(), {.mixed_memory = true});
  const Tensor x({2, 4, 3}), timespans({2, 4}), lengths = Tensor::from({2}, {4, 2}, Dtype::i32);
  const SequenceInput input{.x = x, .timespans = timespans, .lengths = lengths};
  SequenceOutput result = layer(input);
  const std::vector<View> states(result.state.begin(), result.state.end());
  const Tensor step({2, 3}), dt({2});
  Cell& cell = *layer.cell();
  auto [y, next] = cell(step, result.state, dt);
  const std::vector<View> next_views(next.begin(), next.end());
  layer(input, result.output, states);
  cell(step, states, dt, y, next_views);
  const testing::CountAllocations counting;
  layer(input, result.output, states);
  cell(step, states, dt, y, next_views);
  EXPECT_EQ(counting.calls(), 0U);
}

TEST(RNN, SaysWhatDoesNotFit) {
  CfC layer(4);
  layer.set_name("memory");
  const Tensor x({2, 3, 5}), few({2, 2}), lengths = Tensor::from({3}, {1, 1, 1}, Dtype::i32);
  EXPECT_THAT(
      message_of<ShapeError>([&] {
        layer(Tensor({2, 5}));
      }),
      HasSubstr("memory: input is [2, 5]; expected [batch, time, features]. A single sequence is a batch of one."));
  EXPECT_THAT(message_of<ShapeError>([&] { layer({.x = x, .timespans = few}); }),
              HasSubstr("memory: timespans is [2, 2]; expected [2, 3] like the input."));
  EXPECT_THAT(message_of<ShapeError>([&] { layer({.x = x, .lengths = lengths}); }),
              HasSubstr("memory: lengths is [3]; expected [2] like the input."));
  EXPECT_THAT(message_of<ShapeError>([&] {
                layer({.x = x, .state = {few, few}});
              }),
              HasSubstr("memory: the number of states is 2; expected 1, or none to start afresh."));
  EXPECT_THAT(message_of<ShapeError>([&] {
                (*layer.cell())(Tensor({2, 5}), std::vector{Tensor({2, 3})}, Tensor({2}));
              }),
              HasSubstr("state 'h' before the step is [2, 3]; expected [2, 4], as states() says."));
  EXPECT_THAT(message_of<ConfigError>([&] { RNN(layer.cell(), {.checkpoint_every = -1}); }),
              HasSubstr("checkpoint_every is -1"));
}

TEST(RNN, NamesSampleAndStepOfTimesThatCannotBe) {
  CfC layer(4);
  const Tensor x({2, 3, 5}), lengths = Tensor::from({2}, {3, 1}, Dtype::i32);
  const Tensor negative = Tensor::from({2, 3}, {1, 1, -0.5, 1, 1, 1});
  const Tensor padded = Tensor::from({2, 3}, {1, 1, 1, 1, nan, -1});
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .timespans = negative}); }),
              HasSubstr("cfc: Δt of sample 0 at step 2 is -0.5; expected a finite number >= 0."));
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .timespans = padded}); }),
              HasSubstr("Δt of sample 1 at step 1 is nan"));
  EXPECT_NO_THROW(layer({.x = x, .timespans = padded, .lengths = lengths}));
  const Tensor too_long = Tensor::from({2}, {3, 4}, Dtype::i32);
  EXPECT_THAT(message_of<ConfigError>([&] { layer({.x = x, .lengths = too_long}); }),
              HasSubstr("cfc: the length of sample 1 is 4; expected 0 … 3."));
  const Tensor backwards = Tensor::from({2}, {0, -1});
  EXPECT_THAT(message_of<ConfigError>([&] {
                (*layer.cell())(Tensor({2, 5}), layer.cell()->first_state(2), backwards);
              }),
              HasSubstr("Δt of sample 1 at step 0 is -1"));
}

TEST(RNN, ComesBackFromItsConfiguration) {
  const RNN layer(std::make_shared<LTCCell>(small_ncp()),
                  {.return_sequences = false, .projection = 3, .go_backwards = true, .checkpoint_every = 5});
  const Json config = to_config(layer);
  const auto again = std::dynamic_pointer_cast<RNN>(make_layer(config));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sequence(), layer.sequence());
  EXPECT_EQ(to_config(*again), config);
  EXPECT_THAT(message_of<ConfigError>([] { to_config(RNN(std::make_shared<Clock>())); }), HasSubstr("Clock"));
}

}  // namespace
}  // namespace elegans::nn
