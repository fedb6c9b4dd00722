// How long it takes until the first step can run: writing the graph, all passes, the plan of memory, taking it, and making
// calls ready.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/graphs.hpp"
#include "e2e/models.hpp"
#include "e2e/training_step.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/train/optimizers.hpp"
#include "elegans/train/trainer.hpp"
#include "train/update_step.hpp"

namespace elegans::bench {
namespace {

// The step that other cases run.
Series step_series(const std::string& name, const std::function<Sequential()>& build) {
  return {name, [build] {
            auto built = std::make_shared<Sequential>(build());
            return Work{.run = repeated([built] { bound_step(*built); })};
          }};
}

// A policy made, for any Δt or for one.
Series policy_series(const Model& model, const PolicyOptions& options = {}) {
  return {"policy/" + model.name + (options.fixed_dt ? "-fixed" : ""), [model, options] {
            auto built = std::make_shared<Sequential>(model.build());
            return Work{.run = repeated([built, options] { Policy(*built, Preprocessing{}, options); })};
          }};
}

Series graph_series(const std::string& name, const std::function<graph::Graph()>& write) {
  return {name, [write] { return Work{.run = repeated([write] { graph::compile(write(), {}); })}; }};
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

// An update by Adam of so many tensors.
Series update_series(std::int64_t tensors) {
  return {"adam/" + std::to_string(tensors) + "x10k", [tensors] {
            auto model = std::make_shared<Sequential>();
            for (std::int64_t i = 0; i < tensors; ++i) model->add(nn::Dense({.units = 100, .use_bias = false}));
            model->build(100);
            auto layout = std::make_shared<train::ParameterLayout>(train::layout_of(*model));
            return Work{.run = repeated([model, layout] {
                          graph::compile(train::write_update(*layout, layout->ranges[0], train::Adam{}, {}), {});
                        })};
          }};
}

}  // namespace

// What other cases compile; of the sizes the largest ones.
std::vector<Case> compile_cases() {
  Case result{"compile", "compiling", {}};
  std::vector<Series>& all = result.series;
  std::vector<Model> steps{cfc_ncp(), cfc_ncp_by_user(), ltc_ncp()};
  for (const std::int64_t units : {16, 32, 64})
    for (const Model& model : {lstm(units), gru(units)}) steps.push_back(with_dense(model, units));
  const std::vector<Model> unnamed = unnamed_models();
  steps.insert(steps.end(), unnamed.begin(), unnamed.end());
  for (const Model& model : steps) all.push_back(step_series("step/" + model.name, [model] { return model.build(); }));
  for (const Model& model : {cfc_ncp(), ltc_ncp(), with_dense(lstm(64), 64), with_dense(gru(64), 64)})
    all.push_back(policy_series(model));
  all.push_back(policy_series(cfc_ncp(), {.fixed_dt = 0.7}));
  all.push_back(step_series("step/ltc-4096", [] { return wired_ltc(4096); }));
  all.push_back(step_series("step/ltc-2048-full", [] { return full_ltc(2048); }));
  all.push_back(step_series("step/dense-4096", [] { return wired_dense(4096); }));
  for (const Model& model : {cfc_ncp(), ltc_ncp(), cfc(), lstm(64)}) all.push_back(training_series(model, 128, 100));
  for (const Model& model : unnamed) all.push_back(training_series(model, 32, 64));
  all.push_back(graph_series("loss/crossentropy",
                             [] { return loss_graph(nn::sparse_categorical_crossentropy(), label_targets()); }));
  all.push_back(graph_series("loss/mse", [] { return loss_graph(nn::mean_squared_error(), numeric_targets()); }));
  all.push_back(graph_series("dense/784x256", dense_graph));
  all.push_back(graph_series("product/1024", [] { return product_graph(1024); }));
  all.push_back(update_series(1000));
  return {result};
}

}  // namespace elegans::bench
