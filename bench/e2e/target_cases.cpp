// The best sets of kernels that the machine can run side by side, and the scalar one: wider vectors are to gain. A process
// has one set of kernels, so that each series is one of its own (--series).

#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "e2e/training_step.hpp"
#include "elegans/base/error.hpp"
#include "elegans/kernels/table.hpp"
#include "kernels/targets.hpp"

namespace elegans::bench {
namespace {

void use(const std::string& target) {
  setenv("ELEGANS_TARGET", target.c_str(), 1);
  const std::string used = kernels::instruction_set(kernels::Target::best);
  if (used != target)
    throw ConfigError({"bench_e2e", "the set of kernels of this process", used, target,
                       "It is chosen once: name one series by --series."});
}

Case target_case(const std::string& name, const std::string& text, const std::function<Work()>& prepare) {
  const std::vector<std::int64_t> runnable = kernels::runnable_targets();
  const auto name_of = [&](std::size_t i) {
    return std::string(kernels::target_name(runnable[std::min(i, runnable.size() - 1)]));
  };
  const std::string best = name_of(0), next = name_of(1), third = name_of(2), last = name_of(runnable.size() - 1);
  const auto with = [&](const std::string& target) {
    return [=] {
      use(target);
      return prepare();
    };
  };
  return {"targets/" + name,
          fmt::format("{}: {} beside {}, {} and {}", text, best, next, third, last),
          {{"best", with(best)}, {"next", with(next)}, {"third", with(third)}, {"scalar", with(last)}}};
}

Case step_case(const Model& model) {
  return target_case("step/" + model.name, "step: " + model.text, [model] { return step_work(model); });
}

Case training_case(const Model& model) {
  return target_case("train/" + model.name, "training step: " + model.text + ", 32x64",
                     [model] { return training_step(model.build(), 32, 64, 1, model.counts); });
}

}  // namespace

std::vector<Case> target_cases() {
  return {step_case(cfc_ncp()), step_case(ltc_ncp()), training_case(cfc_ncp()), training_case(ltc_ncp())};
}

}  // namespace elegans::bench
