// Early stopping, the progress bar, the CSV history, and the order in which callbacks are called.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "data.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/csv.hpp"
#include "elegans/train/csv_history.hpp"
#include "elegans/train/early_stopping.hpp"
#include "elegans/train/progress_bar.hpp"
#include "elegans/train/trainer.hpp"
#include "support/message_of.hpp"
#include "support/temporary_folder.hpp"

namespace elegans::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::message_of;
using ::testing::Not;

Sequential dense() {
  Sequential model({.seed = 5});
  model.add(nn::Dense(2));
  return model;
}

// Raises the learning rate so that the weights move away from the best ones after the fifth epoch.
class Spoil final : public Callback {
 public:
  Next on_epoch(Trainer& trainer, const EpochRecord& record) override {
    if (record.epoch == 5) trainer.set_learning_rate(2.5);
    return Next::go_on;
  }
};

struct Stopped {
  History history;
  double loss_at_end;
};
Stopped run_with(const EarlyStoppingOptions& stopping) {
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)}),
                held_back = random_sequences({.lengths = {9, 5, 7}});
  Sequential model = dense();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 0.05},
                          .epochs = 30,
                          .callbacks = {early_stopping(stopping), std::make_shared<Spoil>()}});
  History history = trainer.fit(data, held_back);
  return {history, trainer.evaluate(held_back).loss};
}

double best_loss(const History& history) {
  double best = history.epochs.front().validation->loss;
  for (const EpochRecord& epoch : history.epochs) best = std::min(best, epoch.validation->loss);
  return best;
}

TEST(EarlyStopping, RestoresTheWeightsOfTheBestEpoch) {
  const Stopped run = run_with({.patience = 4});
  ASSERT_TRUE(run.history.restored.has_value());
  const std::uint64_t best = *run.history.restored;
  EXPECT_EQ(run.history.ending, Ending::stopped);
  EXPECT_EQ(run.history.epochs.size(), best + 4);
  EXPECT_EQ(run.history.epochs[best - 1].validation->loss, best_loss(run.history));
  EXPECT_EQ(run.loss_at_end, best_loss(run.history)) << "to the bit";
}

TEST(EarlyStopping, MayLeaveTheWeights) {
  const Stopped run = run_with({.patience = 4, .restore_best = false});
  EXPECT_FALSE(run.history.restored.has_value());
  EXPECT_EQ(run.loss_at_end, run.history.epochs.back().validation->loss);
  EXPECT_NE(run.loss_at_end, best_loss(run.history));
}

TEST(EarlyStopping, WithoutPatienceRestoresOnly) {
  const Stopped run = run_with({.patience = 0});
  EXPECT_EQ(run.history.epochs.size(), 30U);
  EXPECT_EQ(run.loss_at_end, best_loss(run.history));
}

TEST(EarlyStopping, AsksForAsMuchAsMinDelta) {
  // Nothing gets better by 1000, so the first epoch stays the best.
  const Stopped run = run_with({.patience = 3, .min_delta = 1000});
  EXPECT_EQ(run.history.epochs.size(), 4U);
  EXPECT_EQ(run.history.restored, 1U);
}

TEST(EarlyStopping, KnowsWhereMoreIsBetter) {
  const Dataset data = random_sequences({.lengths = {4, 4, 4, 4}, .classes = true});
  Sequential model = dense();
  Trainer trainer(model, {.epochs = 20, .callbacks = {early_stopping({.monitor = "val_accuracy", .patience = 0})}});
  const History history = trainer.fit(data, data);
  double best = 0;
  for (const EpochRecord& epoch : history.epochs) best = std::max(best, epoch.validation->metric("accuracy"));
  EXPECT_EQ(trainer.evaluate(data).metric("accuracy"), best);
}

TEST(EarlyStopping, RestoresWhereTrainingFails) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  class Explode final : public Callback {
   public:
    Next on_epoch(Trainer& trainer, const EpochRecord& record) override {
      if (record.epoch == 3) trainer.set_learning_rate(1e25);
      return Next::go_on;
    }
    void on_end(Trainer&, History& history) override { ending = history.ending; }
    Ending ending = Ending::all_epochs;
  };
  Sequential model = dense();
  const auto explode = std::make_shared<Explode>();
  Trainer trainer(model, {.epochs = 20, .callbacks = {explode, early_stopping({})}});
  EXPECT_THROW(trainer.fit(data, data), Error);
  EXPECT_EQ(explode->ending, Ending::failed);
  EXPECT_LT(trainer.evaluate(data).loss, 10);
}

