// Checkpoints: training that is broken off anywhere and resumed ends in the bits of training that was not, and what a
// file must be for that.

#include "elegans/train/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "data.hpp"
#include "elegans/model/safetensors.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/csv_history.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/reduce_on_plateau.hpp"
#include "elegans/train/trainer.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

Sequential with_dropout() {
  Sequential model({.name = "gait", .seed = 11});
  model.add(nn::CfC(6, {.backbone_units = 8, .backbone_dropout = 0.3})).add(nn::Dense(2));
  return model;
}

const Dataset& training() {
  static const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  return data;
}
const Dataset& held_back() {
  static const Dataset data = random_sequences({.lengths = {9, 5, 7}});
  return data;
}

// The power goes at this update, behind the checkpoint's back.
class PowerCut final : public Callback {
 public:
  explicit PowerCut(std::uint64_t step) : step_(step) {}
  void on_save_point(Trainer&, const SavePoint& point) override {
    if (point.step == step_ && !point.epoch) throw std::runtime_error("dark");
  }

 private:
  std::uint64_t step_;
};

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

// 50 sequences in batches of 20: three an epoch, the last one short.
TrainerOptions everything() {
  return {.optimizer = Nadam{.learning_rate = 0.02, .weight_decay = 0.01},
          .schedule = CosineDecay{.minimum = 1e-3, .warmup_steps = 3},
          .groups = {{.weights = {"*bias"}, .learning_rate = 0.05, .weight_decay = 0}},
          .frozen = {"cfc/*time_b*"},
          .batch_size = 20,
          .epochs = 4,
          .clip_norm = 1,
          .ema_decay = 0.8,
          .threads = 1};
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

TEST(Resume, EndsInTheSameBitsWithEarlyStoppingAndReductions) {
  for (const bool restore : {true, false}) {
    const auto options = [&] {
      TrainerOptions made = everything();
      made.schedule = {};
      made.optimizer = SGD{.learning_rate = 0.9, .momentum = 0.9};
      made.epochs = 30;
      made.callbacks = {early_stopping({.patience = 4, .restore_best = restore}),
                        reduce_on_plateau({.factor = 0.5, .patience = 1, .cooldown = 1})};
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

TEST(CallbackState, SaysWhatIsMissing) {
  CallbackState state("run.checkpoint, state of lowest");
  state.set_number("half", 0.5);
  EXPECT_EQ(message_of<FormatError>([&] { state.number("lowest"); }),
            "run.checkpoint, state of lowest: 'lowest' is missing; expected f64[].");
  EXPECT_EQ(message_of<FormatError>([&] { state.count("half"); }),
            "run.checkpoint, state of lowest: 'half' is 0.5; expected a whole number, 0 or more.");
  EXPECT_EQ(message_of<FormatError>([&] { state.tensor("half", Dtype::f32, {2}); }),
            "run.checkpoint, state of lowest: 'half' is f64[]; expected f32[2].");
}

TEST(Checkpoint, KeepsAsManyFilesAsAsked) {
  const TemporaryFolder folder;
  Sequential model = with_dropout();
  TrainerOptions options = everything();
  options.callbacks = {
      checkpoint({.file = folder / "run.checkpoint", .every_steps = 2, .keep = 3, .best_of = "val_loss"})};
  Trainer trainer(model, options);
  const History history = trainer.fit(training(), held_back());
  // Files after updates 2, 3 (an epoch), 4, 6, 8, 9, 10, 12: the last is the one without a number.
  EXPECT_THAT(folder.names(),
              ElementsAre("run-10.checkpoint", "run-9.checkpoint", "run-best.checkpoint", "run.checkpoint"));

  const auto step_of = [&](const char* name) {
    Sequential other = with_dropout();
    TrainerOptions same = everything();
    same.callbacks = options.callbacks;
    Trainer resumed(other, same);
    resumed.resume(folder / name);
    return resumed.step();
  };
  EXPECT_EQ(step_of("run.checkpoint"), 12U);
  EXPECT_EQ(step_of("run-9.checkpoint"), 9U);
  std::size_t best = 0;
  for (std::size_t i = 1; i < history.epochs.size(); ++i)
    if (history.epochs[i].validation->loss < history.epochs[best].validation->loss) best = i;
  EXPECT_EQ(step_of("run-best.checkpoint"), history.epochs[best].step);
}

TEST(Checkpoint, OptionsValidateThemselves) {
  const auto refused = [](CheckpointOptions options) {
    return message_of<ConfigError>([&] { checkpoint(std::move(options)); });
  };
  EXPECT_EQ(refused({}), "checkpoint: file is empty; expected the name of a file.");
  EXPECT_EQ(refused({.file = "a", .keep = 0}), "checkpoint: keep is 0; expected 1 or more.");
  EXPECT_EQ(refused({.file = "a", .every_epochs = 0}),
            "checkpoint: every_steps is 0 like every_epochs; expected one of the two above 0.");
  Sequential model = with_dropout();
  Trainer trainer(model, {.callbacks = {checkpoint({.file = "/no such folder/run"})}});
  EXPECT_THAT(message_of<FileError>([&] { trainer.fit(training()); }), HasSubstr("/no such folder/run"));
  const TemporaryFolder folder;
  Trainer best(model, {.callbacks = {checkpoint({.file = folder / "run", .best_of = "val_los"})}});
  EXPECT_THAT(
      message_of<ConfigError>([&] { best.fit(training(), held_back()); }),
      HasSubstr("checkpoint: monitor is 'val_los'; expected a figure of this training. Did you mean 'val_loss'"));
}

// What differs

class Mismatch : public ::testing::Test {
 protected:
  void SetUp() override {
    Sequential model = with_dropout();
    TrainerOptions options = everything();
    options.callbacks = {early_stopping({}), checkpoint({.file = file}), std::make_shared<PowerCut>(7)};
    Trainer trainer(model, options);
    EXPECT_THROW(trainer.fit(training(), held_back()), std::runtime_error);
  }

  std::string refusal(Sequential model, const TrainerOptions& options) const {
    Trainer trainer(model, options);
    const std::vector<double> before = model.built() ? model.weights()[0]->value.values() : std::vector<double>();
    const std::string message = message_of<ConfigError>([&] { trainer.resume(file); });
    if (!before.empty()) {
      EXPECT_EQ(model.weights()[0]->value.values(), before) << "it was changed";
    }
    return message;
  }
  std::string refusal(const std::function<void(TrainerOptions&)>& change) const {
    TrainerOptions options = everything();
    change(options);
    return refusal(with_dropout(), options);
  }
  std::string as_in(const std::string& what) const {
    return what + ", as in " + file.string() +
           ". Resume with the model, data and options that the file was written with.";
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "run";
};

TEST_F(Mismatch, OfOptionsIsNamed) {
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.batch_size = 16; }), as_in("resume: batch_size is 16; expected 20"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.clip_norm = {}; }), as_in("resume: clip_norm is none; expected 1"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.ema_decay = 0.9; }), as_in("resume: ema_decay is 0.9; expected 0.8"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.seed = 4; }), as_in("resume: seed is 4; expected 11"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.optimizer.learning_rate = 0.1; }),
            as_in("resume: learning_rate is 0.1; expected 0.02"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.epochs = 9; }), as_in("resume: epochs is 9; expected 4"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.order = Order::sequential; }),
            as_in("resume: order is sequential; expected shuffled"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.gradient_accumulation_steps = 2; }),
            as_in("resume: gradient_accumulation_steps is 2; expected 1"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.frozen.clear(); }),
            as_in("resume: frozen is none; expected cfc/*time_b*"));
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.groups.clear(); }),
            as_in("resume: groups is none; expected *bias learning_rate 0.05 weight_decay 0"));
  EXPECT_THAT(
      refusal([](TrainerOptions& o) { o.schedule = CosineDecay{}; }),
      AllOf(HasSubstr("resume: schedule is cosine (minimum 0, decay_steps 0); expected warmup (warmup_start 0, "),
            HasSubstr("warmup_steps 3, then cosine (minimum 0.001, decay_steps 0))")));
  EXPECT_THAT(refusal([](TrainerOptions& o) { o.optimizer = Nadam{.learning_rate = 0.02, .beta_1 = 0.8}; }),
              HasSubstr("resume: optimizer is nadam (beta_1 0.8, beta_2 0.999, epsilon 1e-08, momentum_decay 0.004); "
                        "expected nadam (beta_1 0.9"));
}

