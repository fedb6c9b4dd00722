#pragma once
// What looks on while a model is trained, and may stop it.
//
// A callback that remembers something from epoch to epoch gives it a name and two functions, so that a checkpoint keeps
// it, and training that is resumed ends as it would have ended:
//
//     class Lowest final : public Callback {
//      public:
//       Next on_epoch(Trainer&, const EpochRecord& record) override {
//         lowest_ = std::min(lowest_, record.loss);
//         return Next::go_on;
//       }
//       std::string_view state_name() const override { return "lowest"; }
//       void save_state(CallbackState& state) const override { state.set_number("lowest", lowest_); }
//       void load_state(Trainer&, const CallbackState& state) override { lowest_ = state.number("lowest"); }
//
//      private:
//       double lowest_ = std::numeric_limits<double>::infinity();
//     };

#include <cstddef>
#include <memory>
#include <optional>

#include "elegans/train/callback_state.hpp"
#include "elegans/train/history.hpp"

namespace elegans::train {

class Trainer;

struct FitPlan {
  std::uint64_t first_epoch = 1;
  std::uint64_t epochs = 0;
  // Where epochs differ (train/segments.hpp), that of the first one, or the mean, rounded up, where the schedule ends with
  // the fit, for which all are counted.
  std::size_t steps_per_epoch = 0;
  std::vector<NamedFigure> figures = {};  // that every EpochRecord will have
  std::size_t parameters = 0;             // numbers that are trained
  std::size_t threads = 1;
  std::uint64_t seed = 0;
  std::string machine_kind = {};
  // Of a fit that is resumed: what is behind it.
  std::vector<EpochRecord> done = {};
  std::uint64_t steps_done = 0;
};

struct StepRecord {
  std::uint64_t epoch = 0;        // from 1
  std::size_t step_of_epoch = 0;  // from 1
  std::uint64_t step = 0;         // updates so far
  double loss = 0;                // of this batch
  double epoch_loss = 0;          // mean over the epoch so far
};

enum class Next { go_on, stop };

// A place between two updates at which everything can be saved (Trainer::save_checkpoint): every callback knows of the
// update, or of the epoch, before it.
struct SavePoint {
  std::uint64_t step = 0;              // updates so far
  const EpochRecord* epoch = nullptr;  // the epoch that ends here, if one does
};

class Callback {
 public:
  virtual ~Callback() = default;
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  virtual void on_start(Trainer& trainer, const FitPlan& plan);
  // After every update. Must neither allocate nor throw.
  virtual void on_step(const StepRecord& record) noexcept;
  // After every epoch, and its validation.
  virtual Next on_epoch(Trainer& trainer, const EpochRecord& record);
  // After on_step, and again after on_epoch, of all callbacks.
  virtual void on_save_point(Trainer& trainer, const SavePoint& point);
  // At the end, whatever it was, once of each callback, in their reverse order. What it throws, of several the first,
  // leaves fit() unless training failed before.
  virtual void on_end(Trainer& trainer, History& history);

  // The name of the state that checkpoints keep; empty: it has none.
  virtual std::string_view state_name() const;
  virtual void save_state(CallbackState& state) const;
  // In a fit that is resumed, after on_start. FormatError where the state is not what save_state() writes.
  virtual void load_state(Trainer& trainer, const CallbackState& state);
  // What the state says of going on, of a callback that stops for no other reason. A fit that is resumed asks it after
  // load_state, so that options which may be others then (more patience) decide. Nothing: what on_epoch said once counts,
  // in a fit that is resumed, too.
  virtual std::optional<Next> verdict() const;
};

using CallbackPtr = std::shared_ptr<Callback>;

}  // namespace elegans::train
