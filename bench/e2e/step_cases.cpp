// One step of a stream: batch 1, one observation in, one answer out, states carried by the caller or by the policy.

#include <memory>
#include <string>
#include <utility>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "elegans/base/error.hpp"
#include "elegans/model/policy.hpp"

namespace elegans::bench {
namespace {

// The executable with memory bound beforehand: what a step costs by itself.
Series run_series(const Model& model) {
  return {"run", [model] { return step_work(model); }};
}

constexpr double usual_dt = 0.7;

// The policy, which also checks, standardises and carries the state; `counts` are of its steps.
Series policy_series(std::string name, const Model& model, const StepCounts& counts, const PolicyOptions& options) {
  return {std::move(name), [model, counts, options] {
            Sequential built = model.build();
            auto policy = std::make_shared<Policy>(built, Preprocessing{}, options);
            std::vector<float> observation(policy->observation_size()), action(policy->action_size());
            fill_uniform(observation, 1);
            return Work{.run = repeated([policy, observation, action]() mutable {
                          const Status status = policy->step(observation, static_cast<float>(usual_dt), action);
                          if (!status)
                            throw InternalError("a benchmark's step was refused: " + policy->describe(status));
                        }),
                        .counts = counts_of_step(counts)};
          }};
}
Series policy_series(const Model& model) { return policy_series("policy", model, model.counts, {}); }

Case step_case(const Model& model) {
  return {"step/" + model.name, "step: " + model.text, {run_series(model), policy_series(model)}};
}

// A loop of fixed rate: the policy is folded for its Δt when it is made. Beside it the one that is given the same Δt at
// each step.
Case fixed_case(const Model& model) {
  return {"step/" + model.name + "-fixed",
          "step: " + model.text + ", fixed Δt",
          {policy_series("policy", model, model.counts_of_fixed_dt, {.fixed_dt = usual_dt}),
           policy_series("given", model, model.counts, {})}};
}

Case by_user_case() {
  Series built_in = run_series(cfc_ncp()), by_user = run_series(cfc_ncp_by_user());
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