TEST_F(Mismatch, OfModelsIsNamed) {
  const auto model = [](std::int64_t units, nn::Activation activation) {
    Sequential made({.name = "gait", .seed = 11});
    made.add(nn::CfC(6, {.activation = activation, .backbone_units = units, .backbone_dropout = 0.3}))
        .add(nn::Dense(2));
    made.build(3);
    return made;
  };
  EXPECT_EQ(refusal(model(9, nn::Activation::lecun_tanh), everything()),
            as_in("resume: the model's layers/0/config/backbone_units is 9; expected 8"));
  EXPECT_EQ(refusal(model(8, nn::Activation::relu), everything()),
            as_in("resume: the model's layers/0/config/activation is \"relu\"; expected \"lecun_tanh\""));
  Sequential twice = with_dropout();
  twice.add(nn::Dense(2));
  EXPECT_THAT(refusal(std::move(twice), everything()), HasSubstr("expected missing, as in"));
}

TEST_F(Mismatch, OfDataAndCallbacksIsNamed) {
  const auto refused = [&](const Dataset& data, const Dataset* validation, std::vector<CallbackPtr> callbacks) {
    Sequential model = with_dropout();
    TrainerOptions options = everything();
    options.callbacks = std::move(callbacks);
    Trainer trainer(model, options);
    trainer.resume(file);
    return message_of<ConfigError>([&] { validation ? trainer.fit(data, *validation) : trainer.fit(data); });
  };
  const CallbackPtr stopping = early_stopping({}), saving = checkpoint({.file = file});
  EXPECT_EQ(refused(training(), &held_back(), {stopping, checkpoint({.file = file, .keep = 2})}),
            as_in("resume: the callbacks with a state is early_stopping, checkpoint; expected early_stopping"));
  EXPECT_EQ(refused(training(), &held_back(), {}),
            as_in("resume: the callbacks with a state is none; expected early_stopping"));
  EXPECT_THAT(refused(training(), nullptr, {stopping, saving}),
              HasSubstr("resume: the validation part is none; expected 3 sequences of 21 steps with checksum "));
  Dataset other = training();
  other.recordings[3].features[2] += 1e-9;
  EXPECT_THAT(refused(other, &held_back(), {stopping, saving}),
              HasSubstr("resume: the training part is 50 sequences of "));
  EXPECT_THAT(refused(select(training(), std::vector<std::size_t>{0, 1}), &held_back(), {stopping, saving}),
              HasSubstr("resume: the training part is 2 sequences of "));
}

