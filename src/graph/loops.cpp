#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "elegans/graph/functions.hpp"
#include "elegans/graph/scan.hpp"
#include "graph/innermost.hpp"

namespace elegans::graph {
namespace {

LoopResult scan_once(Dim steps, std::span<const Value> initial, std::span<const Value> scanned,
                     const std::function<LoopResult(const Loop&)>& body, bool reverse, std::int64_t segment_length) {
  std::vector<Value> all(initial.begin(), initial.end());
  all.insert(all.end(), scanned.begin(), scanned.end());
  Graph& parent = innermost(all).innermost_open();
  Graph inner(&parent);
  const OpenBody open(inner);
  inner.set_scope(parent.scope());
  Loop loop;
  for (const Value& value : initial)
    loop.carried.push_back(inner.input(fmt::format("carried {}", loop.carried.size()), value.type()));
  for (const Value& value : scanned)
    loop.scanned.push_back(
        inner.input(fmt::format("scanned {}", loop.scanned.size()), {value.dtype(), value.shape().removed(0)}));
  const LoopResult result = body(loop);
  if (result.carried.size() != initial.size())
    throw ConfigError({.operation = "scan",
                       .argument = "the number of carried values after a step",
                       .actual = std::to_string(result.carried.size()),
                       .required = std::to_string(initial.size()),
                       .remedy = ""});
  for (std::size_t i = 0; i < result.carried.size(); ++i) inner.output(fmt::format("carried {}", i), result.carried[i]);
  for (std::size_t i = 0; i < result.stacked.size(); ++i) inner.output(fmt::format("stacked {}", i), result.stacked[i]);
  for (std::size_t i = 0; i < result.summed.size(); ++i) inner.output(fmt::format("summed {}", i), result.summed[i]);
  for (const auto& [outer, input] : inner.captures()) all.push_back(parent.value(outer));

  const ScanCounts counts{initial.size(), scanned.size(), inner.captures().size(), result.stacked.size(),
                          result.summed.size()};
  inner.detach();
  auto operation = std::make_shared<Scan>(std::move(inner), counts, steps, reverse);
  operation = operation->with_segment_length(segment_length);
  const std::vector<Value> outputs = parent.apply(operation, all);
  LoopResult values;
  const auto at = [&](std::size_t first, std::size_t count) {
    return std::vector<Value>(outputs.begin() + static_cast<std::ptrdiff_t>(first),
                              outputs.begin() + static_cast<std::ptrdiff_t>(first + count));
  };
  values.carried = at(0, counts.carried);
  values.stacked = at(counts.carried, counts.stacked);
  values.summed = at(counts.carried + counts.stacked, counts.summed);
  return values;
}

// What padding goes into must be able to hold a mask.
void require_floating(std::span<const Value> values, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!is_floating(values[i].dtype()))
      throw DtypeError({.operation = "scan",
                        .argument = fmt::format("{} value {} of a loop with checkpoints", what, i),
                        .actual = ops::to_string(values[i].type()),
                        .required = "f32 or f64",
                        .remedy = "Let the body capture it, or set checkpoint_every to 0."});
}

// A loop of `steps` as a loop over segments of loops of k steps:
//
//     scan(steps, body)   →   scan(segments, scan(k, body))
//
// Scanned arrays are padded to whole segments; masks keep the padding from changing carried values and sums. It is the last
// step again and again, and not zeros: there the derivative of a body may be infinite (1/Δt, log x), which times a gradient
// of 0 is none.
LoopResult scan_in_segments(Dim steps, std::span<const Value> initial, std::span<const Value> scanned,
                            const std::function<LoopResult(const Loop&)>& body, const ScanOptions& options) {
  const std::int64_t k = options.checkpoint_every, count = steps.factor();
  const Dim segments = steps.is_constant() ? Dim(count / k + (count % k == 0 ? 0 : 1)) : Dim::segments();
  const Dim padded = segments * Dim(k);
  std::vector<Value> all(initial.begin(), initial.end());
  all.insert(all.end(), scanned.begin(), scanned.end());
  Graph& graph = innermost(all).innermost_open();
  const auto cut = [&](Value x, ops::Padding with) {  // [steps, …] → [segments, k, …]
    const Shape tail = x.shape().removed(0);
    return reshape(pad(x, 0, 0, padded, with), tail.inserted(0, Dim(k)).inserted(0, segments));
  };
  require_floating(scanned, "scanned");
  std::vector<Value> cut_scanned;
  for (const Value& value : scanned) cut_scanned.push_back(cut(value, ops::Padding::last));
  constexpr std::array dtypes{Dtype::f32, Dtype::f64};
  for (const Dtype dtype : dtypes) {  // masks of real steps
    const Value one = constant(graph, Tensor::from(Shape{}, {1}, dtype));
    cut_scanned.push_back(cut(broadcast_to(one, Shape{steps}), ops::Padding::zeros));
  }

  LoopResult result = scan_once(
      segments, initial, cut_scanned,
      [&](const Loop& outer) {
        return scan_once(
            Dim(k), outer.carried, outer.scanned,
            [&](const Loop& inner) {
              Loop real = inner;
              real.scanned.resize(scanned.size());
              LoopResult step = body(real);
              const auto where_real = [&](Value value, Value otherwise) {
                const auto mask = std::find(dtypes.begin(), dtypes.end(), value.dtype()) - dtypes.begin();
                return select(inner.scanned[scanned.size() + static_cast<std::size_t>(mask)], value, otherwise);
              };
              require_floating(step.carried, "carried");
              require_floating(step.summed, "summed");
              for (std::size_t i = 0; i < std::min(step.carried.size(), inner.carried.size()); ++i)
                step.carried[i] = where_real(step.carried[i], inner.carried[i]);
              for (Value& value : step.summed) value = where_real(value, constant(value, 0));
              return step;
            },
            options.reverse, 0);
      },
      options.reverse, k);
  // Stacked arrays lose the padding.
  for (Value& value : result.stacked) {
    const Shape shape = value.shape();  // [segments, k, …]
    const Value flat = reshape(value, shape.removed(0).removed(0).inserted(0, padded));
    value = flat.shape()[0] == steps ? flat : leading(flat, steps);
  }
  return result;
}

}  // namespace

LoopResult scan(Dim steps, std::span<const Value> initial, std::span<const Value> scanned,
                const std::function<LoopResult(const Loop&)>& body, ScanOptions options) {
  if (initial.empty() && scanned.empty())
    throw ConfigError({.operation = "scan",
                       .argument = "the loop",
                       .actual = "without carried and scanned values",
                       .required = "at least one",
                       .remedy = ""});
  if (options.checkpoint_every < 0)
    throw ConfigError({.operation = "scan",
                       .argument = "checkpoint_every",
                       .actual = std::to_string(options.checkpoint_every),
                       .required = "0 for none, or a number of steps",
                       .remedy = ""});
  for (std::size_t i = 0; i < scanned.size(); ++i)
    if (const Shape& shape = scanned[i].shape(); shape.rank() == 0 || shape[0] != steps)
      throw ShapeError({.operation = "scan",
                        .argument = fmt::format("scanned value {}", i),
                        .actual = elegans::to_string(shape),
                        .required = fmt::format("[{}, ...]", elegans::to_string(steps)),
                        .remedy = "Put time in front with transpose."});
  if (options.checkpoint_every > 0) return scan_in_segments(steps, initial, scanned, body, options);
  return scan_once(steps, initial, scanned, body, options.reverse, 0);
}

}  // namespace elegans::graph
