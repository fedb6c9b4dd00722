#pragma once
// Files from which training goes on after a break, be it a power cut.
//
//     Trainer trainer(model, {.epochs = 100, .callbacks = {checkpoint({.file = "run.checkpoint", .every_steps = 500})}});
//     if (std::filesystem::exists("run.checkpoint")) trainer.resume("run.checkpoint");
//     trainer.fit(training, validation);
//
// What is resumed ends in the same bits as what was never broken off, wherever the break was (Trainer::resume). A file
// is replaced in one go: a crash leaves the old one or the new one (base/atomic_file.hpp).
//
// Files are safetensors: "weight/<path>" of all weights, "moment/<name>/<path>" and "average/<path>" of those that are
// trained, "carried/<layer>/<state>" [rows, …] where states are (TrainerOptions::tbptt_steps), "history" [epochs,
// figures], "callback/<number>/<name>", and in the metadata, as JSON under the key "checkpoint", counts, options, prints
// of the data, and the place in it.

#include <filesystem>

#include "elegans/train/callback.hpp"

namespace elegans::train {

struct CheckpointOptions {
  std::filesystem::path file;
  std::uint64_t every_steps = 0;   // updates between files; 0: at the end of epochs alone
  std::uint64_t every_epochs = 1;  // epochs between files; 0: after updates alone
  // `file` is the newest. Of those before, keep − 1 stay beside it under names with their update: "run-1500.checkpoint".
  std::size_t keep = 1;
  // A figure (train/history.hpp): the checkpoint of its best epoch stays as "run-best.checkpoint". Empty: none does.
  std::string best_of = {};
};

// ConfigError where there is no file name, `keep` is 0, or neither updates nor epochs are counted, and at the start of
// a fit that has no such figure; FileError where a file cannot be written, at the start of a fit where that can be told
// already.
CallbackPtr checkpoint(CheckpointOptions options);

}  // namespace elegans::train
