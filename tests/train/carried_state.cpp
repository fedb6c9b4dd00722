// Truncated back-propagation through time: states go on from segment to segment, gradients do not, and whole sequences
// are judged as by one long pass.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "data.hpp"
#include "elegans/nn/activity_regularisation.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/trainer.hpp"
#include "recurrent_networks.hpp"

namespace elegans::train {
namespace {

// Whole sequences as segments are an ordinary fit, to the bit: losses, validation, weights.
TEST(CarriedStates, NothingChangesWhereNothingIsCut) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(50)}),
                held_back = random_sequences({.lengths = {9, 5, 20}});
  const auto fitted = [&](const Make& layer, std::optional<std::size_t> steps) {
    Sequential model({.seed = 5});
    model.add(nn::CfC(6, {.backbone_units = 8, .backbone_dropout = 0.3})).add(layer(true)).add(nn::Dense(2));
    Trainer trainer(model, {.batch_size = 20, .epochs = 2, .gradient_accumulation_steps = 2, .tbptt_steps = steps});
    const History history = trainer.fit(data, held_back);
    std::vector<double> found = weights_of(model);
    for (const EpochRecord& epoch : history.epochs) {
      found.push_back(epoch.loss);
      found.push_back(epoch.validation->loss);
      found.push_back(static_cast<double>(epoch.step));
    }
    return found;
  };
  for (const auto& [name, layer] : recurrent_layers()) {
    SCOPED_TRACE(name);
    const std::vector<double> plain = fitted(layer, {});
    EXPECT_EQ(fitted(layer, 20), plain);
    EXPECT_EQ(fitted(layer, 1000), plain);
    EXPECT_NE(fitted(layer, 5), plain);
  }
}

// What the network remembers of each row, by predictions of one segment at a time.
class Oracle {
 public:
  Oracle(Sequential& model, const Dataset& data) : model_(&model), data_(&data) {}

  // The mean squared error of a batch with the weights as they are. States at borders are constants: those that
  // remember() left.
  double loss(std::span<const Segment> batch) {
    double sum = 0, count = 0;
    for (const Segment& segment : batch) {
      const std::vector<double> y = forward(segment).first;
      const auto target = data_->targets(segment.sequence).subspan(2 * segment.first, 2 * segment.steps);
      for (std::size_t i = 0; i < y.size(); ++i, ++count) sum += (y[i] - target[i]) * (y[i] - target[i]);
    }
    return sum / count;
  }
  void remember(std::span<const Segment> batch) {
    for (const Segment& segment : batch) states_[segment.row] = forward(segment).second;
  }

 private:
  std::pair<std::vector<double>, std::vector<Tensor>> forward(const Segment& segment) {
    const auto steps = static_cast<std::int64_t>(segment.steps);
    const auto part = [&](std::span<const double> all, std::size_t width, const Shape& shape) {
      return Tensor::from(shape, all.subspan(width * segment.first, width * segment.steps), Dtype::f64);
    };
    const Tensor x = part(data_->features(segment.sequence), 3, {1, steps, 3});
    const Tensor dt = part(data_->dt(segment.sequence), 1, {1, steps});
    std::vector<Tensor> before = segment.begins() ? model_->first_states(1) : states_.at(segment.row), after = before;
    const Tensor y = model_->predict(
        x, {.timespans = dt, .state = {before.begin(), before.end()}, .next_state = {after.begin(), after.end()}});
    return {y.values(), std::move(after)};
  }

  Sequential* model_;
  const Dataset* data_;
  std::map<std::size_t, std::vector<Tensor>> states_;
};

