#pragma once
// Whether a model can be trained on a data set, and what it takes.

#include "elegans/model/sequential.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/nn/metrics.hpp"
#include "elegans/train/dataset.hpp"
#include "train/shard.hpp"

namespace elegans::train {

// What batches of a data set need of an executable.
struct DataNeeds {
  std::size_t longest = 1;
  std::size_t sequences = 1;  // rows of the largest batch
  bool timespans = false;     // not every Δt is 1
  bool lengths = false;       // segments are of different length
};

// In segments of `steps` at most.
DataNeeds needs_of(const Dataset& data, std::size_t batch_size, std::size_t steps);
DataNeeds either(const DataNeeds& a, const DataNeeds& b);
// Whether what was made for `made` does for `asked`.
bool covers(const DataNeeds& made, const DataNeeds& asked);

// The loss asked for, else the one of the data's targets; ConfigError where it is for other targets, or makes no number.
nn::Loss loss_for(const Dataset& data, const Sequential& model, const nn::Loss& asked, const char* operation);
std::vector<nn::Metric> metrics_for(const Dataset& data, const std::vector<nn::Metric>& asked, const char* operation);

// Throws what Trainer::fit says of data that cannot be trained on: in the name of `operation`. The model is built.
void check_fits(const Dataset& data, const Sequential& model, const char* operation);
// The same of a model whose outputs are not what the loss takes for such targets.
void check_outputs(const Dataset& data, const Sequential& model, const nn::Loss& loss, const char* operation);
// The same where nothing counts, or a number that does is out of the range of the loss.
void check_targets(const Dataset& data, const nn::Loss& loss, const char* operation);

ShardLayout layout_for(const Dataset& data, const Sequential& model, const DataNeeds& needs, std::size_t rows);

}  // namespace elegans::train