TEST_F(Mismatch, AfterOneTheRightFitMayFollow) {
  Sequential model = with_dropout();
  TrainerOptions options = everything();
  options.callbacks = {early_stopping({}), checkpoint({.file = folder / "other"})};
  Trainer trainer(model, options);
  trainer.resume(file);
  EXPECT_THROW(trainer.fit(training()), ConfigError);
  EXPECT_EQ(trainer.fit(training(), held_back()).epochs.size(), 4U);
}

// Files

TEST_F(Mismatch, AFileThatIsNoCheckpointIsRefused) {
  Sequential model = with_dropout();
  Trainer trainer(model, everything());
  EXPECT_THROW(trainer.resume(folder / "nowhere"), FileError);
  model::write_safetensors(folder / "other", {}, {{"format", "pt"}});
  EXPECT_THAT(message_of<FormatError>([&] { trainer.resume(folder / "other"); }),
              HasSubstr("its format is 'pt'; expected 'elegans checkpoint'."));
  model::write_safetensors(folder / "bare", {}, {});
  EXPECT_THAT(message_of<FormatError>([&] { trainer.resume(folder / "bare"); }),
              HasSubstr("the metadata's key 'format' is missing; expected that of a checkpoint."));
}

// Every byte that is changed is noticed, or changes nothing; nothing crashes, and a refused file leaves the weights.
TEST_F(Mismatch, DamageIsRefused) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  Sequential model = with_dropout();
  model.build(3);
  Trainer trainer(model, everything());
  trainer.resume(file);
  int refused = 0, tried = 0;
  for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 200 + 1) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    std::ofstream(folder / "damaged", std::ios::binary) << damaged;
    ++tried;
    try {
      trainer.resume(folder / "damaged");
    } catch (const Error&) {
      ++refused;
    }
  }
  // Metadata that is only told (versions, the kind of machine) may change, and so may spaces.
  EXPECT_GE(refused, tried - 4);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, bytes.size() / 2, bytes.size() - 1}) {
    std::ofstream(folder / "cut", std::ios::binary) << bytes.substr(0, size);
    EXPECT_THROW(trainer.resume(folder / "cut"), FormatError);
  }
}

}  // namespace
}  // namespace elegans::train