TEST(EarlyStopping, ErrorsSayWhatThereIs) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  const auto refused = [&](const char* monitor, bool validates) {
    Sequential model = dense();
    Trainer trainer(model, {.callbacks = {early_stopping({.monitor = monitor})}});
    return message_of<ConfigError>([&] { validates ? trainer.fit(data, data) : trainer.fit(data); });
  };
  EXPECT_EQ(refused("val_loss", false),
            "early_stopping: monitor is 'val_loss'; expected a figure of this training. Monitor 'loss', or pass a "
            "validation part "
            "to fit().");
  EXPECT_THAT(refused("val_los", true), HasSubstr("Did you mean 'val_loss'"));
  EXPECT_EQ(message_of<ConfigError>([] { early_stopping({.min_delta = -1}); }),
            "early_stopping: min_delta is -1; expected 0 or more.");
}

TEST(CsvHistory, HasARowAnEpoch) {
  const testing::TemporaryFolder folder;
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense();
  Trainer trainer(model, {.epochs = 2, .callbacks = {csv_history(folder / "history.csv")}});
  const History history = trainer.fit(data, data);
  std::ifstream in(folder / "history.csv");
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  EXPECT_EQ(line, "epoch,step,loss,val_loss,val_root_mean_squared_error,learning_rate,seconds");
  for (const EpochRecord& epoch : history.epochs) {
    ASSERT_TRUE(std::getline(in, line));
    std::vector<double> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(std::stod(cell));
    ASSERT_EQ(cells.size(), 7U);
    EXPECT_EQ(cells[0], static_cast<double>(epoch.epoch));
    EXPECT_EQ(cells[1], static_cast<double>(epoch.step));
    EXPECT_EQ(cells[2], epoch.loss) << "all digits";
    EXPECT_EQ(cells[3], epoch.validation->loss);
    EXPECT_EQ(cells[4], epoch.validation->metrics[0].value);
    EXPECT_EQ(cells[5], 1e-3);
  }
  EXPECT_FALSE(std::getline(in, line));
}

// The figure of a class is called as the class, which may hold anything.
TEST(CsvHistory, QuotesNamesWhereItMust) {
  const testing::TemporaryFolder folder;
  Dataset data = random_sequences({.lengths = {4, 6}, .classes = true});
  data.schema.classes = {"no", "yes, \"please\""};
  Sequential model = dense();
  Trainer trainer(model, {.metrics = {nn::Metric::named("f1:yes, \"please\"", data.schema.classes)},
                          .epochs = 1,
                          .callbacks = {csv_history(folder / "history.csv")}});
  trainer.fit(data, data);
  std::ifstream in(folder / "history.csv");
  CsvReader csv(in, "history.csv");
  EXPECT_THAT(csv.columns(), ::testing::ElementsAre("epoch", "step", "loss", "val_loss", "val_f1:yes, \"please\"",
                                                    "learning_rate", "seconds"));
  EXPECT_TRUE(csv.next()) << "a row of as many fields";
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the file holds at the start of the fit, and after each epoch.
class Watch final : public Callback {
 public:
  explicit Watch(std::filesystem::path file) : file_(std::move(file)) {}
  void on_start(Trainer&, const FitPlan&) override { seen.push_back(text_of(file_)); }
  Next on_epoch(Trainer&, const EpochRecord&) override {
    seen.push_back(text_of(file_));
    return Next::go_on;
  }
  std::vector<std::string> seen;

 private:
  std::filesystem::path file_;
};

TEST(CsvHistory, KeepsTheOldFileUntilTheFirstEpochIsOver) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "history.csv";
  std::ofstream(file) << "the run of yesterday\n";
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense();
  const auto watch = std::make_shared<Watch>(file);
  Trainer trainer(model, {.epochs = 3, .callbacks = {csv_history(file), watch}});
  trainer.fit(data);
  ASSERT_EQ(watch->seen.size(), 4U);
  EXPECT_EQ(watch->seen[0], "the run of yesterday\n");
  for (std::size_t epoch = 1; epoch <= 3; ++epoch) {
    const std::string& text = watch->seen[epoch];
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(epoch + 1)) << text;
    EXPECT_EQ(text.back(), '\n') << "whole lines only";
    EXPECT_TRUE(epoch == 1 || text.starts_with(watch->seen[epoch - 1])) << "rows are appended";
  }
  // A second fit begins a new file, by the same rule.
  trainer.fit(data);
  EXPECT_EQ(watch->seen[4], watch->seen[3]);
  EXPECT_THAT(watch->seen[5], HasSubstr("\n4,4,"));
  EXPECT_EQ(std::count(watch->seen[5].begin(), watch->seen[5].end(), '\n'), 2);
}

