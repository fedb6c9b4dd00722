// Truncated back-propagation through time: threads, memory, schedules, and what is refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "data.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/train/trainer.hpp"
#include "recurrent_networks.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using testing::CountAllocations;
using ::testing::HasSubstr;
using testing::message_of;

TEST(CarriedStates, ThreadsChangeNoBit) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(90)});
  const auto trained = [&](std::size_t threads) {
    Sequential model({.seed = 5});
    model.add(nn::CfC(6, {.backbone_units = 8, .backbone_dropout = 0.3})).add(nn::Dense(2));
    Trainer trainer(model, {.batch_size = 40, .epochs = 2, .tbptt_steps = 6, .threads = threads});
    trainer.fit(data, data);
    return weights_of(model);
  };
  EXPECT_EQ(trained(1), trained(2));
}

// Recordings of thirty segments and of one.
TEST(CarriedStates, AStepAsksForNoMemory) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "this build's allocator cannot be counted";
  std::vector<std::size_t> lengths = nineteen_lengths(60);
  lengths[7] = 150;
  const Dataset data = random_sequences({.lengths = lengths});
  for (const std::size_t threads : {1, 2}) {
    Sequential model = network(recurrent_layers()[2].second, Dtype::f32);
    Trainer trainer(model, {.batch_size = 24, .tbptt_steps = 5, .threads = threads});
    trainer.reserve(data);
    Segments segments(data, {.steps = 5, .batch_size = 24, .seed = 3});
    const CountAllocations counting;
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch)
      for (segments.start(epoch); !segments.done();) {
        trainer.gradients({data, segments.next()});
        trainer.apply();
      }
    EXPECT_EQ(counting.calls(), 0U) << threads << " threads";
  }
}

// Memory is that of a segment: a recording a hundred times as long takes no more.
TEST(CarriedStates, MemoryDoesNotGrowWithARecording) {
  const auto bytes = [](std::size_t length) {
    const Dataset data = random_sequences({.lengths = {length, length / 2 + 1}});
    Sequential model = network(recurrent_layers()[0].second, Dtype::f32);
    Trainer trainer(model, {.tbptt_steps = 16, .threads = 1});
    trainer.reserve(data);
    trainer.evaluate(data);
    return trainer.bytes();
  };
  EXPECT_EQ(bytes(5000), bytes(50));
}

// Every fit knows its number of updates, though epochs differ: a schedule to the end of the fit ends there.
TEST(CarriedStates, AScheduleEndsWithTheFit) {
  class Rates final : public Callback {
   public:
    void on_start(Trainer&, const FitPlan& plan) override { planned = plan.steps_per_epoch; }
    void on_save_point(Trainer& trainer, const SavePoint& point) override {
      if (point.epoch) rates.push_back(trainer.learning_rate());
    }
    std::size_t planned = 0;
    std::vector<double> rates;
  };
  const auto rates = std::make_shared<Rates>();
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  Sequential model = network(recurrent_layers()[0].second, Dtype::f32);
  Trainer trainer(
      model,
      {.schedule = CosineDecay{.minimum = 1e-6}, .batch_size = 7, .epochs = 6, .tbptt_steps = 4, .callbacks = {rates}});
  const History history = trainer.fit(data);
  std::uint64_t before = 0, most = 0;
  for (const EpochRecord& epoch : history.epochs) {
    most = std::max(most, epoch.step - before);
    before = epoch.step;
  }
  EXPECT_EQ(rates->planned, (trainer.step() + 5) / 6);
  EXPECT_GE(most, rates->planned);
  EXPECT_NEAR(rates->rates.back(), 1e-6, 1e-18);
  EXPECT_GT(rates->rates[4], 2e-6);
}

// Epochs differ in their updates, and are not counted one by one before the first of them: that would never end.
TEST(CarriedStates, AFitBeginsAtOnceHoweverManyEpochsAreAskedFor) {
  class One final : public Callback {
   public:
    void on_start(Trainer&, const FitPlan& plan) override { planned = plan.steps_per_epoch; }
    Next on_epoch(Trainer&, const EpochRecord&) override { return Next::stop; }
    std::size_t planned = 0;
  };
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  for (const std::uint64_t epochs : {std::uint64_t{1} << 50, static_cast<std::uint64_t>(-1)}) {
    const auto one = std::make_shared<One>();
    Sequential model = network(recurrent_layers()[0].second, Dtype::f32);
    Trainer trainer(model, {.batch_size = 7, .epochs = epochs, .tbptt_steps = 4, .callbacks = {one}});
    EXPECT_EQ(trainer.fit(data).epochs.size(), 1U);
    EXPECT_EQ(one->planned, trainer.step()) << "the updates of the first epoch";
  }
}

