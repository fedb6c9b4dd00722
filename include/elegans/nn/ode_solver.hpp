#pragma once
// Solvers of ordinary differential equations, written into the graph: a cell says how fast its states change, a solver
// takes them through Δt in `unfolds` equal steps of δ = Δt / unfolds. The steps are one loop, so that the graph and the
// time to compile it are the same for 1 and for 100.
//
//     euler           v ← v + δ f(v)                                                       order 1, 1 rate a step
//     heun            k₁ = f(v), k₂ = f(v + δ k₁);  v ← v + δ/2 (k₁ + k₂)                  order 2, 2 rates
//     rk4             k₁ = f(v), k₂ = f(v + δ/2 k₁), k₃ = f(v + δ/2 k₂), k₄ = f(v + δ k₃)
//                     v ← v + δ/6 (k₁ + 2 k₂ + 2 k₃ + k₄)                                  order 4, 4 rates
//     semi_implicit   v ← v + δ (drive − v decay) / (inertia + δ decay)                    order 1, 1 rate
//
// Order p: twice the unfolds leave 1/2^p of the error. Δt = 0 leaves every state exactly as it is. Inputs are held over
// the step.
//
// The semi-implicit one is for rates that are linear in the state they change (LinearRate), with drive and decay taken
// at the old v: an implicit Euler step of that part. With decay ≥ 0 and inertia > 0 the new v lies between the old one
// and drive / decay for any Δt, where the others need small steps. Along one state that decays with the rate
// λ = decay / inertia,
//
//     euler and heun are stable for δ λ ≤ 2, rk4 for δ λ ≤ 2.785, semi_implicit for every δ;
//
// beyond, a state grows from step to step and ends as an infinity or NaN. Gaps in recordings are where that happens.
//
// A cell of one's own, a pendulum pushed by x, with two states:
//
//     CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override {
//       const Value friction = context.weight(friction_);
//       const auto next = integrate(state, dt, [&](const std::vector<Value>& s) {
//         return std::vector<Value>{s[1], x - sin(s[0]) - friction * s[1]};
//       }, {.solver = Solver::rk4, .unfolds = 4});
//       return {.output = next[0], .state = next};
//     }
//
// Sources: Hairer, Nørsett, Wanner, "Solving ordinary differential equations I", 2nd ed., II.1, and II (with Wanner),
// IV.2 for stability; semi_implicit is the "fused" solver of Hasani et al., "Liquid time-constant networks", 2021.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;

enum class Solver { euler, heun, rk4, semi_implicit };

// "euler", "heun", "rk4", "semi_implicit". ConfigError with the nearest names for another.
std::string_view name(Solver solver);
Solver solver_named(std::string_view name);

struct SolverOptions {
  Solver solver = Solver::rk4;
  std::int64_t unfolds = 6;  // 1 … 1000
};

// ConfigError, with `owner` in front, where unfolds is out of its range.
void check_solver(const SolverOptions& options, std::string_view owner);
// The same, and where the solver is semi_implicit: for rates of unknown form.
void check_explicit_solver(const SolverOptions& options, std::string_view owner);

// How fast a state changes that is pulled towards drive / decay:
//
//     inertia dv/dt = drive − decay ⊙ v
//
// Of a neuron these are capacitance, current, and conductance. Each broadcasts against v.
struct LinearRate {
  Value drive;
  Value decay;
  Value inertia = {};  // none: 1
};

// Writes `options.unfolds` steps through dt, a scalar [] or [batch, 1], from the states [batch, …], and returns the
// states after them. `rate` writes dv/dt for all states, in their order; it is called once for each rate of a step.
// ConfigError for semi_implicit; ShapeError where rates are not as many as states, or not of shapes that broadcast to
// theirs.
using Rate = std::function<std::vector<Value>(const std::vector<Value>& state)>;
std::vector<Value> integrate(const std::vector<Value>& state, Value dt, const Rate& rate, const SolverOptions& options);
// Of one state.
Value integrate(Value state, Value dt, const std::function<Value(Value v)>& rate, const SolverOptions& options);

// The same with every solver, for rates of the linear form; those solvers that know nothing of the form take
// dv/dt = (drive − v decay) / inertia.
using LinearRates = std::function<std::vector<LinearRate>(const std::vector<Value>& state)>;
std::vector<Value> integrate_linear(const std::vector<Value>& state, Value dt, const LinearRates& rates,
                                    const SolverOptions& options);
Value integrate_linear(Value state, Value dt, const std::function<LinearRate(Value v)>& rate,
                       const SolverOptions& options);

}  // namespace elegans::nn