TEST(CsvHistory, OfATrainingThatFailsAtOnceTakesNothingAway) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "history.csv";
  std::ofstream(file) << "the run of yesterday\n";
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense();
  Trainer trainer(model, {.optimizer = SGD{.learning_rate = 1e30}, .batch_size = 1, .callbacks = {csv_history(file)}});
  EXPECT_THROW(trainer.fit(data), Error);
  EXPECT_EQ(text_of(file), "the run of yesterday\n");
}

TEST(CsvHistory, SaysWhereItCannotWriteAnyMore) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "history.csv";
  class Remove final : public Callback {
   public:
    explicit Remove(std::filesystem::path file) : file_(std::move(file)) {}
    Next on_epoch(Trainer&, const EpochRecord&) override {
      std::filesystem::remove(file_);
      return Next::go_on;
    }
    std::filesystem::path file_;
  };
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense();
  Trainer trainer(model, {.epochs = 2, .callbacks = {csv_history(file), std::make_shared<Remove>(file)}});
  EXPECT_THAT(message_of<FileError>([&] { trainer.fit(data); }),
              HasSubstr("history.csv: the history is not writable any more; expected room for a row an epoch."));
  EXPECT_FALSE(std::filesystem::exists(file)) << "rows without a header";
}

TEST(CsvHistory, SaysWhereItCannotWrite) {
  const Dataset data = random_sequences({.lengths = {4, 6}});
  Sequential model = dense();
  Trainer trainer(model, {.callbacks = {csv_history("/no such folder/history.csv")}});
  EXPECT_THAT(message_of<FileError>([&] { trainer.fit(data); }), HasSubstr("/no such folder/history.csv"));
}

// What the bar writes to a file while it trains for two epochs.
std::string shown(ProgressBarOptions::Style style) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  const Dataset data = random_sequences({.lengths = nineteen_lengths(40)});
  Sequential model = dense();
  Trainer trainer(model, {.epochs = 2, .threads = 1, .callbacks = {progress_bar({.style = style, .out = out})}});
  trainer.fit(data, data);
  std::fclose(out);
  std::string shown(text, size);
  std::free(text);
  return shown;
}

TEST(ProgressBar, WritesALineAnEpochWhereThereIsNoTerminal) {
  for (const auto style : {ProgressBarOptions::Style::automatic, ProgressBarOptions::Style::lines})
    EXPECT_THAT(
        shown(style),
        MatchesRegex("seed 5, .*elegans.*, 1 thread, 8 parameters\n"
                     "epoch   1/2  loss [0-9.]+  val_loss [0-9.]+  val_root_mean_squared_error [0-9.]+  ETA 0:0[0-9]\n"
                     "epoch   2/2  loss [0-9.]+  val_loss [0-9.]+  val_root_mean_squared_error [0-9.]+  ETA 0:00\n"));
}

TEST(ProgressBar, WritesOneLineOverAndOverOnATerminal) {
  const std::string text = shown(ProgressBarOptions::Style::bar);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, AllOf(HasSubstr("\repoch   1/2  [=========>..........]  loss "),
                          HasSubstr("\repoch   2/2  [===================>]  loss "), HasSubstr("ETA 0:00\x1b[K\n")));
}

