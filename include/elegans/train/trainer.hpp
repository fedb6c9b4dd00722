#pragma once
// Training a model on a data set.
//
//     Trainer trainer(model, {.optimizer = Adam{.learning_rate = 5e-3}, .batch_size = 32, .epochs = 60, .clip_norm = 1,
//                             .callbacks = {progress_bar(), early_stopping({.patience = 20})}});
//     History history = trainer.fit(parts.train, parts.validation);
//     Evaluation figures = trainer.evaluate(parts.test);              // figures.loss, figures.metric("accuracy")
//
// or by a loop of one's own (examples/05_own_loop.cpp):
//
//     Batches batches({.sequences = data.size(), .batch_size = 32, .seed = 7});
//     for (std::uint64_t epoch = 0; epoch < 60; ++epoch)
//       for (batches.start(epoch); !batches.done();) {
//         const double loss = trainer.gradients({data, batches.next()});
//         trainer.apply();
//       }
//
// What is trained on what. Features must be as many as the model's, and be standardised already where they are to be.
//
//     targets of the data     model's answers                    what counts
//     every step              [batch, time, C]                   every step of every sequence
//     last step, recording    [batch, C]                         one answer a sequence
//     last step, recording    [batch, time, C]                   the answer at the last step of a sequence
//
// C is the number of numeric targets or of classes; of two classes C may also be 1, the score of the second one. Some
// losses take several outputs a target (Loss::outputs_per_target). Sequences of any length: those of a batch that have
// like lengths are computed side by side, padded to the longest of them, and what is padded changes nothing. A model
// without time takes sequences of one step.
//
// Recordings too long to unroll are trained on in segments of tbptt_steps steps (truncated back-propagation through time,
// Williams & Peng, 1990; Keras' stateful=True): every row of a batch follows one sequence, and the states of all recurrent
// layers at the end of a segment are those that the next one begins with (train/segments.hpp). The gradient ends at the
// border: for it these states are constants; a learned first state gets its gradient from segments that begin a
// sequence. Each segment is a sequence of its batch in all that is said here: the loss is the mean over what counts in
// the batch, dropout is drawn anew and counts steps from the border. Memory follows the segment, not the recording, also
// where a data set is evaluated: its answers are those of one long pass. Of a loop of one's own:
//
//     Segments segments(data, {.steps = 64, .batch_size = 32, .seed = 7});
//     for (segments.start(epoch); !segments.done();) {
//       trainer.gradients({data, segments.next()});
//       trainer.apply();
//     }
//
// A target may be masked, or count more or less than 1 (Recording::weights), or as its class does (Loss::class_weight).
// The loss of a batch is the mean over what counts, weight by weight, or the sum (Loss::reduction; what is reported of
// epochs and evaluations are means all the same), plus the penalties of regularisers, once a batch. Metrics know no class
// weights. Gradients are computed by shards: rows of the batch, by length, so many as shard_rows(batch_size) says, each by an
// executable of its own; losses and gradients are added in the order of the shards. So threads change no bit, and the
// same seed gives the same weights on the same kind of machine (model/machine_kind.hpp).
//
// An update may follow the gradients of several batches: they are then those of one larger batch, normaliser and
// penalties included (to the bit where its shards would be cut alike). Groups of weights may have rates of their own,
// and weights may be frozen: no gradient is computed of these, and no moment kept.
//
// With averages of weights (ema_decay) an epoch is validated, and judged by callbacks, with the averages in place of
// the weights; when the fit ends the model has the averages, and another fit goes on from these.
//
// Memory is taken where a data set is first seen: by fit(), evaluate(), reserve() or the first batch. After that a
// training step asks for none. (oneTBB, where threads > 1, keeps its own and is warmed up then.)
//
// A loss or a gradient that is not finite ends training with an Error that names step and tensor; the weights are then
// as they were before that step. A weight that an update itself took out of range (a rate of 1e30) is named by the next
// step, or at the end of the epoch. Used by one thread at a time; the model must stay where it is.
//
// The first update, or reserve(), moves the trained weights into one array, of which their tensors are parts from then
// on: pointers into them from before are no longer theirs.

#include <filesystem>
#include <memory>

#include "elegans/model/preprocessing.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/nn/metrics.hpp"
#include "elegans/train/batches.hpp"
#include "elegans/train/callback.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/optimizers.hpp"
#include "elegans/train/parameter_group.hpp"
#include "elegans/train/schedule.hpp"
#include "elegans/train/segments.hpp"

