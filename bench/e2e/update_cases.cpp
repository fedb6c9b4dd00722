// One update by Adam through Trainer::apply, and the same by a loop over plain arrays in one pass
// (micro/update_by_hand.hpp), compiled for this machine. Gradients are computed before each update and not measured.

#include <memory>
#include <vector>

#include "e2e/case.hpp"
#include "e2e/training_step.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/trainer.hpp"
#include "micro/update_by_hand.hpp"

namespace elegans::bench {
namespace {

struct Shapes {
  std::int64_t tensors;
  std::int64_t inputs;
  std::int64_t units;

  std::size_t parameters() const { return static_cast<std::size_t>(tensors * inputs * units); }
};

// Adam reads θ, g, m and v and writes θ, m and v.
Counts counts_of(const Shapes& shapes) {
  const auto n = static_cast<double>(shapes.parameters());
  return {.flop = 12 * n, .bytes = 28 * n, .traffic = Traffic::copy};
}

Series run_series(const Shapes& shapes) {
  struct Update {
    explicit Update(const Shapes& shapes)
        : data(random_sequences({.batch = 1, .time = 1, .inputs = shapes.inputs, .outputs = shapes.units})) {
      for (std::int64_t i = 0; i < shapes.tensors; ++i)
        model.add(nn::Dense({.units = shapes.units, .use_bias = false}));
      model.build({Dim::batch(), shapes.inputs});
      // At a rate at which a deep stack of linear layers stays finite for ever.
      trainer.emplace(model, TrainerOptions{.loss = nn::mean_squared_error(),
                                            .optimizer = train::Adam{.learning_rate = 1e-12},
                                            .batch_size = 1,
                                            .threads = 1});
      trainer->reserve(data);
    }
    Sequential model;
    train::Dataset data;
    std::optional<Trainer> trainer;
    std::vector<std::size_t> rows = {0};
  };
  return {"run", [shapes] {
            auto update = std::make_shared<Update>(shapes);
            return Work{.run = repeated([update] { update->trainer->apply(); }),
                        .before = [update] { update->trainer->gradients(train::Batch(update->data, update->rows)); },
                        .counts = counts_of(shapes)};
          }};
}

Series by_hand_series(const Shapes& shapes) {
  return {"by-hand", [shapes] {
            auto tensors = std::make_shared<std::vector<update_by_hand::OwnArrays>>();
            for (std::int64_t i = 0; i < shapes.tensors; ++i)
              tensors->emplace_back(shapes.parameters() / static_cast<std::size_t>(shapes.tensors));
            // Gradients are written before each update, as those of the library are.
            return Work{.run = repeated([tensors] {
                          for (auto& tensor : *tensors) update_by_hand::adam(tensor.arrays(), 1e-3F);
                        }),
                        .before =
                            [tensors] {
                              for (auto& tensor : *tensors) tensor.write_gradients();
                            },
                        .counts = counts_of(shapes)};
          }};
}

Case update_case(const std::string& name, const std::string& text, const Shapes& shapes) {
  return {"adam/" + name, "Adam over " + text, {run_series(shapes), by_hand_series(shapes)}};
}

}  // namespace

std::vector<Case> update_cases() {
  return {update_case("10M", "10 M parameters", {.tensors = 1, .inputs = 3200, .units = 3125}),
          update_case("1000x10k", "1000 tensors of 10 k", {.tensors = 1000, .inputs = 100, .units = 100})};
}

}  // namespace elegans::bench
