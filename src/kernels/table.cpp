#include "elegans/kernels/table.hpp"

#include <cstdlib>

#include "kernels/targets.hpp"

namespace elegans::kernels {

namespace {

std::int64_t chosen_target() {
  static const std::int64_t target = best_target(std::getenv("ELEGANS_TARGET"));
  return target;
}

}  // namespace

const char* instruction_set(Target target) {
  return target_name(target == Target::scalar ? scalar_target : chosen_target());
}

template <class T>
const Table<T>& table(Target target) {
  static const Table<T> scalar = make_table<T>(scalar_target);
  static const Table<T> best = make_table<T>(chosen_target());
  return target == Target::scalar ? scalar : best;
}

template const Table<float>& table<float>(Target);
template const Table<double>& table<double>(Target);

}  // namespace elegans::kernels
