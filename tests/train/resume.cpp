// Training that is broken off anywhere and resumed ends in the bits of training that was not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>

#include "broken_fit.hpp"
#include "elegans/train/checkpoint.hpp"
#include "elegans/train/csv_history.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/reduce_on_plateau.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

struct Ended {
  std::vector<std::vector<double>> weights = {};
  History history = {};
};

Ended ended(const Sequential& model, History history) {
  Ended made{.history = std::move(history)};
  for (const nn::WeightPtr& weight : model.weights()) made.weights.push_back(weight->value.values());
  return made;
}

void expect_same(const Ended& a, const Ended& b) {
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.history.ending, b.history.ending);
  EXPECT_EQ(a.history.restored, b.history.restored);
  ASSERT_EQ(a.history.epochs.size(), b.history.epochs.size());
  for (std::size_t i = 0; i < a.history.epochs.size(); ++i) {
    const EpochRecord &x = a.history.epochs[i], &y = b.history.epochs[i];
    EXPECT_EQ(x.epoch, y.epoch);
    EXPECT_EQ(x.step, y.step);
    EXPECT_EQ(x.loss, y.loss);
    EXPECT_EQ(x.learning_rate, y.learning_rate);
    ASSERT_EQ(x.validation.has_value(), y.validation.has_value());
    if (!x.validation) continue;
    EXPECT_EQ(x.validation->loss, y.validation->loss);
    EXPECT_EQ(x.validation->metrics.size(), y.validation->metrics.size());
    EXPECT_EQ(x.validation->metrics[0].value, y.validation->metrics[0].value);
  }
}

using Options = std::function<TrainerOptions()>;

Ended unbroken(const Options& options) {
  Sequential model = with_dropout();
  Trainer trainer(model, options());
  History history = trainer.fit(training(), held_back());
  return ended(model, std::move(history));
}

// Broken off after `step` updates, the last checkpoint at the update before or at it, and resumed by another trainer.
Ended broken(const Options& options, std::uint64_t step, std::uint64_t every_steps, std::size_t threads_after) {
  const TemporaryFolder folder;
  const auto file = folder / "run.checkpoint";
  const auto saving = [&] { return checkpoint({.file = file, .every_steps = every_steps}); };
  {
    Sequential model = with_dropout();
    TrainerOptions with = options();
    with.callbacks.push_back(saving());
    with.callbacks.push_back(std::make_shared<PowerCut>(step));
    Trainer trainer(model, with);
    EXPECT_THROW(trainer.fit(training(), held_back()), std::runtime_error);
  }
  Sequential model = with_dropout();
  TrainerOptions with = options();
  with.threads = threads_after;
  with.callbacks.push_back(saving());
  Trainer trainer(model, with);
  trainer.resume(file);
  EXPECT_LE(trainer.step(), step);
  History history = trainer.fit(training(), held_back());
  return ended(model, std::move(history));
}

TEST(Resume, EndsInTheSameBitsFromAnyUpdate) {
  const Ended whole = unbroken(everything);
  for (std::uint64_t step = 1; step <= 12; ++step) {
    SCOPED_TRACE(step);
    expect_same(broken(everything, step, 1, step % 2 + 1), whole);
  }
  expect_same(broken(everything, 8, 5, 2), whole);
}

TEST(Resume, EndsInTheSameBitsWithAccumulation) {
  const auto options = [] {
    TrainerOptions made = everything();
    made.batch_size = 8;  // seven batches, four updates an epoch
    made.gradient_accumulation_steps = 2;
    return made;
  };
  const Ended whole = unbroken(options);
  EXPECT_EQ(whole.history.epochs.back().step, 16U);
  for (const std::uint64_t step : {1, 3, 4, 6, 15}) expect_same(broken(options, step, 1, 2), whole);
}

