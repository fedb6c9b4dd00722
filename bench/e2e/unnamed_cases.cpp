// Cells nobody named (unnamed_cell.hpp) beside built-in ones: the time of a counted operation is to be about the same.

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "e2e/training_step.hpp"
#include "e2e/unnamed_cell.hpp"
#include "elegans/nn/rnn.hpp"

namespace elegans::bench {
namespace {

constexpr std::uint32_t first_seed = 20250, bodies = 5;

Model unnamed(std::uint32_t number) {
  const std::uint32_t seed = first_seed + number;
  return {"body-" + std::to_string(number + 1), "drawn from " + std::to_string(seed),
          [seed](Sequential& model) { model.add(nn::RNN(std::make_shared<UnnamedCell>(seed))); },
          UnnamedCell(seed).counts(model_inputs)};
}

Work training_work(const Model& model) { return training_step(model.build(), 32, 64, 1, model.counts); }

Case unnamed_case(const std::string& name, const std::string& text, Work (*prepare)(const Model&)) {
  Case result{name, text, {}};
  std::vector<Model> models = unnamed_models();
  for (const Model& model : {cfc_ncp(), ltc_ncp()}) models.push_back(model);
  for (const Model& model : models) result.series.push_back({model.name, [=] { return prepare(model); }});
  return result;
}

}  // namespace

std::vector<Model> unnamed_models() {
  std::vector<Model> models;
  for (std::uint32_t i = 0; i < bodies; ++i) models.push_back(unnamed(i));
  return models;
}

std::vector<Case> unnamed_cases() {
  return {unnamed_case("unnamed/step", "step: five cells nobody named", step_work),
          unnamed_case("unnamed/train", "training step, 32x64: five cells nobody named", training_work)};
}

}  // namespace elegans::bench