// Uneven sequences over rows that are taken over; weights change between the segments. Central differences of the
// oracle: h² / 6 · f‴ and 2⁻⁵² / h, h = 2⁻¹⁷, are below 1e-9 for numbers of the size of 1.
TEST(CarriedStates, HeavyGradientsAreThoseOfASegmentAfterItsStates) {
  const Dataset data = random_sequences({.lengths = {11, 4, 7, 1, 9, 8}});
  for (const auto& [name, layer] : recurrent_layers()) {
    SCOPED_TRACE(name);
    Sequential model = network(layer, Dtype::f64);
    Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.05}, .batch_size = 3, .tbptt_steps = 4});
    Oracle oracle(model, data);
    Segments segments(data, {.steps = 4, .batch_size = 3, .order = Order::sequential});
    std::size_t batches = 0;
    for (; !segments.done(); ++batches) {
      const std::span<const Segment> batch = segments.next();
      EXPECT_NEAR(trainer.gradients({data, batch}), oracle.loss(batch), 1e-13) << "batch " << batches;
      for (const nn::WeightPtr& weight : model.weights()) {
        const auto gradient = trainer.gradient(weight->path).as<double>(), values = weight->value.as<double>();
        // Some of the larger weights.
        for (std::size_t i = 0; i < values.size(); i += 1 + values.size() / 6) {
          const double kept = values[i], h = std::ldexp(1.0, -17);
          values[i] = kept + h;
          const double above = oracle.loss(batch);
          values[i] = kept - h;
          const double below = oracle.loss(batch);
          values[i] = kept;
          EXPECT_NEAR(gradient[i], (above - below) / (2 * h), 1e-8)
              << weight->path << ", element " << i << ", batch " << batches;
        }
      }
      oracle.remember(batch);
      trainer.apply();
    }
    EXPECT_EQ(batches, 5U);
  }
}

// Where no sequence begins nothing reaches the first state.
TEST(CarriedStates, OnlyWhatBeginsTeachesAFirstState) {
  const Dataset data = random_sequences({.lengths = {8, 8}});
  Sequential model = network(recurrent_layers().back().second, Dtype::f64);
  Trainer trainer(model, {.batch_size = 2, .tbptt_steps = 4});
  Segments segments(data, {.steps = 4, .batch_size = 2});
  const auto largest = [&] {
    trainer.gradients({data, segments.next()});
    double most = 0;
    for (const nn::WeightPtr& weight : model.weights())
      if (weight->path.ends_with("first_h"))
        for (const double g : trainer.gradient(weight->path).as<double>()) most = std::max(most, std::abs(g));
    return most;
  };
  EXPECT_GT(largest(), 1e-3);
  EXPECT_EQ(largest(), 0);
}

// Every prediction that a metric is shown, by its target.
struct Predictions final : nn::Metric::Count {
  std::shared_ptr<std::map<double, std::vector<double>>> found;
  void add(const nn::MetricPlace& at) override {
    const bool is_new = found->emplace(at.target[0], std::vector(at.prediction.begin(), at.prediction.end())).second;
    EXPECT_TRUE(is_new) << "a place is shown twice";
  }
  double value() const override { return static_cast<double>(found->size()); }
  void reset() override { found->clear(); }
  std::unique_ptr<Count> clone() const override { return std::make_unique<Predictions>(*this); }
};

std::map<double, std::vector<double>> answers(Sequential& model, const Dataset& data, std::optional<std::size_t> steps,
                                              std::size_t threads = 1) {
  Predictions all;
  all.found = std::make_shared<std::map<double, std::vector<double>>>();
  Trainer trainer(model, {.metrics = {nn::Metric("all", nn::Targets::numbers, nn::Better::lower, all.clone())},
                          .batch_size = 20,
                          .tbptt_steps = steps,
                          .threads = threads});
  const Evaluation found = trainer.evaluate(data);
  EXPECT_TRUE(std::isfinite(found.loss));
  return *all.found;
}

// Each target says where it stands.
Dataset numbered(TargetAt target_at) {
  Dataset data = random_sequences({.lengths = nineteen_lengths(50), .targets = 1, .target_at = target_at});
  double number = 0;
  for (Recording& recording : data.recordings)
    for (double& target : recording.targets) target = number++;
  return data;
}