// Of a fit that goes on, and whose plan counts fewer updates an epoch than were done; and of one without end.
TEST(ProgressBar, TellsATimeThatCanBe) {
  for (const FitPlan& plan : {FitPlan{.epochs = 2, .steps_per_epoch = 1, .steps_done = 1},
                              FitPlan{.epochs = 2, .steps_per_epoch = 1, .steps_done = 5},
                              FitPlan{.epochs = std::uint64_t{1} << 60, .steps_per_epoch = std::size_t{1} << 60}}) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    Sequential model = dense();
    Trainer trainer(model);
    const CallbackPtr bar = progress_bar({.style = ProgressBarOptions::Style::lines, .out = out});
    bar->on_start(trainer, plan);
    bar->on_epoch(trainer, {.epoch = 1, .loss = 1});
    std::fclose(out);
    const std::string shown(text, size);
    std::free(text);
    EXPECT_THAT(shown.substr(shown.find('\n') + 1), MatchesRegex("epoch   1/[0-9]+  loss 1  ETA [0-9]+:[0-9][0-9]\n"));
  }
}

TEST(ProgressBar, CanBeQuiet) {
  EXPECT_EQ(shown(ProgressBarOptions::Style::quiet), "");
  EXPECT_THROW(progress_bar({.out = nullptr}), ConfigError);
}

// Ends with an error of its own, or without one, and counts how often.
class Ends final : public Callback {
 public:
  explicit Ends(std::string error) : error_(std::move(error)) {}
  void on_end(Trainer&, History& history) override {
    ++times;
    ending = history.ending;
    if (!error_.empty()) throw std::runtime_error(error_);
  }
  int times = 0;
  Ending ending = Ending::all_epochs;

 private:
  std::string error_;
};

TEST(Callbacks, EndOnceThoughOneOfThemThrows) {
  const auto a = std::make_shared<Ends>(""), b = std::make_shared<Ends>("b broke"),
             c = std::make_shared<Ends>("c broke");
  const Dataset data = random_sequences({.lengths = {4, 6, 5}});
  Sequential model = dense();
  Trainer trainer(model, {.epochs = 1, .callbacks = {a, b, c}});
  EXPECT_EQ(message_of<std::runtime_error>([&] { trainer.fit(data); }), "c broke") << "the first of them";
  for (const auto& callback : {a, b, c}) {
    EXPECT_EQ(callback->times, 1);
    EXPECT_EQ(callback->ending, Ending::all_epochs) << "training itself did not fail";
  }
}

TEST(Callbacks, AnErrorAtTheEndDoesNotHideTheOneThatTrainingFailedBy) {
  class Dark final : public Callback {
   public:
    Next on_epoch(Trainer&, const EpochRecord&) override { throw std::runtime_error("dark"); }
  };
  const auto a = std::make_shared<Ends>(""), b = std::make_shared<Ends>("b broke");
  const Dataset data = random_sequences({.lengths = {4, 6, 5}});
  Sequential model = dense();
  Trainer trainer(model, {.callbacks = {a, b, std::make_shared<Dark>()}});
  EXPECT_EQ(message_of<std::runtime_error>([&] { trainer.fit(data); }), "dark");
  for (const auto& callback : {a, b}) {
    EXPECT_EQ(callback->times, 1);
    EXPECT_EQ(callback->ending, Ending::failed);
  }
}

TEST(Callbacks, AreCalledInOrderAndEndInReverse) {
  class Note final : public Callback {
   public:
    Note(std::string& notes, char name) : notes_(&notes), name_(name) { notes_->reserve(1000); }
    void on_start(Trainer&, const FitPlan&) override { note("start"); }
    void on_step(const StepRecord&) noexcept override { note("."); }
    Next on_epoch(Trainer&, const EpochRecord& record) override {
      note("epoch");
      return record.epoch == 2 ? Next::stop : Next::go_on;
    }
    void on_end(Trainer&, History& history) override { note(history.ending == Ending::stopped ? "stopped" : "end"); }

   private:
    void note(const char* what) noexcept {
      *notes_ += name_;
      *notes_ += what;
      *notes_ += ' ';
    }
    std::string* notes_;
    char name_;
  };
  std::string notes;
  const Dataset data = random_sequences({.lengths = {4, 6, 5}});
  Sequential model = dense();
  Trainer trainer(
      model, {.batch_size = 2, .callbacks = {std::make_shared<Note>(notes, 'a'), std::make_shared<Note>(notes, 'b')}});
  trainer.fit(data);
  EXPECT_EQ(notes, "astart bstart a. b. a. b. aepoch bepoch a. b. a. b. aepoch bepoch bstopped astopped ");
}

}  // namespace
}  // namespace elegans::train