// Sequences of 2 … 20 steps in segments of 6: the break is in the midst of most of them.
TEST(Resume, EndsInTheSameBitsWithCarriedStates) {
  const auto options = [] {
    TrainerOptions made = everything();
    made.tbptt_steps = 6;
    made.epochs = 2;
    return made;
  };
  const Ended whole = unbroken(options);
  const std::uint64_t last = whole.history.epochs.back().step;
  EXPECT_GT(last, 10U);
  for (std::uint64_t step = 1; step <= last; ++step) {
    SCOPED_TRACE(step);
    expect_same(broken(options, step, 1, step % 2 + 1), whole);
  }
  expect_same(broken(options, last - 2, 5, 2), whole);
  const auto together = [&] {
    TrainerOptions made = options();
    made.gradient_accumulation_steps = 2;
    return made;
  };
  expect_same(broken(together, 3, 1, 2), unbroken(together));
}

// A loop of one's own, and a trainer that has seen larger batches before.
TEST(Resume, CarriesStatesOfALoopOfOnesOwn) {
  const TemporaryFolder folder;
  const auto options = [](std::size_t batch_size) {
    return TrainerOptions{.batch_size = batch_size, .tbptt_steps = 5};
  };
  const auto loop = [](Trainer& trainer, std::size_t from, std::size_t to) {
    Segments segments(held_back(), {.steps = 5, .batch_size = 2, .seed = 7});
    for (std::size_t i = 0; i < to; ++i) {
      const auto batch = segments.next();
      if (i < from) continue;
      trainer.gradients({held_back(), batch});
      trainer.apply();
    }
  };
  Sequential whole = with_dropout(), first = with_dropout(), second = with_dropout();
  Trainer a(whole, options(20)), b(first, options(20)), c(second, options(20));
  loop(a, 0, 3);
  loop(b, 0, 1);
  b.save_checkpoint(folder / "own.checkpoint");
  c.reserve(training());
  c.resume(folder / "own.checkpoint");
  loop(c, 1, 3);
  for (std::size_t i = 0; i < whole.weights().size(); ++i)
    EXPECT_EQ(second.weights()[i]->value.values(), whole.weights()[i]->value.values());

  Sequential other = with_dropout();
  Trainer plain(other, {.batch_size = 20});
  EXPECT_THAT(message_of<ConfigError>([&] { plain.resume(folder / "own.checkpoint"); }),
              HasSubstr("resume: tbptt_steps is not decisive; expected 5, as in "));
}

TEST(Resume, EndsInTheSameBitsWithEarlyStoppingAndReductions) {
  for (const bool restore : {true, false}) {
    const auto options = [&] {
      TrainerOptions made = everything();
      made.schedule = {};
      made.optimizer = SGD{.learning_rate = 0.9, .momentum = 0.9};
      made.epochs = 30;
      made.callbacks = {early_stopping({.patience = 4, .restore_best = restore}),
                        reduce_on_plateau({.factor = 0.5, .patience = 1, .cooldown = 2})};
      return made;
    };
    const Ended whole = unbroken(options);
    ASSERT_EQ(whole.history.ending, Ending::stopped) << "the test is of a run that stops early";
    ASSERT_EQ(whole.history.restored.has_value(), restore);
    ASSERT_LT(whole.history.epochs.back().learning_rate, 0.9) << "and whose rate was reduced";
    const std::uint64_t last = whole.history.epochs.back().step;
    for (std::uint64_t step = 2; step <= last; step += 3) {
      SCOPED_TRACE(step);
      expect_same(broken(options, step, 2, 2), whole);
    }
  }
}

// A run that is over stays over: nothing is trained, the history and the best weights are there again.
TEST(Resume, OfAFinishedRunDoesNothing) {
  const TemporaryFolder folder;
  const auto run = [&](bool again) {
    Sequential model = with_dropout();
    TrainerOptions options = everything();
    options.callbacks = {early_stopping({}), checkpoint({.file = folder / "run.checkpoint"})};
    Trainer trainer(model, options);
    if (again) trainer.resume(folder / "run.checkpoint");
    const std::uint64_t before = trainer.step();
    History history = trainer.fit(training(), held_back());
    if (again) {
      EXPECT_EQ(trainer.step(), before);
    }
    return ended(model, std::move(history));
  };
  const Ended once = run(false);
  expect_same(run(true), once);
}

