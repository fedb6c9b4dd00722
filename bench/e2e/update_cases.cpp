// One update by Adam through Trainer::apply, and the same by a loop over plain arrays in one pass
// (micro/update_by_hand.hpp), compiled for this machine. Gradients are computed before each update and not measured.

#include <memory>
#include <numeric>

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
            const std::size_t each = shapes.parameters() / static_cast<std::size_t>(shapes.tensors);
            auto arrays =
                std::make_shared<std::vector<std::vector<float>>>(4 * shapes.tensors, std::vector<float>(each, 0.25F));
            const auto for_each = [arrays, each](const auto& visit) {
              for (std::size_t i = 0; i < arrays->size(); i += 4)
                visit(update_by_hand::Arrays{each, (*arrays)[i].data(), (*arrays)[i + 1].data(),
                                             (*arrays)[i + 2].data(), (*arrays)[i + 3].data(), nullptr});
            };
            // Gradients are written before each update, as those of the library are.
            const auto write_gradients = [arrays] {
              for (std::size_t i = 1; i < arrays->size(); i += 4) (*arrays)[i].assign((*arrays)[i].size(), 0.25F);
            };
            return Work{.run = repeated([for_each] {
                          for_each([](const update_by_hand::Arrays& a) { update_by_hand::adam(a, 1e-3F); });
                        }),
                        .before = write_gradients,
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
