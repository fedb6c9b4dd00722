#include "e2e/case.hpp"

namespace elegans::bench {

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& some : {step_cases, training_cases, thread_cases, update_cases, size_cases, unnamed_cases,
                           loss_cases, dense_cases, target_cases, compile_cases})
    for (Case& one : some()) all.push_back(std::move(one));
  return all;
}

}  // namespace elegans::bench
