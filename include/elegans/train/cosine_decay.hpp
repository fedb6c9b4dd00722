#pragma once
// A learning rate that rises for some steps, then falls along half a cosine until the last step of the fit.
//
//     t < W     η t / W                                               W = round(warmup · all steps)
//     else      m + (η − m) (1 + cos(π (t − W) / (all steps − W))) / 2
//
// t counts the updates of this fit from 0, η is the optimizer's rate when the fit begins, m = minimum.
//
// Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

#include "elegans/train/callback.hpp"

namespace elegans::train {

struct CosineDecayOptions {
  double minimum = 0;
  double warmup = 0;  // share of all steps, [0, 1)
};

// When the fit is over the trainer has the rate it began with. ConfigError where minimum is not a finite number >= 0 or
// warmup not in [0, 1).
CallbackPtr cosine_decay(CosineDecayOptions options = {});

}  // namespace elegans::train
