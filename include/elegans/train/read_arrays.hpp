#pragma once
// NumPy arrays become a data set of recordings.
//
//   read_arrays("trace.npy", {.targets = {"16"}})       x [T, F]      one recording; columns are called "0", "1", …
//   read_arrays("gait.npy", …)                          x [N, T, F]   N recordings, called "0", "1", …
//   read_arrays("cheetah", …)                           a folder: every .npy file in it is one recording, by name
//   read_arrays("gait.npz")                             several arrays, by these names:
//
//   array      shape                       what it is
//   x          [T], [T, F] or [N, T, F]    features; [T] is one column
//   y          as x, or [T] or [N, T]      targets of every step
//              [N] or [N, K]               targets of every recording
//   t          [T] or [N, T]               time in seconds, never backwards within a recording
//   dt         [T] or [N, T]               instead of t, seconds since the step before
//   lengths    [N]                         steps of each recording, at least 1; what stands behind them is not looked at
//   weights    [T], [N, T], or [N]         how much each target counts, as y stands
//   features   [F] text                    names of the columns of x, instead of "0", "1", …
//   targets    [K] text                    names of the columns of y, instead of "y", or "y 0", "y 1", …
//
// Roles pick columns of x and y by name: `time`, `targets`, `features` and `ignore` as they do in a table; without
// `targets` these are all columns of y, without `features` all columns of x that have no other role. `group` must be
// empty. Whether targets belong to steps or to whole recordings is told by the shape of y: where [N, T] could be
// [N, K], too, TargetAt::whole_recording chooses that. Targets are classes where they are text, whole numbers or truth
// values by type, and numbers where not, unless `target_kind` says otherwise. NaN among the features is a missing
// value, which `missing` treats. An array of another name must be among `ignore`.
//
// Besides what read_npy and read_npz throw: FormatError names file and array, for shapes that do not fit one another,
// lengths out of range, an array of text in place of numbers, an array that is not known (with the nearest names), time
// that runs backwards, and what validate() refuses; ConfigError for columns that are not there (with the nearest
// names) or have two roles, several columns of classes; FileError for a folder without .npy files.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/dataset.hpp"
#include "elegans/train/npz.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

// A file that ends in .npy or .npz, or a folder.
Dataset read_arrays(const std::filesystem::path& path, const Roles& roles = {});

// Arrays that are in memory already, named as above; `source` is the file's name in messages.
Dataset to_dataset(std::span<const NamedArray> arrays, const std::string& source, const Roles& roles = {});

}  // namespace elegans::train
