#pragma once
// A case of the table of benchmarks, and the series that are measured of it side by side: a step by the executable and
// by the policy, an update by the library and by hand, one size and the next. What is compared with what is not said
// here but in bench/bars.toml; peers (bench/peers) have series of the same cases.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "e2e/counts.hpp"

namespace elegans::bench {

// A series made ready to run. Running neither allocates nor makes system calls unless `prepare` of it says so.
struct Work {
  std::function<void(std::int64_t calls)> run;   // the same again and again
  std::function<void()> before = {};             // what each call needs first, and is not measured; then calls is 1
  Counts counts = {};                            // of one call
  std::string version = {};                      // of the library that runs it, where that is another
  std::function<std::uint32_t()> checksum = {};  // of all that was computed, where two series must agree in each bit
};

// A loop around `call`, so that what is measured is no call through a pointer.
template <class Call>
std::function<void(std::int64_t)> repeated(Call call) {
  return [call = std::move(call)](std::int64_t calls) mutable {
    for (std::int64_t i = 0; i < calls; ++i) call();
  };
}

struct Series {
  std::string name;
  std::function<Work()> prepare;
};

struct Case {
  std::string name;  // "step/cfc-ncp"
  std::string text;  // one line for people
  std::vector<Series> series;
};

// Every case, in the order of the table.
std::vector<Case> cases();

// One source each.
std::vector<Case> step_cases();
std::vector<Case> training_cases();
std::vector<Case> thread_cases();
std::vector<Case> update_cases();
std::vector<Case> size_cases();
std::vector<Case> unnamed_cases();
std::vector<Case> loss_cases();
std::vector<Case> dense_cases();
std::vector<Case> target_cases();
std::vector<Case> compile_cases();

}  // namespace elegans::bench
