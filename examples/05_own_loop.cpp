// A loss and a loop of one's own: the training loop is taken apart into gradients of a batch and one update.
//
// A spring swings, and is measured at uneven times by a sensor that now and then says nonsense. The loss is Cauchy's: of
// small errors the square, of large ones the logarithm, so that nonsense hardly pulls. The learning rate falls as the loop
// says, and the best weights are kept by hand.

#include <cmath>
#include <cstdio>
#include <vector>

#include "elegans/nn/cfc.hpp"
#include "elegans/train/trainer.hpp"

using namespace elegans;
using namespace elegans::train;

namespace {

// Predict where the spring will be 0.2 s after each measurement.
Dataset measurements(int recordings, double phase) {
  std::vector<Recording> all;
  for (int r = 0; r < recordings; ++r) {
    Recording& recording = all.emplace_back();
    recording.name = "swing " + std::to_string(r);
    double t = phase + r;
    for (int step = 0; step < 20 + r % 7; ++step) {
      const double dt = 0.1 + 0.05 * std::sin(3.7 * step + r);
      t += dt;
      recording.dt.push_back(dt / 0.1);
      recording.features.push_back((step + r) % 23 == 11 ? 5.0 : std::sin(2 * t));
      recording.targets.push_back(std::sin(2 * (t + 0.2)));
    }
  }
  return make_dataset({.features = {"position"}, .targets = {"position in 0.2 s"}}, std::move(all));
}

// l(e) = c²/2 · ln(1 + (e/c)²) with c = 1: of small errors e²/2, of large ones hardly more for a larger one. A loss says
// what each step costs; padding, weights and the mean over the batch are not its business.
nn::Loss cauchy() {
  return {.name = "cauchy", .write = [](nn::Value prediction, nn::Value target) {
            return reduce_mean(log(1.0 + square(prediction - target)) * 0.5, -1);
          }};
}

}  // namespace

int main() {
  const Dataset data = measurements(48, 0.0), held_back = measurements(12, 0.5);

  Sequential model({.name = "spring", .seed = 7});
  model.add(nn::CfC(wiring::AutoNCP({.units = 16, .output_size = 1})));
  Trainer trainer(model, {.loss = cauchy(), .optimizer = Adam{}, .batch_size = 16, .clip_norm = 1});
  trainer.reserve(data);  // from here on, a step takes no memory
  const double before = trainer.evaluate(held_back).loss;

  constexpr std::uint64_t epochs = 30;
  double best = before;
  std::vector<Tensor> best_weights;
  Batches batches({.sequences = data.size(), .batch_size = 16, .seed = 7});
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    trainer.set_learning_rate(0.01 * 0.5 * (1 + std::cos(3.14159265 * static_cast<double>(epoch) / epochs)));
    double loss = 0;
    for (batches.start(epoch); !batches.done();) {
      loss += trainer.gradients({data, batches.next()});
      trainer.apply();
    }
    const double now = trainer.evaluate(held_back).loss;
    if (epoch % 5 == 4)
      std::printf("epoch %2d   loss %.5f   held back %.5f\n", static_cast<int>(epoch + 1),
                  loss / static_cast<double>(batches.per_epoch()), now);
    if (now >= best) continue;
    best = now;
    best_weights.clear();
    for (const nn::WeightPtr& weight : model.weights()) best_weights.push_back(weight->value);
  }
  for (std::size_t i = 0; i < best_weights.size(); ++i) copy(best_weights[i], model.weights()[i]->value);

  std::printf("held back: %.5f before, %.5f after\n", before, trainer.evaluate(held_back).loss);
  return best < 0.2 * before ? 0 : 1;
}
