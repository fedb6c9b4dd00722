// The gradients of a batch: what they are the mean of, and that neither shards nor threads nor padding change them.

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <numeric>

#include "data.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/train/trainer.hpp"
#include "support/count_allocations.hpp"

namespace elegans::train {
namespace {

using testing::CountAllocations;

std::vector<double> all_gradients(Trainer& trainer) {
  std::vector<double> all;
  for (const nn::WeightPtr& weight : trainer.model().weights()) {
    const View gradient = trainer.gradient(weight->path);
    const Tensor copy_of = [&] {
      Tensor tensor(gradient.shape, gradient.dtype);
      copy(gradient, tensor);
      return tensor;
    }();
    for (const double g : copy_of.values()) all.push_back(g);
  }
  return all;
}

Sequential ltc_and_dense(Dtype dtype, bool return_sequences) {
  Sequential model({.dtype = dtype, .seed = 5});
  model.add(nn::Dense(5, "tanh"));
  model.add(nn::LTC(wiring::AutoNCP({.units = 12, .output_size = 4}),
                    {.return_sequences = return_sequences, .ode_unfolds = 2}));
  model.add(nn::Dense(2));
  model.build(3);
  return model;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected, double bound,
                 const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], bound * std::max(1.0, std::abs(expected[i]))) << what << ", number " << i;
}

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// Forty sequences in three shards against the forty alone: Σ steps · (mean over a sequence) / Σ steps.
TEST(Gradients, ABatchIsTheMeanOfItsSequencesAlone) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)});
  Sequential model = ltc_and_dense(Dtype::f64, true);
  Trainer whole(model, {.batch_size = 40}), single(model, {.batch_size = 1});
  ASSERT_EQ(shard_rows(40), 16U);
  const double loss = whole.gradients({data, all_of(data)});

  double steps = 0, expected_loss = 0;
  std::vector<double> expected;
  for (std::size_t s = 0; s < data.size(); ++s) {
    const auto own_steps = static_cast<double>(data.steps(s));
    expected_loss += own_steps * single.gradients({data, std::vector{s}});
    const std::vector<double> own = all_gradients(single);
    expected.resize(own.size());
    for (std::size_t i = 0; i < own.size(); ++i) expected[i] += own_steps * own[i];
    steps += own_steps;
  }
  for (double& g : expected) g /= steps;
  EXPECT_NEAR(loss, expected_loss / steps, 100 * epsilon * loss);
  expect_near(all_gradients(whole), expected, 1000 * epsilon, "gradients");
}

// A batch of two against the mean squared error as it stands in the books, with predictions of the model.
TEST(Gradients, TheLossIsThatOfPredictions) {
  const Dataset data = random_sequences({.lengths = {4, 4}, .uneven_time = false});
  Sequential model = ltc_and_dense(Dtype::f64, true);
  Trainer trainer(model);
  std::vector<double> x;
  for (const std::size_t s : {0, 1}) x.insert(x.end(), data.features(s).begin(), data.features(s).end());
  const std::vector<double> y = model.predict(Tensor::from({2, 4, 3}, x, Dtype::f64)).values();
  double expected = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double error = y[i] - data.targets(i / 8)[i % 8];
    expected += error * error / static_cast<double>(y.size());
  }
  EXPECT_NEAR(trainer.gradients({data, all_of(data)}), expected, 100 * epsilon * expected);
}

