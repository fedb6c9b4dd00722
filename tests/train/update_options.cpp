// Accumulation, averages, groups and frozen weights as a Trainer has them, and the rate that is reduced on a plateau.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/reduce_on_plateau.hpp"
#include "elegans/train/trainer.hpp"
#include "support/count_allocations.hpp"
#include "support/message_of.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using testing::CountAllocations;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

Sequential penalised(Dtype dtype = Dtype::f32) {
  Sequential model({.dtype = dtype, .seed = 5});
  model.add(nn::CfC(6, {.backbone_units = 8}))
      .add(nn::Dense({.units = 2, .kernel_regulariser = nn::l2(0.1), .kernel_constraint = nn::non_negative()}));
  model.build(3);
  return model;
}

std::vector<std::vector<double>> weights_of(const Sequential& model) {
  std::vector<std::vector<double>> all;
  for (const nn::WeightPtr& weight : model.weights()) all.push_back(weight->value.values());
  return all;
}

// Batches of 16 are cut like the shards of batches of 48 where all are equally long: the same sums in the same order.
TEST(Accumulation, OfThreeBatchesIsOneOfThreeTimesAsMany) {
  const Dataset data = random_sequences({.lengths = std::vector<std::size_t>(140, 7)});
  ASSERT_EQ(shard_rows(48), 16U);
  const auto run = [&](std::size_t batch, std::size_t together, std::size_t threads) {
    Sequential model = penalised();
    Trainer trainer(model, {.optimizer = Adam{.learning_rate = 0.01},
                            .batch_size = batch,
                            .epochs = 3,
                            .clip_norm = 1,
                            .gradient_accumulation_steps = together,
                            .threads = threads});
    const History history = trainer.fit(data);
    EXPECT_EQ(trainer.step(), 9U) << "the last update of an epoch is of what is left";
    return std::pair(weights_of(model), history.epochs.back().loss);
  };
  const auto whole = run(48, 1, 1);
  EXPECT_EQ(run(16, 3, 1), whole);
  EXPECT_EQ(run(16, 3, 2), whole);
}

// Of batches that are cut otherwise, up to rounding: means are weighted by what counts, not by batches.
TEST(Accumulation, WeighsBatchesByWhatCounts) {
  Dataset data = random_sequences({.lengths = {20, 2, 3, 15, 4}});
  data.recordings[3].weights.assign(15, 0.5);
  Sequential model = penalised(Dtype::f64);
  Trainer whole(model, {.batch_size = 5}), parts(model, {.batch_size = 2, .gradient_accumulation_steps = 3});
  const std::vector<std::size_t> all{0, 1, 2, 3, 4}, a{0, 1}, b{2, 3}, c{4};
  const std::vector<Batch> batches{{data, a}, {data, b}, {data, c}};
  EXPECT_NEAR(parts.gradients(batches), whole.gradients({data, all}), 1e-14);
  EXPECT_NEAR(parts.gradient_norm(), whole.gradient_norm(), 1e-14);
  for (const nn::WeightPtr& weight : model.weights()) {
    const auto of_parts = parts.gradient(weight->path).as<double>(),
               of_whole = whole.gradient(weight->path).as<double>();
    for (std::size_t i = 0; i < of_parts.size(); ++i) EXPECT_NEAR(of_parts[i], of_whole[i], 1e-14) << weight->path;
  }
  EXPECT_EQ(message_of<ConfigError>([&] { whole.gradients(batches); }),
            "gradients: the number of batches is 3; expected 1, for gradient_accumulation_steps is 1.");
  EXPECT_EQ(message_of<ConfigError>([&] { parts.gradients(std::span<const Batch>()); }),
            "gradients: the number of batches is 0; expected 1 … 3, the gradient_accumulation_steps.");
}

TEST(Averages, AreJudgedAndAreWhatTheModelHasAtTheEnd) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)}),
                held_back = random_sequences({.lengths = {5}});
  // The weights behind every update, and the averages made from them here.
  class Follow final : public Callback {
   public:
    void on_save_point(Trainer& trainer, const SavePoint& point) override {
      if (point.epoch) return;
      const auto now = weights_of(trainer.model());
      if (average.empty()) average = now;
      for (std::size_t w = 0; w < now.size(); ++w)
        for (std::size_t i = 0; i < now[w].size(); ++i) average[w][i] = 0.9 * average[w][i] + 0.1 * now[w][i];
    }
    Next on_epoch(Trainer& trainer, const EpochRecord&) override {
      seen.push_back(weights_of(trainer.model()));
      expected.push_back(average);
      return Next::go_on;
    }
    std::vector<std::vector<double>> average;
    std::vector<std::vector<std::vector<double>>> seen, expected;
  };
  const auto follow = std::make_shared<Follow>();
  Sequential model = penalised(Dtype::f64);
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 0.01},
                          .batch_size = 16,
                          .epochs = 4,
                          .ema_decay = 0.9,
                          .callbacks = {follow}});
  const History history = trainer.fit(data, held_back);
  for (std::size_t e = 0; e < 4; ++e)
    for (std::size_t w = 0; w < follow->seen[e].size(); ++w)
      for (std::size_t i = 0; i < follow->seen[e][w].size(); ++i)
        EXPECT_NEAR(follow->seen[e][w][i], follow->expected[e][w][i], 1e-15);
  EXPECT_EQ(weights_of(model), follow->seen.back());
  EXPECT_EQ(trainer.evaluate(held_back).loss, history.epochs.back().validation->loss);
}

