#include "e2e/training_step.hpp"

#include <numeric>
#include <string>

#include "elegans/base/crc32.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::bench {
namespace {

struct Training {
  Training(Sequential model_, const Sequences& sequences, std::size_t threads)
      : model(std::move(model_)),
        data(random_sequences(sequences)),
        trainer(model, {.loss = nn::mean_squared_error(), .batch_size = data.size(), .threads = threads}),
        rows(data.size()) {
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    trainer.reserve(data);
  }

  void step() {
    trainer.gradients(train::Batch(data, rows));
    trainer.apply();
  }

  std::uint32_t checksum() const {
    std::vector<std::byte> bytes;
    for (const nn::WeightPtr& weight : model.weights()) {
      const auto* from = static_cast<const std::byte*>(weight->value.view().data);
      bytes.insert(bytes.end(), from, from + weight->value.bytes());
    }
    return crc32(bytes);
  }

  Sequential model;
  train::Dataset data;
  Trainer trainer;
  std::vector<std::size_t> rows;
};

}  // namespace

train::Dataset random_sequences(const Sequences& sequences) {
  std::uint32_t state = 1;
  const auto uniform = [&state] {
    state = state * 1664525U + 1013904223U;
    return static_cast<double>(state >> 8) / (1 << 24);
  };
  train::Schema schema;
  for (std::int64_t i = 0; i < sequences.inputs; ++i) schema.features.push_back("x" + std::to_string(i));
  for (std::int64_t o = 0; o < sequences.outputs; ++o) schema.targets.push_back("y" + std::to_string(o));
  std::vector<train::Recording> recordings(static_cast<std::size_t>(sequences.batch));
  for (std::size_t r = 0; r < recordings.size(); ++r) {
    train::Recording& recording = recordings[r];
    recording.name = "sequence " + std::to_string(r);
    for (std::int64_t t = 0; t < sequences.time; ++t) {
      for (std::int64_t i = 0; i < sequences.inputs; ++i) recording.features.push_back(2 * uniform() - 1);
      for (std::int64_t o = 0; o < sequences.outputs; ++o) recording.targets.push_back(uniform());
      recording.dt.push_back(0.5 + uniform());
    }
  }
  return train::make_dataset(std::move(schema), std::move(recordings));
}

Work training_step(Sequential model, std::int64_t batch, std::int64_t time, std::size_t threads,
                   const StepCounts& counts) {
  const Sequences sequences{.batch = batch, .time = time, .inputs = model.features(), .outputs = model.outputs()};
  auto training = std::make_shared<Training>(std::move(model), sequences, threads);
  Counts all = counts_of_training(counts, sequences);
  all.memory = static_cast<double>(training->trainer.bytes());
  return {.run = repeated([training] { training->step(); }), .counts = all, .checksum = [training] {
            return training->checksum();
          }};
}

}  // namespace elegans::bench
