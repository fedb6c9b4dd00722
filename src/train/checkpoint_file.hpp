#pragma once
// What a checkpoint file says beside weights and moments (its names: elegans/train/checkpoint.hpp).

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "elegans/model/safetensors.hpp"
#include "elegans/train/dataset.hpp"
#include "elegans/train/history.hpp"

namespace elegans::train {

// By which a data set is known again.
struct DataPrint {
  std::uint64_t sequences = 0;
  std::uint64_t steps = 0;
  std::uint32_t checksum = 0;  // of all numbers
  friend bool operator==(const DataPrint&, const DataPrint&) = default;
};
DataPrint print_of(const Dataset& data);
std::string to_string(const DataPrint& print);

struct DataPrints {
  DataPrint training;
  std::optional<DataPrint> validation;
};

// The fit that was under way.
struct FitCheckpoint {
  std::uint64_t first_epoch = 1;
  std::uint64_t updates = 0;  // of the epoch under way
  double loss_sum = 0, loss_count = 0;
  double seconds = 0;
  bool stopped = false;  // by a callback without a verdict
  DataPrints prints;
  std::vector<std::string> figures;    // of every epoch
  std::vector<std::string> callbacks;  // names of states
};

struct Checkpoint {
  std::string file;  // for messages
  std::uint64_t steps = 0, passes = 0, epochs = 0;
  std::uint64_t schedule_from = 0;  // the update that the schedule counts from
  double learning_rate = 0;
  std::int64_t features = 0;
  nlohmann::json model;                        // its configuration, null where it has none
  std::map<std::string, std::string> options;  // those that decide the bits, as text
  std::optional<FitCheckpoint> fit;
  std::optional<model::StoredTensors> tensors;  // of a file that was read
};

// The file's JSON, and back; FormatError, beginning with `source`, for a missing or unknown key or value.
nlohmann::json to_json(const Checkpoint& checkpoint);
Checkpoint checkpoint_from_json(const nlohmann::json& json, const std::string& source);

// Writes tensors and the checkpoint's JSON, with a checksum of all of them.
void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint,
                      const std::vector<model::StoredTensor>& tensors, const std::string& machine_kind);
// FormatError where the file is no checkpoint, of another version or damaged.
Checkpoint read_checkpoint(const std::filesystem::path& file);
Checkpoint checkpoint_from(model::StoredTensors tensors, const std::string& file);
// Of the checkpoint's JSON and the tensors.
std::uint32_t checksum_of(const std::string& text, const std::vector<model::StoredTensor>& tensors);

// The records of epochs as rows [epochs, figures + 5] of epoch, step, learning_rate, seconds, loss and the figures of
// validation, and back.
std::vector<double> history_rows(const std::vector<EpochRecord>& epochs);
std::vector<EpochRecord> epochs_from_rows(std::span<const double> rows, const std::vector<std::string>& figures);

}  // namespace elegans::train