// Forty sequences of uneven length in three shards: the mean over the sequences of the penalty of their own steps.
TEST(Gradients, PenaltiesOfAnswersAreTheMeanOverTheBatch) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)});
  const auto make = [](double factor) {
    Sequential model({.dtype = Dtype::f64, .seed = 5});
    model.add(nn::Dense({.units = 2, .activity_regulariser = factor > 0 ? nn::l2(factor) : nn::Regulariser{}}));
    model.build(3);
    return model;
  };
  Sequential free = make(0), bound = make(0.25);
  Trainer plain(free, {.batch_size = 40}), penalised(bound, {.batch_size = 40}), single(bound, {.batch_size = 1}),
      single_plain(free, {.batch_size = 1});
  const double difference = penalised.gradients({data, all_of(data)}) - plain.gradients({data, all_of(data)});
  std::vector<double> gradient = all_gradients(penalised), without = all_gradients(plain);
  double expected = 0, squares = 0;
  std::vector<double> expected_gradient(gradient.size());
  for (std::size_t s = 0; s < data.size(); ++s) {
    expected += (single.gradients({data, std::vector{s}}) - single_plain.gradients({data, std::vector{s}})) / 40;
    const std::vector<double> with = all_gradients(single), alone = all_gradients(single_plain);
    for (std::size_t i = 0; i < with.size(); ++i) expected_gradient[i] += (with[i] - alone[i]) / 40;
    std::vector<double> x(data.features(s).begin(), data.features(s).end());
    const auto steps = static_cast<std::int64_t>(data.steps(s));
    for (const double y : bound.predict(Tensor::from({1, steps, 3}, x, Dtype::f64)).values()) squares += y * y;
  }
  EXPECT_NEAR(difference, expected, 1000 * epsilon * expected);
  EXPECT_NEAR(difference, 0.25 * squares / 40, 1000 * epsilon * expected);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= without[i];
  expect_near(gradient, expected_gradient, 1000 * epsilon, "gradients");
}

TEST(Gradients, PenaltiesCountOnceABatch) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40), .uneven_time = false});
  const auto make = [](double factor) {
    Sequential model({.dtype = Dtype::f64, .seed = 5});
    model.add(nn::Dense({.units = 2, .kernel_regulariser = factor > 0 ? nn::l2(factor) : nn::Regulariser{}}));
    model.build(3);
    return model;
  };
  Sequential free = make(0), bound = make(0.25);
  Trainer plain(free, {.batch_size = 40}), penalised(bound, {.batch_size = 40});
  const double loss = plain.gradients({data, all_of(data)}), with_penalty = penalised.gradients({data, all_of(data)});
  double squares = 0;
  std::vector<double> expected = all_gradients(plain);
  const std::vector<double> kernel = bound.weights()[0]->value.values();
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    squares += kernel[i] * kernel[i];
    expected[i] += 0.5 * kernel[i];
  }
  EXPECT_NEAR(with_penalty, loss + 0.25 * squares, 10 * epsilon);
  expect_near(all_gradients(penalised), expected, 10 * epsilon, "gradients");
  // What a model is judged by holds no penalty.
  EXPECT_EQ(penalised.evaluate(data).loss, plain.evaluate(data).loss);
}

TEST(Gradients, OfTheLastStepAreThoseOfALayerThatReturnsItAlone) {
  for (const TargetAt target_at : {TargetAt::last_step, TargetAt::whole_recording}) {
    const Dataset data = random_sequences({.lengths = nineteen_lengths(20), .classes = true, .target_at = target_at});
    Sequential every = ltc_and_dense(Dtype::f64, true), last = ltc_and_dense(Dtype::f64, false);
    Trainer of_every(every), of_last(last);
    EXPECT_NEAR(of_every.gradients({data, all_of(data)}), of_last.gradients({data, all_of(data)}), 100 * epsilon);
    expect_near(all_gradients(of_every), all_gradients(of_last), 1000 * epsilon, "gradients");
  }
}

TEST(Gradients, AModelWithoutTimeTakesSingleSteps) {
  const Dataset data = random_sequences({.lengths = std::vector<std::size_t>(20, 1)});
  Sequential flat({.seed = 3}), timed({.seed = 3});
  flat.add(nn::Dense(2));
  flat.build(Shape{Dim::batch(), 3});
  timed.add(nn::Dense(2));
  timed.build(3);
  Trainer of_flat(flat), of_timed(timed);
  EXPECT_EQ(of_flat.gradients({data, all_of(data)}), of_timed.gradients({data, all_of(data)}));
  EXPECT_EQ(all_gradients(of_flat), all_gradients(of_timed));
}

