#pragma once
// How far training is, on stderr:
//
//     seed 7, AVX3, elegans 0.1.0, glibc 2.36, 2 threads, 3 412 parameters
//     epoch  12/60  [#########>..........]  loss 0.2143  val_loss 0.1983  val_accuracy 0.9512  ETA 0:41
//
// On a terminal the last line is written over and over, at most ten times a second; elsewhere (a file, a pipe) there is
// a line an epoch, without bar.

#include <cstdio>

#include "elegans/train/callback.hpp"

namespace elegans::train {

struct ProgressBarOptions {
  enum class Style {
    automatic,  // bar where `out` is a terminal, else lines
    bar,
    lines,
    quiet,  // nothing at all
  };
  Style style = Style::automatic;
  std::FILE* out = stderr;
};

CallbackPtr progress_bar(ProgressBarOptions options = {});

}  // namespace elegans::train