// Where all epochs have as many updates, a schedule that ends with the fit has nothing to count either.
TEST(CarriedStates, AFitOfLikeEpochsBeginsAtOnceWithAnySchedule) {
  class Stop final : public Callback {
   public:
    Next on_epoch(Trainer&, const EpochRecord&) override { return Next::stop; }
  };
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  for (const Order order : {Order::shuffled, Order::sequential}) {
    Sequential model = network(recurrent_layers()[0].second, Dtype::f32);
    Trainer trainer(model, {.schedule = CosineDecay{},
                            .batch_size = 7,
                            .epochs = std::uint64_t{1} << 50,
                            .order = order,
                            .tbptt_steps = order == Order::shuffled ? 20 : 4,
                            .callbacks = {std::make_shared<Stop>()}});
    EXPECT_EQ(trainer.fit(data).epochs.size(), 1U);
  }
}

TEST(CarriedStates, WhatCannotBeCarriedIsRefused) {
  const Dataset data = random_sequences({.lengths = {12, 5}});
  Sequential both({.seed = 5});
  both.add(nn::Bidirectional(std::make_shared<nn::GRU>(3))).add(nn::Dense(2));
  Trainer ahead(both, {.tbptt_steps = 4});
  for (const auto& use : {std::function<void()>([&] { ahead.fit(data); }), {[&] { ahead.evaluate(data); }}})
    EXPECT_THAT(
        message_of<ConfigError>(use),
        AllOf(HasSubstr("the model is one that looks ahead in time; expected one whose states can be carried, as "
                        "tbptt_steps is given. Leave out layers that run backwards"),
              HasSubstr("cut windows instead")));

  const Dataset last = random_sequences({.lengths = {12, 5}, .target_at = TargetAt::whole_recording});
  Sequential model = network(recurrent_layers()[0].second, Dtype::f32, false);
  Trainer trainer(model, {.epochs = 1, .tbptt_steps = 8});
  EXPECT_EQ(
      message_of<ConfigError>([&] { trainer.fit(last); }),
      "fit: the target of a sequence is that of its last step or of its whole recording; expected one at every step, "
      "for the longest of 12 steps is cut into segments of 8. Repeat it at each step with repeat_targets(), or leave "
      "tbptt_steps out.");
  const Dataset at_last = random_sequences({.lengths = {12, 5}, .target_at = TargetAt::last_step});
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.fit(at_last); }), HasSubstr("Train on the target of every step"));
  EXPECT_NO_THROW(trainer.evaluate(last));
  Trainer long_enough(model, {.epochs = 1, .tbptt_steps = 12});
  EXPECT_NO_THROW(long_enough.fit(last)) << "nothing is cut";
  EXPECT_EQ(message_of<ConfigError>([&] { Trainer(model, {.tbptt_steps = 0}); }),
            "Trainer: tbptt_steps is 0; expected 1 or more, or none where sequences are not cut.");
}

TEST(CarriedStates, BatchesAreWhatTheTrainerTakes) {
  const Dataset data = random_sequences({.lengths = {12, 5}});
  Sequential model = network(recurrent_layers()[0].second, Dtype::f32);
  Trainer cut(model, {.batch_size = 2, .tbptt_steps = 4}), whole(model, {.batch_size = 2});
  EXPECT_EQ(
      message_of<ConfigError>([&] {
        cut.gradients({data, std::vector<std::size_t>{0, 1}});
      }),
      "gradients: the batch is of whole sequences; expected of segments, as tbptt_steps is given. Take batches from "
      "Segments.");
  const auto refusal = [&](Trainer& trainer, std::vector<Segment> segments) {
    return message_of<ConfigError>([&] { trainer.gradients({data, segments}); });
  };
  EXPECT_EQ(
      refusal(cut, {{.sequence = 1, .first = 4, .steps = 2}}),
      "gradients: a segment is steps 4 … 6 of sequence 1 in row 0; expected steps within its 5, and a row from 0 to "
      "1. Take batches from Segments.");
  EXPECT_THAT(refusal(cut, {{.sequence = 1, .first = 4}}), HasSubstr("steps 4 … 4"));
  EXPECT_THAT(refusal(cut, {{.sequence = 0, .steps = 4, .row = 1}, {.sequence = 1, .steps = 4, .row = 1}}),
              HasSubstr("of sequence 1 in row 1; expected steps within its 5, and a row from 2 to 1"));
  EXPECT_THAT(refusal(cut, {{.sequence = 2, .steps = 4}}), HasSubstr("the number of a sequence is 2"));
  EXPECT_THAT(refusal(cut, {{.sequence = 0, .steps = 5}}), HasSubstr("the length of sequence 0 is 5"));
  EXPECT_THAT(refusal(whole, {{.sequence = 0, .steps = 4}}),
              HasSubstr("expected whole sequences, as tbptt_steps is not given."));
  const std::vector<Segment> all{{.sequence = 0, .steps = 12}};
  EXPECT_EQ(whole.gradients({data, all}), whole.gradients({data, std::vector<std::size_t>{0}}));
}

}  // namespace
}  // namespace elegans::train