// Sums over time are taken in another order where the backward pass goes segment by segment.
TEST(Gradients, CheckpointsChangeTheOrderOfSumsAlone) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(20)});
  const auto gradients_with = [&](std::int64_t every) {
    Sequential model({.dtype = Dtype::f64, .seed = 5});
    model.add(nn::LTC(wiring::AutoNCP({.units = 12, .output_size = 2}), {.ode_unfolds = 2, .checkpoint_every = every}));
    Trainer trainer(model);
    trainer.gradients({data, all_of(data)});
    return all_gradients(trainer);
  };
  expect_near(gradients_with(4), gradients_with(0), 1000 * epsilon, "gradients");
}

TEST(ShardRows, DependOnTheBatchAloneAndMakeSixteenShardsAtMost) {
  EXPECT_EQ(shard_rows(1), 16U);
  EXPECT_EQ(shard_rows(256), 16U);
  EXPECT_EQ(shard_rows(257), 32U);
  EXPECT_EQ(shard_rows(1000), 64U);
}

Sequential cfc_with_dropout() {
  Sequential model({.seed = 11});
  model.add(nn::CfC(12, {.backbone_units = 16, .backbone_layers = 2, .backbone_dropout = 0.3}));
  model.add(nn::Dense(2));
  model.build(3);
  return model;
}

// Every bit of the weights after three epochs.
std::vector<float> trained(const Dataset& data, const TrainerOptions& options) {
  Sequential model = cfc_with_dropout();
  Trainer trainer(model, options);
  trainer.fit(data);
  std::vector<float> bits;
  for (const nn::WeightPtr& weight : model.weights())
    bits.insert(bits.end(), weight->value.as<float>().begin(), weight->value.as<float>().end());
  return bits;
}

TEST(Threads, ChangeNoBitAndTheSeedDecides) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(100)});
  const TrainerOptions options{.batch_size = 40, .epochs = 3, .clip_norm = 1, .threads = 1};
  const std::vector<float> one = trained(data, options);
  TrainerOptions other = options;
  other.threads = 2;
  EXPECT_EQ(std::memcmp(trained(data, other).data(), one.data(), one.size() * sizeof(float)), 0);
  EXPECT_EQ(std::memcmp(trained(data, other).data(), one.data(), one.size() * sizeof(float)), 0) << "the second time";
  other.threads = 3;
  EXPECT_EQ(std::memcmp(trained(data, other).data(), one.data(), one.size() * sizeof(float)), 0);
  other.seed = 12;
  EXPECT_NE(trained(data, other), one);
}

// Three shuffled epochs over nineteen lengths, with a short last batch.
TEST(Memory, ATrainingStepAsksForNone) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "this build's allocator cannot be counted";
  const Dataset data = random_sequences({.lengths = nineteen_lengths(100)});
  const auto stack = [](nn::LayerPtr layer) {
    Sequential model({.seed = 5});
    model.add(std::move(layer)).add(nn::Dense(2));
    return model;
  };
  const wiring::AutoNCPOptions circuit{.units = 10, .output_size = 3};
  const std::vector<std::function<Sequential()>> models{
      cfc_with_dropout, [&] { return stack(std::make_shared<nn::LTC>(wiring::AutoNCP(circuit))); },
      [&] { return stack(std::make_shared<nn::LTC>(wiring::AutoNCP(circuit), nn::LTCOptions{.checkpoint_every = 4})); },
      [&] { return stack(std::make_shared<nn::CfC>(wiring::AutoNCP(circuit), nn::CfCOptions{.mixed_memory = true})); },
      [&] { return stack(std::make_shared<nn::LTC>(5, nn::LTCOptions{.mixed_memory = true, .proj_size = 2})); }};
  for (std::size_t m = 0; m < models.size(); ++m)
    for (const std::size_t threads : {1, 2}) {
      Sequential model = models[m]();
      Trainer trainer(model, {.batch_size = 48, .clip_norm = 1, .threads = threads});
      trainer.reserve(data);
      Batches batches({.sequences = data.size(), .batch_size = 48, .seed = 3});
      ASSERT_EQ(batches.per_epoch() * 48 > data.size(), true) << "the last batch is to be short";
      const CountAllocations counting;
      for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
        for (batches.start(epoch); !batches.done();) {
          trainer.gradients({data, batches.next()});
          trainer.apply();
        }
      EXPECT_EQ(counting.calls(), 0U) << "model " << m << ", " << threads << " threads";
    }
}