TEST(Resume, MayAskForMoreEpochs) {
  const TemporaryFolder folder;
  const auto options = [&](std::uint64_t epochs) {
    TrainerOptions made = everything();
    made.schedule = StepDecay{.step_size = 5};
    made.epochs = epochs;
    made.callbacks = {checkpoint({.file = folder / "run.checkpoint"})};
    return made;
  };
  Sequential whole = with_dropout(), first = with_dropout(), second = with_dropout();
  History history = Trainer(whole, options(5)).fit(training());
  const Ended expected = ended(whole, std::move(history));
  Trainer(first, options(2)).fit(training());
  Trainer trainer(second, options(5));
  trainer.resume(folder / "run.checkpoint");
  History resumed = trainer.fit(training());
  expect_same(ended(second, std::move(resumed)), expected);

  Trainer fewer(second, options(1));
  fewer.resume(folder / "run.checkpoint");
  EXPECT_THAT(message_of<ConfigError>([&] { fewer.fit(training()); }),
              HasSubstr("resume: epochs is 1; expected more than 5, which are behind "));
}

// Of `training()` with early stopping, from a checkpoint where there is one.
Ended run_with_patience(std::uint64_t patience, const std::filesystem::path& to, const std::filesystem::path& from = {},
                        const std::vector<CallbackPtr>& more = {}) {
  TrainerOptions options = everything();
  options.epochs = 8;
  // No epoch is better by so much: all but the first are waited for. The last weights stay.
  options.callbacks = {early_stopping({.patience = patience, .min_delta = 1000, .restore_best = false}),
                       checkpoint({.file = to})};
  options.callbacks.insert(options.callbacks.end(), more.begin(), more.end());
  Sequential model = with_dropout();
  Trainer trainer(model, options);
  if (!from.empty()) trainer.resume(from);
  History history = trainer.fit(training(), held_back());
  return ended(model, std::move(history));
}

TEST(Resume, MayAskForMorePatience) {
  const TemporaryFolder folder;
  const auto stopped = folder / "stopped", other = folder / "other";
  const Ended impatient = run_with_patience(2, stopped);
  ASSERT_EQ(impatient.history.ending, Ending::stopped);
  ASSERT_EQ(impatient.history.epochs.size(), 3U);
  const Ended patient = run_with_patience(20, other);
  ASSERT_EQ(patient.history.epochs.size(), 8U);
  expect_same(run_with_patience(20, other, stopped), patient);
  expect_same(run_with_patience(4, other, stopped), run_with_patience(4, other));
  expect_same(run_with_patience(0, other, stopped), patient);
  expect_same(run_with_patience(2, other, stopped), impatient);
  expect_same(run_with_patience(1, other, stopped), impatient);
}

TEST(Resume, AStopOfAnotherCallbackStaysOne) {
  class Third final : public Callback {
   public:
    Next on_epoch(Trainer&, const EpochRecord& record) override { return record.epoch == 3 ? Next::stop : Next::go_on; }
  };
  const TemporaryFolder folder;
  for (const std::uint64_t patience : {2, 20}) {
    const Ended stopped = run_with_patience(patience, folder / "stopped", {}, {std::make_shared<Third>()});
    ASSERT_EQ(stopped.history.epochs.size(), 3U);
    expect_same(run_with_patience(20, folder / "other", folder / "stopped"), stopped);
  }
}

