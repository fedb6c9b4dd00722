// Training steps on one thread, and the throughput of a second one.

#include "e2e/case.hpp"
#include "e2e/models.hpp"
#include "e2e/training_step.hpp"

namespace elegans::bench {
namespace {

std::string size_name(std::int64_t batch, std::int64_t time) {
  return std::to_string(batch) + "x" + std::to_string(time);
}

Case training_case(const Model& model, std::int64_t batch, std::int64_t time) {
  const std::string size = size_name(batch, time);
  return {"train/" + model.name + "/" + size,
          "training step: " + model.text + ", " + size,
          {{"run", [=] { return training_step(model.build(), batch, time, 1, model.counts); }}}};
}

Case by_user_case(std::int64_t batch, std::int64_t time) {
  Case result = training_case(cfc_ncp_by_user(), batch, time);
  result.series.push_back(
      {"built-in", [=] { return training_step(cfc_ncp().build(), batch, time, 1, cfc_ncp().counts); }});
  return result;
}

Case thread_case(const Model& model, std::int64_t batch, std::int64_t time) {
  const auto series = [&](const char* name, std::size_t threads) {
    return Series{name, [=] { return training_step(model.build(), batch, time, threads, model.counts); }};
  };
  const std::string size = size_name(batch, time);
  return {"threads/" + model.name + "/" + size,
          "second core: " + model.text + ", " + size,
          {series("two", 2), series("one", 1)}};
}

}  // namespace

std::vector<Case> training_cases() {
  return {training_case(cfc_ncp(), 32, 64),
          training_case(cfc_ncp(), 128, 100),
          training_case(ltc_ncp(), 32, 64),
          training_case(ltc_ncp(), 128, 100),
          training_case(cfc(), 128, 100),
          training_case(lstm(64), 128, 100),
          by_user_case(32, 64)};
}

std::vector<Case> thread_cases() { return {thread_case(cfc_ncp(), 128, 100), thread_case(ltc_ncp(), 128, 100)}; }

}  // namespace elegans::bench