TEST(Memory, NorDoLossesAskForAny) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "this build's allocator cannot be counted";
  const Dataset labels = random_sequences({.lengths = nineteen_lengths(40), .classes = true});
  const Dataset numbers = random_sequences({.lengths = nineteen_lengths(40)});
  Dataset shares = numbers;
  for (Recording& recording : shares.recordings)
    for (double& target : recording.targets) target = std::abs(target);
  struct Case {
    nn::Loss loss;
    const Dataset& data;
    std::int64_t outputs = 2;
  };
  for (const Case& test :
       {Case{nn::sparse_categorical_crossentropy({.label_smoothing = 0.1, .class_weight = {1, 3}}), labels},
        Case{nn::binary_crossentropy({.ignore_index = 1}), labels, 1}, Case{nn::huber(), numbers},
        Case{nn::quantile({.quantiles = {0.1, 0.9}}), numbers, 4}, Case{nn::kl_divergence(), shares}}) {
    Sequential model({.seed = 5});
    model.add(nn::Dense(test.outputs));
    Trainer trainer(model, {.loss = test.loss, .batch_size = 24});
    trainer.reserve(test.data);
    Batches batches({.sequences = test.data.size(), .batch_size = 24, .seed = 3});
    const CountAllocations counting;
    for (batches.start(0); !batches.done();) {
      trainer.gradients({test.data, batches.next()});
      trainer.apply();
    }
    EXPECT_EQ(counting.calls(), 0U) << test.loss.name;
  }
}

// The same inside fit(), from the end of an epoch's first step to the end of its last.
class CountSteps final : public Callback {
 public:
  explicit CountSteps(const CountAllocations& counting) : counting_(&counting) {}
  void on_step(const StepRecord& record) noexcept override {
    const std::size_t calls = counting_->calls();
    if (record.step_of_epoch > 1) asked_ += calls - before_;
    before_ = calls;
    ++steps_;
  }
  std::size_t asked() const { return asked_; }
  std::size_t steps() const { return steps_; }

 private:
  const CountAllocations* counting_;
  std::size_t before_ = 0, asked_ = 0, steps_ = 0;
};

TEST(Memory, NorDoesAStepOfFit) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "this build's allocator cannot be counted";
  const Dataset data = random_sequences({.lengths = nineteen_lengths(100)});
  Sequential model = cfc_with_dropout();
  const CountAllocations counting;
  const auto steps = std::make_shared<CountSteps>(counting);
  Trainer trainer(model, {.batch_size = 24, .epochs = 3, .callbacks = {steps}});
  trainer.fit(data, data);
  EXPECT_EQ(steps->steps(), 15U);
  EXPECT_EQ(steps->asked(), 0U);
}

TEST(Memory, IsKnown) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(100)});
  Sequential model = cfc_with_dropout();
  Trainer trainer(model, {.threads = 1});
  EXPECT_EQ(trainer.bytes(), 0U);
  const std::size_t counted = [&] {
    const CountAllocations counting;
    trainer.reserve(data);
    return counting.bytes();
  }();
  EXPECT_GT(trainer.bytes(), 4 * 4 * trainer.parameters()) << "parameters, gradients and two moments";
  if (CountAllocations::supported()) {
    EXPECT_LE(trainer.bytes(), counted);
  }
  const std::size_t before = trainer.bytes();
  trainer.gradients({data, all_of(select(data, std::vector<std::size_t>{0, 1}))});
  EXPECT_EQ(trainer.bytes(), before);
}

}  // namespace
}  // namespace elegans::train
