#pragma once
// The figures of every epoch as a CSV file, one row an epoch, each in the file as soon as it is known:
//
//     epoch,step,loss,val_loss,val_accuracy,learning_rate,seconds
//
// Names are quoted where they must be (RFC 4180): that of a figure of one class holds the name of the class.
//
// A file that is there already stays as it is until the first epoch is over, and is then replaced in one go
// (base/atomic_file.hpp) by header and first row. Later rows are appended as whole lines. So whenever training is
// killed, the file is the old one or a valid CSV file of all epochs that were over; and training that fails before its
// first figures takes nothing away. A fit that is resumed begins the file with the rows of the epochs behind it.

#include <filesystem>

#include "elegans/train/callback.hpp"

namespace elegans::train {

// FileError where the file cannot be written: at the start of a fit where that can be told already, and after an epoch
// where the disk is full, the file then without the row that did not fit.
CallbackPtr csv_history(std::filesystem::path file);

}  // namespace elegans::train
