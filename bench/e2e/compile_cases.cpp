// How long it takes until the first step can run: writing the graph, all passes, the plan of memory, and taking it.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "e2e/training_step.hpp"
#include "elegans/model/forward.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::bench {
namespace {

Series step_series(const Model& model) {
  return {"step/" + model.name, [model] {
            auto built = std::make_shared<Sequential>(model.build());
            return Work{.run = repeated([built] {
                          model::ForwardGraph written =
                              model::write_forward(*built, {.timespans = true, .expose_states = true});
                          graph::compile(std::move(written.graph), {});
                        })};
          }};
}

// A trainer made and reserved: gradients and update.
Series training_series(const Model& model, std::int64_t batch, std::int64_t time) {
  return {"train/" + model.name + "/" + std::to_string(batch) + "x" + std::to_string(time), [=] {
            auto built = std::make_shared<Sequential>(model.build());
            auto data = std::make_shared<train::Dataset>(random_sequences(
                {.batch = batch, .time = time, .inputs = built->features(), .outputs = built->outputs()}));
            return Work{.run = repeated([built, data, batch] {
                          Trainer trainer(*built, {.loss = nn::mean_squared_error(),
                                                   .batch_size = static_cast<std::size_t>(batch),
                                                   .threads = 1});
                          trainer.reserve(*data);
                        })};
          }};
}

}  // namespace

std::vector<Case> compile_cases() {
  Case result{"compile", "compiling", {}};
  for (const Model& model : {cfc_ncp(), ltc_ncp(), lstm(64), gru(64)}) result.series.push_back(step_series(model));
  for (const Model& model : {cfc_ncp(), ltc_ncp(), cfc(), lstm(64)})
    result.series.push_back(training_series(model, 128, 100));
  return {result};
}

}  // namespace elegans::bench