TEST(Averages, OfTheBestEpochAreRestored) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)}),
                held_back = random_sequences({.lengths = {5}});
  Sequential model = penalised();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 2},
                          .epochs = 20,
                          .ema_decay = 0.5,
                          .callbacks = {early_stopping({.patience = 3})}});
  const History history = trainer.fit(data, held_back);
  ASSERT_TRUE(history.restored);
  EXPECT_EQ(trainer.evaluate(held_back).loss, history.epochs[*history.restored - 1].validation->loss);
}

TEST(Averages, AreThereWhereTrainingFails) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(64)});
  Sequential model({.seed = 5});
  model.add(nn::Dense(2));
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1e21}, .ema_decay = 0.5});
  EXPECT_THROW(trainer.fit(data), Error);
  for (const auto& weight : weights_of(model))
    for (const double value : weight) EXPECT_TRUE(std::isfinite(value));
  EXPECT_EQ(
      message_of<ConfigError>([&] { Trainer(model).swap_averages(); }),
      "swap_averages: ema_decay is not given; expected the decay of the averages. Set it in the trainer's options.");
}

TEST(Frozen, WeightsStayAndCostNothing) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)});
  Sequential model = penalised();
  const auto before = weights_of(model);
  Trainer trainer(model, {.optimizer = AdamW{.learning_rate = 0.1, .weight_decay = 0.5},
                          .frozen = {"cfc/*"},
                          .epochs = 2,
                          .ema_decay = 0.5});
  trainer.fit(data);
  const auto after = weights_of(model);
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(model.weights()[i]->path.starts_with("cfc/"), before[i] == after[i]) << model.weights()[i]->path;
  EXPECT_EQ(trainer.parameters(), 14U);
  trainer.gradients({data, std::vector<std::size_t>{0}});
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.gradient("cfc/cell/ff1_kernel"); }),
              HasSubstr("expected that of a trainable weight"));
  EXPECT_THAT(trainer.explain(),
              AllOf(HasSubstr("gradients of a shard\n"), HasSubstr("update by adamw"),
                    HasSubstr("36 bytes a parameter read and written, 12 bytes a parameter of state"),
                    HasSubstr("constrained by non_negative")));
  EXPECT_EQ(trainer.update_bytes().traffic, 36);
}

TEST(Groups, OfATrainerAreChecked) {
  Sequential model = penalised();
  const auto refused = [&](TrainerOptions options) {
    return message_of<ConfigError>([&] { Trainer(model, std::move(options)); });
  };
  EXPECT_EQ(refused({.groups = {{}}}), "Trainer: a group is without patterns of weights; expected one or more.");
  EXPECT_EQ(refused({.groups = {{.weights = {"*"}, .learning_rate = -1}}}),
            "Trainer: the learning_rate of a group is -1; expected a finite number >= 0.");
  EXPECT_EQ(refused({.groups = {{.weights = {"*"}, .weight_decay = std::nan("")}}}),
            "Trainer: the weight_decay of a group is nan; expected a finite number >= 0.");
  EXPECT_EQ(
      refused({.optimizer = SGD{.learning_rate = 0}, .groups = {{.weights = {"*"}, .learning_rate = 1}}}),
      "Trainer: the optimizer's learning_rate is 0; expected above 0 where a group has a rate of its own, which is "
      "taken as a multiple of it.");
  EXPECT_EQ(refused({.clip_norm = 1, .clip_value = 1}),
            "Trainer: clip_value is given beside clip_norm; expected one of the two.");
  EXPECT_EQ(refused({.clip_value = -1}), "Trainer: clip_value is -1; expected a number > 0, or none for no clipping.");
  EXPECT_EQ(refused({.gradient_accumulation_steps = 0}),
            "Trainer: gradient_accumulation_steps is 0; expected 1 or more.");
  EXPECT_EQ(refused({.ema_decay = 1}),
            "Trainer: ema_decay is 1; expected 0 or more and less than 1, or none for no averages.");
  const Dataset data = random_sequences({.lengths = {4}});
  Trainer trainer(model, {.frozen = {"cfc/kernal"}});
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.fit(data); }),
              HasSubstr("a pattern of frozen is 'cfc/kernal'; expected a pattern that names a weight of the model."));
}

