#pragma once

#include <exception>

#include "elegans/train/trainer.hpp"
#include "train/checkpoint_file.hpp"
#include "train/data_for_model.hpp"
#include "train/pass.hpp"
#include "train/unscaled_places.hpp"
#include "train/update_step.hpp"

namespace elegans::train {

// A mean over what counts, of the means over its parts.
struct RunningMean {
  double sum = 0, count = 0;
  void add(double mean, double of) {
    sum += mean * of;
    count += of;
  }
  double value() const { return sum / count; }
};

struct Trainer::Implementation {
  // Executables of one kind, for all data sets seen so far.
  struct Compiled {
    PassKind kind;
    std::unique_ptr<Pass> pass = nullptr;
    DataNeeds needs = {};
    std::optional<UnscaledPlaces> unscaled = {};  // of evaluations, with target_scaling
    std::optional<CarriedStates> carried = {};    // with tbptt_steps
  };
  // By which a data set is known again. It may not be, but then only its checks are missed.
  struct Seen {
    const Dataset* data = nullptr;
    const Sequence* sequences = nullptr;
    std::size_t size = 0;
    explicit Seen(const Dataset& of) : data(&of), sequences(of.sequences.data()), size(of.size()) {}
    Seen() = default;
    friend bool operator==(const Seen&, const Seen&) = default;
  };

  // The fit that is under way.
  struct Fitting {
    const Dataset* training = nullptr;
    const Dataset* validation = nullptr;
    double began = 0;               // seconds of the steady clock
    double seconds_before = 0;      // of a fit that is resumed
    History history = {};           // as far as it is known
    std::uint64_t first_epoch = 1;  // of this fit
    std::uint64_t first_step = 0;   // updates before it
    std::uint64_t steps = 0;        // of the whole fit; where epochs differ, exact only if the schedule needs it
    std::size_t steps_per_epoch = 0;
    std::size_t updates = 0;        // of the epoch under way
    RunningMean mean = {};          // of its loss
    bool stopped = false;           // by a callback
    bool stopped_for_good = false;  // by one without a verdict: resumed, it stays stopped
    std::optional<DataPrints> prints = {};

    double seconds() const;  // since it began
    std::uint64_t epoch() const { return first_epoch + history.epochs.size(); }
  };

  Implementation(Sequential& of, TrainerOptions given);

  // Checks `data` against model and options, and compiles where what is there does not do.
  // `sequences` at least in one batch, though the data set may have fewer: a loop of one's own may repeat some.
  void reserve(const Dataset& data, Compiled& compiled, const char* operation, std::size_t sequences = 0);
  // Steps of a segment of `data`: all of its longest sequence where none is cut.
  std::size_t segment_steps(const Dataset& data) const;
  // With tbptt_steps, makes room for the states of so many rows.
  void carry(Compiled& compiled, std::size_t rows, const char* operation);
  double gradients(std::span<const Batch> batches);
  // Valid until the next call.
  std::span<const Segment> segments_of(const Batch& batch);
  void apply();
  // The rate of the next update.
  double rate() const;
  UpdateStep& made_update(const char* operation) const;
  // `data` is reserved.
  Evaluation evaluate(const Dataset& data);
  History fit(Trainer& self, const Dataset& training, const Dataset* validation);

  // Parts of fit().
  void count_steps(const Segments& segments);
  FitPlan plan_of() const;
  std::size_t updates_of(const Segments& segments, std::uint64_t epoch) const;
  void run_epoch(Trainer& self, Segments& segments);
  void run_updates(Trainer& self, Segments& segments);
  void at_save_point(Trainer& self, const EpochRecord* epoch);
  // Tells the first `begun` callbacks. What the first of them threw that did.
  std::exception_ptr end_fit(Trainer& self, std::size_t begun, Ending ending);
  // Puts the averages in place of the weights, or the weights back.
  void show_averages(bool shown);

  // Checkpoints (train/trainer_checkpoint.cpp).
  void save_checkpoint(const std::filesystem::path& file);
  void resume(const std::filesystem::path& file);
  // The fit that `checkpoint` was taken in goes on: ConfigError where it was on other data, or with other callbacks.
  void take_up(const Checkpoint& checkpoint, const Segments& segments);
  void load_states(Trainer& self, const Checkpoint& checkpoint);
  FitCheckpoint fit_checkpoint();
  void make_update();

  void check_batch(const Batch& batch);
  void check_segments(const Batch& batch);
  // "'dense/kernel' is nan at element 3"
  std::optional<std::string> first_not_finite_weight() const;
  void require_finite_weights(const std::string& place) const;
  void require_finite_evaluation(double value) const;
  void require_finite(double loss) const;
  std::string where(const char* otherwise) const;

  Sequential* model;
  TrainerOptions options;
  std::uint64_t seed;
  double learning_rate;  // η of the schedule
  Workers workers;
  ParameterLayout parameters;  // of a built model
  std::unique_ptr<UpdateStep> update;
  std::optional<bool> classes;  // the targets of the data sets seen
  nn::Loss loss;
  std::vector<nn::Metric> metrics;
  Compiled training{PassKind::gradients};
  Compiled evaluation{PassKind::evaluation};
  std::vector<Segment> whole;  // the sequences of a batch that has no segments
  Seen seen;                   // the last data set that was reserved for training
  bool has_gradients = false;
  double counted = 0;              // steps or sequences of the batches that the gradients are of
  std::uint64_t steps = 0;         // updates
  std::uint64_t passes = 0;        // calls of gradients()
  std::uint64_t epochs = 0;        // finished
  std::uint64_t outside_from = 0;  // outside of a fit, the schedule counts from this update
  std::optional<Fitting> fitting;
  std::unique_ptr<Checkpoint> resumed;  // what the next fit goes on from
  bool averages_shown = false;          // the model has the averages, and the update the weights
};

}  // namespace elegans::train
