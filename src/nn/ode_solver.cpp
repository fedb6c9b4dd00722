#include "elegans/nn/ode_solver.hpp"

#include <fmt/format.h>
#include <array>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::nn {
namespace {

constexpr std::array<std::string_view, 4> solver_names{"euler", "heun", "rk4", "semi_implicit"};
constexpr std::int64_t most_unfolds = 1000;

using States = std::vector<Value>;

// dt [batch, 1] as it broadcasts against a state [batch, …].
Value for_state(Value dt, const Value& state) {
  if (dt.shape().rank() != 2 || state.shape().rank() <= 2) return dt;
  Shape shape = dt.shape();
  while (shape.rank() < state.shape().rank()) shape = shape.inserted(shape.rank(), 1);
  return reshape(dt, shape);
}

void require_rates(std::size_t rates, std::size_t states) {
  if (rates != states)
    throw ShapeError({.operation = "integrate",
                      .argument = "the number of rates",
                      .actual = std::to_string(rates),
                      .required = fmt::format("{}, one for each state", states),
                      .remedy = ""});
}

void require_shape(const Value& next, const Value& state, std::size_t i) {
  if (!(next.type() == state.type()))
    throw ShapeError({.operation = "integrate",
                      .argument = fmt::format("state {} after a step", i),
                      .actual = ops::to_string(next.type()),
                      .required = fmt::format("{}, as before the step", ops::to_string(state.type())),
                      .remedy = "A rate broadcasts to the state that it changes."});
}

// v + h k, for each state.
States moved(const States& v, const States& h, const States& k) {
  States next;
  for (std::size_t i = 0; i < v.size(); ++i) {
    next.push_back(v[i] + h[i] * k[i]);
    require_shape(next[i], v[i], i);
  }
  return next;
}

States scaled(const States& steps, double factor) {
  States made;
  for (const Value& step : steps) made.push_back(step * factor);
  return made;
}

using Step = std::function<States(const States& v)>;

// One step of an explicit solver. What depends on δ alone is written here, outside the loop.
Step explicit_step(Solver solver, const Rate& rate, const States& delta) {
  const auto f = [&rate](const States& v) {
    States rates = rate(v);
    require_rates(rates.size(), v.size());
    return rates;
  };
  if (solver == Solver::euler) return [=](const States& v) { return moved(v, delta, f(v)); };
  const States half = scaled(delta, 0.5);
  if (solver == Solver::heun)
    return [=](const States& v) {
      const States k1 = f(v), k2 = f(moved(v, delta, k1));
      States sum;
      for (std::size_t i = 0; i < v.size(); ++i) sum.push_back(k1[i] + k2[i]);
      return moved(v, half, sum);
    };
  const States sixth = scaled(delta, 1.0 / 6);
  return [=](const States& v) {
    const States k1 = f(v), k2 = f(moved(v, half, k1)), k3 = f(moved(v, half, k2)), k4 = f(moved(v, delta, k3));
    States sum;
    for (std::size_t i = 0; i < v.size(); ++i) sum.push_back(k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    return moved(v, sixth, sum);
  };
}

Step semi_implicit_step(const LinearRates& rates, const States& delta) {
  return [&rates, delta](const States& v) {
    const std::vector<LinearRate> all = rates(v);
    require_rates(all.size(), v.size());
    States next;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const auto& [drive, decay, inertia] = all[i];
      const Value resistance = inertia ? inertia + delta[i] * decay : 1.0 + delta[i] * decay;
      next.push_back(v[i] + delta[i] * (drive - v[i] * decay) / resistance);
      require_shape(next[i], v[i], i);
    }
    return next;
  };
}

States deltas(const States& state, Value dt, std::int64_t unfolds) {
  const Value delta = dt / static_cast<double>(unfolds);
  States each;
  for (const Value& v : state) each.push_back(for_state(delta, v));
  return each;
}

States unfold(const States& state, std::int64_t unfolds, const Step& step) {
  const auto body = [&](const graph::Loop& loop) {
    return graph::LoopResult{.carried = step(loop.carried), .stacked = {}, .summed = {}};
  };
  return scan(unfolds, state, {}, body).carried;
}

}  // namespace

std::string_view name(Solver solver) { return solver_names[static_cast<std::size_t>(solver)]; }

Solver solver_named(std::string_view name) {
  for (std::size_t i = 0; i < solver_names.size(); ++i)
    if (solver_names[i] == name) return static_cast<Solver>(i);
  throw ConfigError({.operation = "solver",
                     .argument = "the name",
                     .actual = quote(name),
                     .required = "'euler', 'heun', 'rk4' or 'semi_implicit'",
                     .remedy = suggest(name, std::vector<std::string>(solver_names.begin(), solver_names.end()))});
}

void check_solver(const SolverOptions& options, std::string_view owner) {
  if (options.unfolds < 1 || options.unfolds > most_unfolds)
    throw ConfigError({.operation = std::string(owner),
                       .argument = "ode_unfolds",
                       .actual = std::to_string(options.unfolds),
                       .required = fmt::format("1 to {}", most_unfolds),
                       .remedy = "6 is usual."});
}

void check_explicit_solver(const SolverOptions& options, std::string_view owner) {
  check_solver(options, owner);
  if (options.solver == Solver::semi_implicit)
    throw ConfigError({.operation = std::string(owner),
                       .argument = "solver",
                       .actual = "'semi_implicit'",
                       .required = "'euler', 'heun' or 'rk4'",
                       .remedy =
                           "The semi-implicit step needs a rate that is linear in its state, as an LTC or a CTRNN "
                           "has (integrate_linear)."});
}

States integrate(const States& state, Value dt, const Rate& rate, const SolverOptions& options) {
  check_explicit_solver(options, "integrate");
  return unfold(state, options.unfolds, explicit_step(options.solver, rate, deltas(state, dt, options.unfolds)));
}

Value integrate(Value state, Value dt, const std::function<Value(Value v)>& rate, const SolverOptions& options) {
  return integrate(
      States{state}, dt, [&](const States& v) { return States{rate(v[0])}; }, options)[0];
}

States integrate_linear(const States& state, Value dt, const LinearRates& rates, const SolverOptions& options) {
  check_solver(options, "integrate_linear");
  const States delta = deltas(state, dt, options.unfolds);
  if (options.solver == Solver::semi_implicit) return unfold(state, options.unfolds, semi_implicit_step(rates, delta));
  const Rate rate = [&](const States& v) {
    const std::vector<LinearRate> all = rates(v);
    require_rates(all.size(), v.size());
    States made;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const auto& [drive, decay, inertia] = all[i];
      const Value pull = drive - v[i] * decay;
      made.push_back(inertia ? pull / inertia : pull);
    }
    return made;
  };
  return unfold(state, options.unfolds, explicit_step(options.solver, rate, delta));
}

Value integrate_linear(Value state, Value dt, const std::function<LinearRate(Value v)>& rate,
                       const SolverOptions& options) {
  return integrate_linear(
      States{state}, dt, [&](const States& v) { return std::vector<LinearRate>{rate(v[0])}; }, options)[0];
}

}  // namespace elegans::nn
