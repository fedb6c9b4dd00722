#pragma once
// The figures of every epoch as a CSV file, one row an epoch, each on the disk as soon as it is known:
//
//     epoch,step,loss,val_loss,val_accuracy,learning_rate,seconds

#include <filesystem>

#include "elegans/train/callback.hpp"

namespace elegans::train {

// A file that is there already is written over at the start of a fit. FileError where it cannot be written.
CallbackPtr csv_history(std::filesystem::path file);

}  // namespace elegans::train
