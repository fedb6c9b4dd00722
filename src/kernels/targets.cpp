#include "kernels/targets.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <string>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "kernels/scalar/scalar.hpp"
#include "kernels/simd/simd.hpp"

namespace elegans::kernels {

namespace {

std::vector<std::int64_t> bits_of(std::int64_t set) {
  std::vector<std::int64_t> bits;
  for (; set; set &= set - 1) bits.push_back(set & -set);
  return bits;
}

}  // namespace

#if !ELEGANS_SIMD
// A build without SIMD kernels has the scalar ones alone.
namespace simd {
std::int64_t compiled_targets() { return 0; }
std::int64_t runnable_targets() { return 0; }
const char* name(std::int64_t) { return ""; }
template <class T>
void replace(Table<T>&, std::int64_t) {}
}  // namespace simd
#endif

std::vector<std::int64_t> runnable_targets() {
  std::vector<std::int64_t> targets = bits_of(simd::runnable_targets());
  targets.push_back(scalar_target);
  return targets;
}

std::vector<std::int64_t> missing_targets() { return bits_of(simd::compiled_targets() & ~simd::runnable_targets()); }

const char* target_name(std::int64_t target) { return target == scalar_target ? "scalar" : simd::name(target); }

std::int64_t best_target(const char* limit) {
  std::int64_t allowed = simd::runnable_targets();
  if (limit && *limit) {
    std::vector<std::int64_t> targets = bits_of(simd::compiled_targets());
    targets.push_back(scalar_target);
    std::vector<std::string> names;
    for (const std::int64_t target : targets) names.emplace_back(target_name(target));
    const auto found = std::find(names.begin(), names.end(), limit);
    if (found == names.end()) {
      const std::string near = suggest(limit, names);
      throw ConfigError(Complaint{"kernels", "the environment variable ELEGANS_TARGET", fmt::format("'{}'", limit),
                                  fmt::format("one of {}", fmt::join(names, ", ")),
                                  near.starts_with("Did you mean") ? near : ""});
    }
    const std::int64_t named = targets[static_cast<std::size_t>(found - names.begin())];
    allowed = named == scalar_target ? 0 : allowed & ~(named - 1);
  }
  return allowed ? allowed & -allowed : scalar_target;
}

template <class T>
Table<T> make_table(std::int64_t target) {
  Table<T> table = scalar_table<T>();
  if (target != scalar_target) simd::replace(table, target);
  return table;
}

template Table<float> make_table<float>(std::int64_t);
template Table<double> make_table<double>(std::int64_t);

}  // namespace elegans::kernels
