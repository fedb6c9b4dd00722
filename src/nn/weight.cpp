#include "elegans/nn/weight.hpp"

#include <fmt/format.h>
#include <cmath>

#include "elegans/nn/connections_of.hpp"

namespace elegans::nn {
namespace {

void check(WeightOptions& options, const std::string& path, Dtype dtype) {
  if (!is_floating(dtype))
    throw DtypeError({path, "the dtype", std::string(to_string(dtype)), "f32 or f64", "Integers cannot be trained."});
  if (options.name.empty() || options.name.find('/') != std::string::npos)
    throw ConfigError({path, "the name of a weight", fmt::format("'{}'", options.name), "a name without '/'", ""});
  if (options.pattern) {
    const Shape whole{options.pattern->rows(), options.pattern->columns()};
    if (options.shape.rank() == 0) options.shape = whole;
    if (!(options.shape == whole))
      throw ShapeError({path, "the shape", to_string(options.shape), to_string(whole) + ", that of the pattern", ""});
    // Places in it are numbers of 32 bits.
    if (options.storage == Storage::dense && options.pattern->rows() * options.pattern->columns() > UINT32_MAX)
      throw ConfigError({path, "storage", fmt::format("dense, of {} numbers", to_string(whole)),
                         "fewer than 2^32 of them", "Store the weights that exist alone: Storage::sparse."});
  } else if (options.polarity != Polarity::ignored) {
    throw ConfigError({path, "polarity", "set", "a pattern beside it", "A circuit gives the signs."});
  } else if (options.storage != Storage::sparse) {
    throw ConfigError({path, "storage", "dense", "a pattern beside it", "Without one every weight is stored anyway."});
  }
  if (!options.shape.is_constant())
    throw ShapeError({path, "the shape", to_string(options.shape), "numbers only",
                      "A weight cannot depend on the batch or on time."});
}

// A tensor in stored shape of one number for each existing weight, 0 elsewhere.
Tensor stored(const WeightOptions& options, std::span<const double> existing, Dtype dtype) {
  if (!options.pattern) return Tensor::from(options.shape, existing, dtype);
  if (options.storage == Storage::sparse) return Tensor::from(Shape{options.pattern->count()}, existing, dtype);
  std::vector<double> whole(static_cast<std::size_t>(options.shape.elements(Extents{})));
  options.pattern->scatter(existing, whole);
  return Tensor::from(options.shape, whole, dtype);
}

Shape stored_shape(const WeightOptions& options) {
  const bool sparse = options.pattern && options.storage == Storage::sparse;
  return sparse ? Shape{options.pattern->count()} : options.shape;
}

// From the initialiser, with the signs of the circuit where these count.
Tensor initial_value(const WeightOptions& options, const std::string& path, Dtype dtype, std::uint64_t seed) {
  std::vector<double> values = first_values(
      options.initialiser, {.seed = seed, .path = path, .shape = options.shape, .pattern = options.pattern.get()});
  if (options.polarity != Polarity::ignored) {
    const auto signs = options.pattern->polarity();
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = std::abs(values[k]) * signs[k];
  }
  return stored(options, values, dtype);
}

// A value that was given for a whole array must be 0 where no weight exists.
void check_absent(const WeightOptions& options, const std::string& path, const Tensor& value) {
  if (!options.pattern || options.storage == Storage::sparse) return;
  const std::vector<double> given = value.values();
  std::vector<double> existing(given.size());
  options.pattern->apply(given, existing);
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!(given[i] == existing[i] || std::isnan(existing[i])))
      throw ConfigError({path, fmt::format("element {}", i), fmt::format("{}", given[i]),
                         "0, for the circuit has no synapse there", ""});
}

// w where it has the sign of the circuit, else 0.
Constraint keep_sign(Constraint first, Tensor signs) {
  Constraint both = first;
  both.apply = [first = std::move(first), signs = std::move(signs)](Value weight) {
    const Value w = first ? first.apply(weight) : weight;
    const Value wrong = less(w * constant(*w.graph, signs), constant(w, 0));
    return select(wrong, constant(w, 0), w);
  };
  return both;
}

// The constraint as the stored weights of this pattern are subject to it.
void bind_pattern(Constraint& constraint, const PatternPtr& pattern) {
  if (!constraint.apply_sparse) return;
  constraint.apply = [apply = constraint.apply_sparse, connections = connections_of(pattern)](Value weights) {
    return apply(weights, connections);
  };
}

}  // namespace

WeightPtr make_weight(WeightOptions options, std::string path, Dtype dtype, std::uint64_t seed,
                      const FirstValues& given) {
  check(options, path, dtype);
  Tensor value =
      given ? given(options, path, {dtype, stored_shape(options)}) : initial_value(options, path, dtype, seed);
  if (given) check_absent(options, path, value);
  if (options.pattern && options.storage == Storage::sparse) bind_pattern(options.constraint, options.pattern);
  if (options.polarity == Polarity::fixed_sign) {
    const auto signs = options.pattern->polarity();
    options.constraint =
        keep_sign(options.constraint, stored(options, std::vector<double>(signs.begin(), signs.end()), dtype));
  }
  return std::make_shared<Weight>(Weight{std::move(options), std::move(path), std::move(value)});
}

}  // namespace elegans::nn
