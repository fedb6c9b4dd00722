#include "elegans/wiring/pattern.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <numeric>
#include <tuple>

#include "elegans/base/error.hpp"

namespace elegans::wiring {
namespace {

void check_shape(const char* operation, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t limit = SynapseMatrix::max_extent;
  if (rows < 0 || columns < 0 || rows > limit || columns > limit) {
    throw ConfigError(
        {operation, "shape", fmt::format("[{}, {}]", rows, columns), fmt::format("extents from 0 to {}", limit), ""});
  }
}

void check_count(const char* operation, std::int64_t count) {
  if (count > SynapseMatrix::max_count) {
    throw ConfigError({operation, "number of weights", fmt::format("{}", count),
                       fmt::format("at most {}", SynapseMatrix::max_count), ""});
  }
}

bool in_canonical_order(const Synapse& a, const Synapse& b) {
  return std::tie(a.source, a.target) < std::tie(b.source, b.target);
}

void check_synapse(const char* operation, const Synapse& synapse, std::int64_t rows, std::int64_t columns) {
  const std::string where = fmt::format("synapse [{}, {}]", synapse.source, synapse.target);
  if (synapse.source < 0 || synapse.source >= rows || synapse.target < 0 || synapse.target >= columns) {
    throw ConfigError({operation, where, "outside the kernel", fmt::format("a place in [{}, {}]", rows, columns), ""});
  }
  if (synapse.polarity != 1 && synapse.polarity != -1) {
    throw ConfigError(
        {operation, fmt::format("polarity of {}", where), fmt::format("{}", synapse.polarity), "+1 or -1", ""});
  }
}

constexpr auto one = [](std::int8_t) { return std::int8_t{1}; };
constexpr auto same = [](std::int8_t polarity) { return polarity; };

}  // namespace

Pattern::Pattern(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns)
    : rows_(rows),
      columns_(columns),
      source_offsets_(static_cast<std::size_t>(rows) + 1),
      target_offsets_(static_cast<std::size_t>(columns) + 1),
      target_sources_(synapses.size()),
      target_weights_(synapses.size()) {
  sources_.reserve(synapses.size());
  targets_.reserve(synapses.size());
  polarity_.reserve(synapses.size());
  for (const Synapse& synapse : synapses) {
    sources_.push_back(synapse.source);
    targets_.push_back(synapse.target);
    polarity_.push_back(synapse.polarity);
    ++source_offsets_[static_cast<std::size_t>(synapse.source) + 1];
    ++target_offsets_[static_cast<std::size_t>(synapse.target) + 1];
  }
  std::partial_sum(source_offsets_.begin(), source_offsets_.end(), source_offsets_.begin());
  std::partial_sum(target_offsets_.begin(), target_offsets_.end(), target_offsets_.begin());
  std::vector<std::int32_t> next(target_offsets_.begin(), target_offsets_.end() - 1);
  for (std::size_t weight = 0; weight < synapses.size(); ++weight) {
    const auto entry = static_cast<std::size_t>(next[static_cast<std::size_t>(targets_[weight])]++);
    target_sources_[entry] = sources_[weight];
    target_weights_[entry] = static_cast<std::int32_t>(weight);
  }
}

PatternRef Pattern::make(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns) {
  return PatternRef(new Pattern(synapses, rows, columns));
}

PatternRef Pattern::dense(std::int64_t rows, std::int64_t columns) {
  check_shape("Pattern.dense", rows, columns);
  check_count("Pattern.dense", rows * columns);
  std::vector<Synapse> synapses;
  synapses.reserve(static_cast<std::size_t>(rows * columns));
  for (std::int32_t source = 0; source < rows; ++source) {
    for (std::int32_t target = 0; target < columns; ++target) synapses.push_back({source, target, 1});
  }
  return make(synapses, rows, columns);
}

template <class T>
PatternRef Pattern::read_mask(std::span<const T> mask, std::int64_t rows, std::int64_t columns) {
  const char* operation = "Pattern.from_mask";
  check_shape(operation, rows, columns);
  if (static_cast<std::int64_t>(mask.size()) != rows * columns) {
    throw ShapeError({operation, "mask", fmt::format("of {} elements", mask.size()),
                      fmt::format("{} for [{}, {}]", rows * columns, rows, columns), ""});
  }
  std::vector<Synapse> synapses;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == T{0}) continue;
    const Synapse synapse{static_cast<std::int32_t>(static_cast<std::int64_t>(i) / columns),
                          static_cast<std::int32_t>(static_cast<std::int64_t>(i) % columns),
                          static_cast<std::int8_t>(mask[i] < T{0} ? -1 : 1)};
    if (mask[i] != static_cast<T>(synapse.polarity)) {
      throw ConfigError({operation, fmt::format("mask[{}, {}]", synapse.source, synapse.target),
                         fmt::format("{}", mask[i]), "-1, 0 or +1", ""});
    }
    synapses.push_back(synapse);
  }
  check_count(operation, static_cast<std::int64_t>(synapses.size()));
  return make(synapses, rows, columns);
}

PatternRef Pattern::from_synapses(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns) {
  const char* operation = "Pattern.from_synapses";
  check_shape(operation, rows, columns);
  check_count(operation, static_cast<std::int64_t>(synapses.size()));
  for (const Synapse& synapse : synapses) check_synapse(operation, synapse, rows, columns);
  std::vector<Synapse> sorted(synapses.begin(), synapses.end());
  std::sort(sorted.begin(), sorted.end(), in_canonical_order);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (in_canonical_order(sorted[i - 1], sorted[i])) continue;
    throw ConfigError({operation, fmt::format("synapse [{}, {}]", sorted[i].source, sorted[i].target), "given twice",
                       "each pair of source and target once", ""});
  }
  return make(sorted, rows, columns);
}