TEST(CarriedStates, EvaluationIsThatOfOneLongPass) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const auto& [name, layer] : recurrent_layers())
      for (const TargetAt target_at : {TargetAt::every_step, TargetAt::last_step, TargetAt::whole_recording}) {
        const Dataset data = numbered(target_at);
        for (const bool all : {true, false}) {
          if (target_at == TargetAt::every_step && !all) continue;
          SCOPED_TRACE(name + (all ? ", every step" : ", last step"));
          Sequential model = network(layer, dtype, all, 1);
          const auto whole = answers(model, data, {});
          if (target_at != TargetAt::every_step) {
            EXPECT_EQ(whole.size(), data.size());
          }
          for (const std::size_t steps : {1, 7}) EXPECT_EQ(answers(model, data, steps, 2), whole) << steps;
        }
      }
}

// Weights that stay: the losses of an epoch's segments are the mean over all steps.
TEST(CarriedStates, TheLossOfAnEpochIsTheMeanOverItsSteps) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(30)});
  Sequential model = network(recurrent_layers()[0].second, Dtype::f64),
             plain = network(recurrent_layers()[0].second, Dtype::f64);
  Trainer cut(model, {.optimizer = SGD{.learning_rate = 0}, .batch_size = 8, .epochs = 1, .tbptt_steps = 3});
  Trainer whole(plain, {.batch_size = 8});
  const double expected = whole.evaluate(data).loss;
  EXPECT_NEAR(cut.fit(data).epochs[0].loss, expected, 1e-14);
  EXPECT_NEAR(cut.evaluate(data).loss, expected, 1e-14);
}

// Masked targets count nowhere, also where a whole batch of segments is masked.
TEST(CarriedStates, MaskedSegmentsTeachNothing) {
  Dataset data = random_sequences({.lengths = {12, 12}});
  for (Recording& recording : data.recordings) {
    recording.weights.assign(12, 0);
    recording.weights.back() = 2;
  }
  Sequential model = network(recurrent_layers()[1].second, Dtype::f64);
  Trainer trainer(model, {.tbptt_steps = 4});
  Segments segments(data, {.steps = 4});
  for (int batch = 0; batch < 2; ++batch) {
    EXPECT_EQ(trainer.gradients({data, segments.next()}), 0);
    EXPECT_EQ(trainer.gradient_norm(), 0);
  }
  EXPECT_NEAR(trainer.gradients({data, segments.next()}), trainer.evaluate(data).loss, 1e-15);
  EXPECT_GT(trainer.gradient_norm(), 0);
}

// Three rows, one of which has nothing left: a penalty of answers is the mean over the two segments that there are.
TEST(CarriedStates, PenaltiesOfAnswersAreOfTheSegmentsThatThereAre) {
  const Dataset data = random_sequences({.lengths = {2, 6, 5}});
  Sequential model({.dtype = Dtype::f64, .seed = 5});
  model.add(nn::LSTM(3)).add(nn::ActivityRegularisation(nn::l2(0.5))).add(nn::Dense(2));
  model.build(3);
  Sequential first({.dtype = Dtype::f64, .seed = 5});
  first.add(nn::LSTM(3));
  first.build(3);
  for (std::size_t i = 0; i < first.weights().size(); ++i) first.weights()[i]->value = model.weights()[i]->value;
  Trainer trainer(model, {.batch_size = 3, .tbptt_steps = 4});
  Segments segments(data, {.steps = 4, .batch_size = 3, .order = Order::sequential});
  Oracle oracle(model, data);
  for (int batch = 0; batch < 2; ++batch) {
    const auto parts = segments.next();
    double penalty = 0;
    for (const Segment& s : parts) {
      const auto steps = static_cast<std::int64_t>(data.steps(s.sequence));
      const std::vector<double> h =
          first.predict(Tensor::from({1, steps, 3}, data.features(s.sequence), Dtype::f64)).values();
      for (std::size_t i = 3 * s.first; i < 3 * (s.first + s.steps); ++i) penalty += 0.5 * h[i] * h[i];
    }
    EXPECT_NEAR(trainer.gradients({data, parts}), oracle.loss(parts) + penalty / static_cast<double>(parts.size()),
                1e-14);
    oracle.remember(parts);
  }
}

}  // namespace
}  // namespace elegans::train
