// The whole way once, on real data: who speaks?

#include <gtest/gtest.h>

#include "elegans/nn/cfc.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/progress_bar.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::train {
namespace {

TEST(Heavy, ACfCOverACircuitTellsSpeakersApart) {
  Dataset training = japanese_vowels(BuiltinPart::train), test = japanese_vowels(BuiltinPart::test);
  const Standardisation features = standardise_features(training);
  apply_to_features(features, training);
  apply_to_features(features, test);

  Sequential model({.name = "speakers", .seed = 1});
  model.add(
      nn::CfC(wiring::AutoNCP({.units = 48, .output_size = 9, .sparsity_level = 0.5}), {.return_sequences = false}));
  Trainer trainer(model, {.optimizer = Adam{.learning_rate = 1e-2},
                          .batch_size = 32,
                          .epochs = 40,
                          .clip_norm = 1,
                          .callbacks = {progress_bar()}});
  trainer.fit(training);
  EXPECT_GE(trainer.evaluate(test).metric("accuracy"), 0.95);
}

}  // namespace
}  // namespace elegans::train
