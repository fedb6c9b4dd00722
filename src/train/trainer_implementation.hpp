#pragma once

#include "elegans/train/trainer.hpp"
#include "train/data_for_model.hpp"
#include "train/pass.hpp"
#include "train/update_step.hpp"

namespace elegans::train {

struct Trainer::Implementation {
  // Executables of one kind, for all data sets seen so far.
  struct Compiled {
    PassKind kind;
    std::unique_ptr<Pass> pass = nullptr;
    DataNeeds needs = {};
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

  Implementation(Sequential& of, TrainerOptions given);

  // Checks `data` against model and options, and compiles where what is there does not do.
  // `sequences` at least in one batch, though the data set may have fewer: a loop of one's own may repeat some.
  void reserve(const Dataset& data, Compiled& compiled, const char* operation, std::size_t sequences = 0);
  double gradients(const Batch& batch);
  void apply();
  // `data` is reserved.
  Evaluation evaluate(const Dataset& data);
  History fit(Trainer& self, const Dataset& training, const Dataset* validation);
  // Returns true where a callback stops.
  bool run_epoch(Trainer& self, const Dataset& training, const Dataset* validation, Batches& batches, History& history);

  void check_batch(const Batch& batch);
  // "'dense/kernel' is nan at element 3"
  std::optional<std::string> first_not_finite_weight() const;
  void require_finite_evaluation(double value) const;
  void require_finite(double loss) const;
  std::string where(const char* otherwise) const;

  Sequential* model;
  TrainerOptions options;
  std::uint64_t seed;
  double learning_rate;
  Workers workers;
  ParameterLayout parameters;  // of a built model
  std::unique_ptr<UpdateStep> update;
  std::optional<bool> classes;  // the targets of the data sets seen
  nn::Loss loss;
  std::vector<nn::Metric> metrics;
  Compiled training{PassKind::gradients};
  Compiled evaluation{PassKind::evaluation};
  Seen seen;  // the last data set that was reserved for training
  bool has_gradients = false;
  std::uint64_t steps = 0;      // updates
  std::uint64_t passes = 0;     // calls of gradients()
  std::uint64_t epochs = 0;     // finished
  std::uint64_t fit_epoch = 0;  // the one that fit() is in, from 1
  double fit_began = 0;         // seconds of the steady clock
};

}  // namespace elegans::train
