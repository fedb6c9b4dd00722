// Checkpoint files: how many stay, what a trainer must have in common with one, and what is no checkpoint.

#include "elegans/train/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "broken_fit.hpp"
#include "elegans/model/safetensors.hpp"
#include "elegans/train/early_stopping.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

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
  EXPECT_EQ(refusal([](TrainerOptions& o) { o.epochs = 9; }),
            "resume: epochs is 9; expected 4, as in " + file.string() +
                ". The schedule ends with the fit: a longer one would have had other rates from the start.");
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
    made.add(nn::CfC(
                 6, {.activation = activation, .backbone_units = units, .backbone_layers = 2, .backbone_dropout = 0.3}))
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
  EXPECT_THAT(refusal(std::move(twice), everything()),
              AllOf(HasSubstr("resume: the model's layers/2 is {"), HasSubstr("expected missing, as in")));
  Sequential half({.name = "gait", .seed = 11});
  half.add(nn::CfC(6, {.backbone_units = 8, .backbone_layers = 2, .backbone_dropout = 0.3}));
  EXPECT_THAT(refusal(std::move(half), everything()),
              AllOf(HasSubstr("resume: the model's layers/"), HasSubstr("is missing; expected {")));
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
            as_in("resume: the callbacks with a state is early_stopping(val_loss), checkpoint; expected "
                  "early_stopping(val_loss)"));
  EXPECT_EQ(refused(training(), &held_back(), {}),
            as_in("resume: the callbacks with a state is none; expected early_stopping(val_loss)"));
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