namespace elegans::train {

struct TrainerOptions {
  // Without `write` the default: sparse_categorical_crossentropy for classes, binary_crossentropy for two classes and a
  // model with one output, mean_squared_error for numbers; its class weights and reduction may be given alone.
  nn::Loss loss = {};
  Optimizer optimizer = Adam{};
  Schedule schedule = {};                   // constant
  std::vector<ParameterGroup> groups = {};  // of weights with rates or weight decay of their own
  std::vector<std::string> frozen = {};     // patterns of paths of weights that are not trained
  std::vector<nn::Metric> metrics = {};     // by default accuracy for classes, root_mean_squared_error for numbers
  std::size_t batch_size = 32;
  std::uint64_t epochs = 50;
  // Gradients g of all weights together are multiplied by min(1, clip_norm / √Σ g²). (No 1e-6 is added as in torch.)
  std::optional<double> clip_norm = {};
  // Each number of them is cut to within ±clip_value. One of the two at most.
  std::optional<double> clip_value = {};
  std::size_t gradient_accumulation_steps = 1;  // batches an update
  // Averages of the weights: e ← d·e + (1 − d)·θ after every update, from e = θ after the first one on.
  std::optional<double> ema_decay = {};
  Order order = Order::shuffled;
  // Steps of a segment, at most: longer sequences are cut, and states carried over the border. None: they are unrolled.
  std::optional<std::size_t> tbptt_steps = {};
  std::optional<std::uint64_t> seed = {};  // of the order of batches and of dropout; that of the model where absent
  std::size_t threads = 0;                 // at most; 0: as many as the machine has for this process
  kernels::Target target = kernels::Target::best;
  std::vector<std::string> disable = {};  // passes that are not to run (graph/pipeline.hpp)
  model::Scaling target_scaling = {};     // of numeric targets: metrics are of y · std + mean in f64, losses of y
  std::vector<CallbackPtr> callbacks = {};
};

// Sequences of a data set by their numbers, or with tbptt_steps segments of them, in the order of their rows: at most
// batch_size.
struct Batch {
  Batch(const Dataset& of, std::span<const std::size_t> whole) : data(of), sequences(whole) {}
  Batch(const Dataset& of, std::span<const Segment> parts) : data(of), segments(parts) {}

  const Dataset& data;
  std::span<const std::size_t> sequences = {};
  std::span<const Segment> segments = {};
};

// Rows of a shard: a function of the batch size alone. 16, or where that makes more than 16 shards the next multiple of
// 16 that does not.
std::size_t shard_rows(std::size_t batch_size);

class Trainer {
 public:
  // A model that is not built is built for the features of the first data set. ConfigError naming the option that is
  // out of its range.
  explicit Trainer(Sequential& model, TrainerOptions options = {});
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  // Trains for options().epochs epochs, or until a callback stops. A second call goes on with the optimizer's moments.
  // ConfigError, ShapeError where data and model do not fit; FormatError naming recording and step (train/dataset.hpp)
  // for a number or label that cannot be trained on; Error where the loss is not finite.
  History fit(const Dataset& training);
  History fit(const Dataset& training, const Dataset& validation);

  // Writes all that training goes on from, at a save point of a fit (train/callback.hpp; train/checkpoint.hpp does so now
  // and then) or in a loop of one's own: weights, moments, averages, learning rate, the counts that random numbers
  // depend on, history, place in the data, and states of callbacks. Atomically. ConfigError before memory is taken;
  // FileError.
  void save_checkpoint(const std::filesystem::path& file);
  // Goes on from a checkpoint: the weights of the model are those of the file, and the next fit(), with the same data,
  // options and callbacks, is the one that the file was written in. It ends in the same bits as without a break, its
  // history included but for seconds. More or fewer epochs may be asked for unless the schedule ends with the fit. In a
  // loop of one's own, step() says how many updates are done. FormatError where the file is damaged or none;
  // ConfigError naming what differs from this trainer: a weight, an option, data, a callback.
  void resume(const std::filesystem::path& file);

  // Loss and metrics of the model as it is. Errors as fit().
  Evaluation evaluate(const Dataset& data);

  // Takes the memory for training on batches of `data`, and compiles.
  void reserve(const Dataset& data);
  // The loss of a batch; its gradients are kept for apply(). Another call replaces them. With tbptt_steps the segments
  // must come in the order of Segments: a row goes on with the states of the segment before.
  double gradients(const Batch& batch);
  // The same of several batches, at most gradient_accumulation_steps, as of one larger batch.
  double gradients(std::span<const Batch> batches);
  // One update of the weights by the kept gradients. ConfigError where there are none.
  void apply();
  // The kept gradient of a trainable weight, by its path, to look at or to change before apply(). ConfigError with the
  // nearest paths.
  View gradient(std::string_view path);

  // ‖g‖ of all kept gradients together, computed in f64; ConfigError where there are none.
  double gradient_norm() const;
  // Exchanges the weights of the model with their averages, for a loop of one's own: twice leaves them as they were.
  // ConfigError without ema_decay, or before reserve().
  void swap_averages();

  // Updates so far.
  std::uint64_t step() const;
  // The rate of the next update, and η, which the schedule makes it from (the same without one). Outside of a fit a
  // schedule that ends with the fit has no say.
  double learning_rate() const;
  double base_learning_rate() const;
  void set_learning_rate(double rate);  // η
  Sequential& model();
  const TrainerOptions& options() const;
  // Numbers that are trained.
  std::size_t parameters() const;
  // Memory taken: arrays of batches and parameters, arenas of executables.
  std::size_t bytes() const;
  // Of an update, as compiled. ConfigError before memory is taken.
  UpdateBytes update_bytes() const;
  // The executables of gradients and update: what every pass did and refused, the nodes that run, the plan of memory,
  // and the bytes a parameter that an update reads and writes. ConfigError before memory is taken.
  std::string explain() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace elegans::train

namespace elegans {
using train::Trainer;
using train::TrainerOptions;
}  // namespace elegans
