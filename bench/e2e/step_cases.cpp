// One step of a stream: batch 1, one observation in, one answer out, states carried by the caller or by the policy.

#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "elegans/base/error.hpp"
#include "elegans/model/policy.hpp"

namespace elegans::bench {
namespace {

// The executable with memory bound beforehand: what a step costs by itself.
Series run_series(const Model& model, Timespans timespans) {
  return {"run", [model, timespans] {
            Sequential built = model.build();
            auto step = std::make_shared<BoundExecutable>(bound_step(built, timespans));
            return Work{.run = repeated([step] { step->run(); }), .counts = counts_of_step(model.counts)};
          }};
}

// The policy, which also checks, standardises and carries the state.
Series policy_series(const Model& model) {
  return {"policy", [model] {
            Sequential built = model.build();
            auto policy = std::make_shared<Policy>(built);
            std::vector<float> observation(policy->observation_size()), action(policy->action_size());
            fill_uniform(observation, 1);
            return Work{.run = repeated([policy, observation, action]() mutable {
                          if (const Status status = policy->step(observation, 0.7F, action); !status)
                            throw InternalError("a benchmark's step was refused: " + policy->describe(status));
                        }),
                        .counts = counts_of_step(model.counts)};
          }};
}

Case step_case(const Model& model) {
  return {"step/" + model.name, "step: " + model.text, {run_series(model, Timespans::given), policy_series(model)}};
}

// Every Δt is 1: a sampling time that is fixed is the model's unit of time.
Case fixed_case(const Model& model) {
  return {"step/" + model.name + "-fixed", "step: " + model.text + ", fixed Δt", {run_series(model, Timespans::one)}};
}

Case by_user_case() {
  Series built_in = run_series(cfc_ncp(), Timespans::given), by_user = run_series(cfc_ncp_by_user(), Timespans::given);
  built_in.name = "built-in";
  return {"step/cfc-ncp-by-user", "step: " + cfc_ncp_by_user().text, {by_user, built_in}};
}

}  // namespace

std::vector<Case> step_cases() {
  std::vector<Case> cases{step_case(cfc_ncp()), fixed_case(cfc_ncp()), step_case(ltc_ncp())};
  for (const std::int64_t units : {16, 32, 64}) cases.push_back(step_case(with_dense(lstm(units), units)));
  for (const std::int64_t units : {16, 32, 64}) cases.push_back(step_case(with_dense(gru(units), units)));
  cases.push_back(by_user_case());
  return cases;
}

}  // namespace elegans::bench