// Groups, accumulation, averages, schedule and both kinds of clipping ask for no memory either.
TEST(Memory, AnUpdateWithEverythingAsksForNone) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "this build's allocator cannot be counted";
  const Dataset data = random_sequences({.lengths = nineteen_lengths(100)});
  for (const std::string_view name : optimizer_names())
    for (const bool by_norm : {true, false}) {
      Sequential model = penalised();
      TrainerOptions options{.optimizer = optimizer_named(name, 0.01),
                             .schedule = CosineDecay{.warmup_steps = 3, .decay_steps = 20},
                             .groups = {{.weights = {"*bias"}, .learning_rate = 0.1, .weight_decay = 0}},
                             .frozen = {"cfc/*time*"},
                             .batch_size = 16,
                             .gradient_accumulation_steps = 3,
                             .ema_decay = 0.9,
                             .threads = 2};
      if (by_norm)
        options.clip_norm = 1;
      else
        options.clip_value = 1;
      Trainer trainer(model, options);
      trainer.reserve(data);
      Batches batches({.sequences = data.size(), .batch_size = 16, .seed = 3});
      std::vector<Batch> some;
      some.reserve(3);
      const CountAllocations counting;
      for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
        for (batches.start(epoch); !batches.done();) {
          some.clear();
          while (some.size() < 3 && !batches.done()) some.push_back({data, batches.next()});
          trainer.gradients(some);
          trainer.apply();
          trainer.swap_averages();
          trainer.swap_averages();
        }
      EXPECT_EQ(counting.calls(), 0U) << name;
    }
}

// The callback under test is told a course of losses; the rates are those that Keras' ReduceLROnPlateau gives for it.
std::vector<double> rates_of(const ReduceOnPlateauOptions& options, const std::vector<double>& losses) {
  Sequential model = penalised();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1}});
  const CallbackPtr reduce = reduce_on_plateau(options);
  reduce->on_start(trainer, {.figures = {{"loss"}, {"val_accuracy", nn::Better::higher}}});
  std::vector<double> rates;
  for (const double loss : losses) {
    EpochRecord record{.epoch = rates.size() + 1, .loss = loss};
    record.validation = Evaluation{.metrics = {{"accuracy", loss}}};
    EXPECT_EQ(reduce->on_epoch(trainer, record), Next::go_on);
    rates.push_back(trainer.learning_rate());
  }
  return rates;
}

TEST(ReduceOnPlateau, WaitsReducesAndCools) {
  EXPECT_THAT(rates_of({.monitor = "loss", .factor = 0.5, .patience = 2}, {5, 4, 4, 4, 3, 3, 3, 3, 3}),
              ElementsAre(1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125));
  EXPECT_THAT(rates_of({.monitor = "loss", .factor = 0.5, .patience = 1, .cooldown = 2}, {5, 5, 5, 5, 5, 5, 5}),
              ElementsAre(1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125));
  EXPECT_THAT(rates_of({.monitor = "loss", .factor = 0.1, .patience = 1, .min_lr = 0.05}, {5, 5, 5, 5}),
              ElementsAre(1, 0.1, 0.05, 0.05));
  EXPECT_THAT(rates_of({.monitor = "loss", .factor = 0.5, .patience = 1, .min_delta = 1}, {5, 4.5, 3, 2.5}),
              ElementsAre(1, 0.5, 0.5, 0.25));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(rates_of({.monitor = "val_accuracy", .factor = 0.5, .patience = 1}, {0.5, 0.6, 0.6, nan, 0.7}),
              ElementsAre(1, 1, 0.5, 0.25, 0.25));
}

TEST(ReduceOnPlateau, ScalesWhatTheScheduleMakes) {
  const Dataset data = random_sequences({.lengths = {4, 5}});
  Sequential model = penalised();
  Trainer trainer(
      model, {.optimizer = SGD{.learning_rate = 1e-9},
              .schedule = StepDecay{.step_size = 2, .gamma = 0.5},
              .epochs = 3,
              .callbacks = {reduce_on_plateau({.monitor = "loss", .factor = 0.25, .patience = 1, .min_delta = 1})}});
  const History history = trainer.fit(data);
  EXPECT_EQ(trainer.base_learning_rate(), 1e-9 / 16);
  EXPECT_EQ(history.epochs[1].learning_rate, 1e-9 / 2) << "before the callback reduces it";
  EXPECT_EQ(history.epochs[2].learning_rate, 1e-9 / 4 / 2);
}

TEST(ReduceOnPlateau, OptionsValidateThemselves) {
  const auto refused = [](const ReduceOnPlateauOptions& options) {
    return message_of<ConfigError>([&] { reduce_on_plateau(options); });
  };
  EXPECT_EQ(refused({.factor = 1}), "reduce_on_plateau: factor is 1; expected above 0 and below 1.");
  EXPECT_EQ(refused({.patience = 0}), "reduce_on_plateau: patience is 0; expected 1 or more.");
  EXPECT_EQ(refused({.min_delta = -1}), "reduce_on_plateau: min_delta is -1; expected 0 or more.");
  EXPECT_EQ(refused({.min_lr = -1}), "reduce_on_plateau: min_lr is -1; expected a finite number >= 0.");
  Sequential model = penalised();
  Trainer trainer(model, {.callbacks = {reduce_on_plateau()}});
  const Dataset data = random_sequences({.lengths = {4, 5}});
  EXPECT_THAT(message_of<ConfigError>([&] { trainer.fit(data); }),
              HasSubstr("reduce_on_plateau: monitor is 'val_loss'; expected a figure of this training."));
}

}  // namespace
}  // namespace elegans::train
