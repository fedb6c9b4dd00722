#pragma once
// Fits that are broken off, for tests of checkpoints.

#include <stdexcept>
#include <vector>

#include "data.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::train {

// A CfC whose backbone drops.
inline Sequential with_dropout() {
  Sequential model({.name = "gait", .seed = 11});
  model.add(nn::CfC(6, {.backbone_units = 8, .backbone_layers = 2, .backbone_dropout = 0.3})).add(nn::Dense(2));
  return model;
}

inline const Dataset& training() {
  static const Dataset data = random_sequences({.lengths = nineteen_lengths(50)});
  return data;
}
inline const Dataset& held_back() {
  static const Dataset data = random_sequences({.lengths = {9, 5, 7}});
  return data;
}

// The power goes at this update, behind the checkpoint's back.
class PowerCut final : public Callback {
 public:
  explicit PowerCut(std::uint64_t step) : step_(step) {}
  void on_save_point(Trainer&, const SavePoint& point) override {
    if (point.step == step_ && !point.epoch) throw std::runtime_error("dark");
  }

 private:
  std::uint64_t step_;
};

// 50 sequences in batches of 20: three an epoch, the last one short.
inline TrainerOptions everything() {
  return {.optimizer = Nadam{.learning_rate = 0.02, .weight_decay = 0.01},
          .schedule = CosineDecay{.minimum = 1e-3, .warmup_steps = 3},
          .groups = {{.weights = {"*bias"}, .learning_rate = 0.05, .weight_decay = 0}},
          .frozen = {"cfc/*time_b*"},
          .batch_size = 20,
          .epochs = 4,
          .clip_norm = 1,
          .ema_decay = 0.8,
          .threads = 1};
}

}  // namespace elegans::train
