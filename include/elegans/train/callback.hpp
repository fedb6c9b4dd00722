#pragma once
// What looks on while a model is trained, and may stop it.

#include <cstddef>
#include <memory>

#include "elegans/train/history.hpp"

namespace elegans::train {

class Trainer;

struct FitPlan {
  std::uint64_t first_epoch = 1;
  std::uint64_t epochs = 0;
  std::size_t steps_per_epoch = 0;
  std::vector<NamedFigure> figures = {};  // that every EpochRecord will have
  std::size_t parameters = 0;             // numbers that are trained
  std::size_t threads = 1;
  std::uint64_t seed = 0;
  std::string machine_kind = {};
};

struct StepRecord {
  std::uint64_t epoch = 0;        // from 1
  std::size_t step_of_epoch = 0;  // from 1
  std::uint64_t step = 0;         // updates so far
  double loss = 0;                // of this batch
  double epoch_loss = 0;          // mean over the epoch so far
};

enum class Next { go_on, stop };

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
  // At the end, whatever it was, in the reverse order of the callbacks.
  virtual void on_end(Trainer& trainer, History& history);
};

using CallbackPtr = std::shared_ptr<Callback>;

}  // namespace elegans::train