PatternRef Pattern::from_matrix(const SynapseMatrix& matrix) {
  return make(matrix.list(), matrix.sources(), matrix.targets());
}

double Pattern::density() const {
  const std::int64_t possible = rows_ * columns_;
  return possible == 0 ? 0.0 : static_cast<double>(count()) / static_cast<double>(possible);
}

std::int64_t Pattern::index_bytes() const {
  const std::size_t numbers = source_offsets_.size() + sources_.size() + targets_.size() + target_offsets_.size() +
                              target_sources_.size() + target_weights_.size();
  return static_cast<std::int64_t>(numbers * sizeof(std::int32_t) + polarity_.size());
}

void Pattern::check_kernel(const char* operation, const char* argument, std::size_t size) const {
  if (static_cast<std::int64_t>(size) == rows_ * columns_) return;
  throw ShapeError({fmt::format("Pattern.{}", operation), argument, fmt::format("of {} elements", size),
                    fmt::format("{} for a kernel [{}, {}]", rows_ * columns_, rows_, columns_), ""});
}

void Pattern::check_weights(const char* operation, std::size_t size) const {
  if (static_cast<std::int64_t>(size) == count()) return;
  throw ShapeError({fmt::format("Pattern.{}", operation), "weights", fmt::format("of {} elements", size),
                    fmt::format("{}, one for each weight that exists", count()), ""});
}

template <class T, class Value>
void Pattern::fill_existing(const char* operation, std::span<T> out, Value of_polarity) const {
  check_kernel(operation, "out", out.size());
  std::fill(out.begin(), out.end(), T{0});
  for (std::size_t i = 0; i < targets_.size(); ++i) out[place(i)] = static_cast<T>(of_polarity(polarity_[i]));
}

template <class T>
void Pattern::copy_existing(std::span<const T> kernel, std::span<T> out) const {
  check_kernel("apply", "kernel", kernel.size());
  check_kernel("apply", "out", out.size());
  std::size_t done = 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const std::size_t existing = place(i);
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(done), out.begin() + static_cast<std::ptrdiff_t>(existing),
              T{0});
    out[existing] = kernel[existing];
    done = existing + 1;
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(done), out.end(), T{0});
}

template <class T>
void Pattern::pack(std::span<const T> kernel, std::span<T> weights) const {
  check_kernel("gather", "kernel", kernel.size());
  check_weights("gather", weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = kernel[place(i)];
}

template <class T>
void Pattern::unpack(std::span<const T> weights, std::span<T> kernel) const {
  check_weights("scatter", weights.size());
  check_kernel("scatter", "kernel", kernel.size());
  std::fill(kernel.begin(), kernel.end(), T{0});
  for (std::size_t i = 0; i < weights.size(); ++i) kernel[place(i)] = weights[i];
}

PatternRef Pattern::from_mask(std::span<const float> mask, std::int64_t rows, std::int64_t columns) {
  return read_mask(mask, rows, columns);
}
PatternRef Pattern::from_mask(std::span<const double> mask, std::int64_t rows, std::int64_t columns) {
  return read_mask(mask, rows, columns);
}
PatternRef Pattern::from_mask(std::span<const std::int8_t> mask, std::int64_t rows, std::int64_t columns) {
  return read_mask(mask, rows, columns);
}
void Pattern::mask(std::span<float> out) const { fill_existing("mask", out, one); }
void Pattern::mask(std::span<double> out) const { fill_existing("mask", out, one); }
void Pattern::mask(std::span<std::int8_t> out) const { fill_existing("mask", out, one); }
void Pattern::signs(std::span<float> out) const { fill_existing("signs", out, same); }
void Pattern::signs(std::span<double> out) const { fill_existing("signs", out, same); }
void Pattern::signs(std::span<std::int8_t> out) const { fill_existing("signs", out, same); }
void Pattern::apply(std::span<const float> kernel, std::span<float> out) const { copy_existing(kernel, out); }
void Pattern::apply(std::span<const double> kernel, std::span<double> out) const { copy_existing(kernel, out); }
void Pattern::gather(std::span<const float> kernel, std::span<float> weights) const { pack(kernel, weights); }
void Pattern::gather(std::span<const double> kernel, std::span<double> weights) const { pack(kernel, weights); }
void Pattern::scatter(std::span<const float> weights, std::span<float> kernel) const { unpack(weights, kernel); }
void Pattern::scatter(std::span<const double> weights, std::span<double> kernel) const { unpack(weights, kernel); }

std::vector<std::int64_t> Pattern::output_shape(std::span<const std::int64_t> input_shape) const {
  if (input_shape.empty() || input_shape.back() != rows_) {
    throw ShapeError({"Pattern.output_shape", "input_shape", fmt::format("[{}]", fmt::join(input_shape, ", ")),
                      fmt::format("[..., {}] for a kernel [{}, {}]", rows_, rows_, columns_), ""});
  }
  std::vector<std::int64_t> shape(input_shape.begin(), input_shape.end());
  shape.back() = columns_;
  return shape;
}

}  // namespace elegans::wiring