TEST(Resume, OfALoopOfOnesOwn) {
  const TemporaryFolder folder;
  const auto loop = [](Trainer& trainer, std::uint64_t from, std::uint64_t to) {
    Batches batches({.sequences = training().size(), .batch_size = 20, .seed = 7});
    for (std::uint64_t step = from; step < to; ++step) {
      batches.start(step);
      trainer.gradients({training(), batches.next()});
      trainer.apply();
    }
  };
  const TrainerOptions options{
      .optimizer = AMSGrad{}, .schedule = ExponentialDecay{.decay_rate = 0.5}, .ema_decay = 0.9};
  Sequential whole = with_dropout(), first = with_dropout(), second = with_dropout();
  Trainer a(whole, options), b(first, options), c(second, options);
  loop(a, 0, 6);
  loop(b, 0, 4);
  b.swap_averages();
  b.save_checkpoint(folder / "own");
  b.swap_averages();
  c.resume(folder / "own");
  EXPECT_EQ(c.step(), 4U);
  // Where the schedule counts from in a loop of one's own, the whole count.
  EXPECT_EQ(c.learning_rate(), b.learning_rate());
  loop(c, 4, 6);
  EXPECT_EQ(ended(second, {}).weights, ended(whole, {}).weights);
  a.swap_averages();
  c.swap_averages();
  EXPECT_EQ(ended(second, {}).weights, ended(whole, {}).weights);
}

TEST(Resume, TheHistoryAsCsvHasTheEpochsBehind) {
  const TemporaryFolder folder;
  const auto options = [&](std::vector<CallbackPtr> more) {
    TrainerOptions made = everything();
    made.callbacks = {csv_history(folder / "history.csv"), checkpoint({.file = folder / "run"})};
    for (const CallbackPtr& callback : more) made.callbacks.push_back(callback);
    return made;
  };
  Sequential model = with_dropout();
  EXPECT_THROW(Trainer(model, options({std::make_shared<PowerCut>(8)})).fit(training()), std::runtime_error);
  Sequential again = with_dropout();
  Trainer trainer(again, options({}));
  trainer.resume(folder / "run");
  trainer.fit(training());
  std::ifstream in(folder / "history.csv");
  std::vector<std::string> starts;
  for (std::string line; std::getline(in, line);) starts.push_back(line.substr(0, line.find(',')));
  EXPECT_THAT(starts, ElementsAre("epoch", "1", "2", "3", "4"));
}

// The example of the header: a callback of one's own with a state.
class Lowest final : public Callback {
 public:
  Next on_epoch(Trainer&, const EpochRecord& record) override {
    lowest = std::min(lowest, record.loss);
    ++epochs;
    return Next::go_on;
  }
  std::string_view state_name() const override { return "lowest"; }
  void save_state(CallbackState& state) const override {
    state.set_number("lowest", lowest);
    state.set_count("epochs", epochs);
  }
  void load_state(Trainer&, const CallbackState& state) override {
    lowest = state.number("lowest");
    epochs = state.count("epochs");
  }
  double lowest = std::numeric_limits<double>::infinity();
  std::uint64_t epochs = 0;
};

TEST(CallbacksOfOnesOwn, KeepTheirState) {
  const TemporaryFolder folder;
  const auto first = std::make_shared<Lowest>(), second = std::make_shared<Lowest>();
  const auto options = [&](const CallbackPtr& lowest, std::uint64_t cut) {
    TrainerOptions made = everything();
    // It stands behind the callback that saves, and is saved with what it learnt of the same epoch.
    made.callbacks = {checkpoint({.file = folder / "run"}), lowest, std::make_shared<PowerCut>(cut)};
    return made;
  };
  Sequential model = with_dropout(), again = with_dropout();
  EXPECT_THROW(Trainer(model, options(first, 8)).fit(training()), std::runtime_error);
  Trainer trainer(again, options(second, 1000));
  trainer.resume(folder / "run");
  const History history = trainer.fit(training());
  double lowest = history.epochs[0].loss;
  for (const EpochRecord& epoch : history.epochs) lowest = std::min(lowest, epoch.loss);
  EXPECT_EQ(second->lowest, lowest);
  EXPECT_EQ(second->epochs, 4U);
}

}  // namespace
}  // namespace elegans::train
