#include "elegans/nn/initialiser.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/philox.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "nn/orthogonal.hpp"
#include "nn/path_hash.hpp"

namespace elegans::nn {
namespace {

// The deviation of a standard normal number that is cut off at ±2.
constexpr double truncated_deviation = 0.87962566103423978;

struct Fans {
  double in = 1;
  double out = 1;
};

Fans full_fans(const Shape& shape) {
  const auto size = [&](std::size_t axis) { return static_cast<double>(shape[axis].factor()); };
  if (shape.rank() == 0) return {};
  if (shape.rank() == 1) return {size(0), size(0)};
  const std::size_t last = shape.rank() - 1;
  const double leading = static_cast<double>(shape.product(0, last - 1).factor());
  return {leading * size(last - 1), leading * size(last)};
}

// The fans of existing weight `k`.
Fans existing_fans(const wiring::Pattern& pattern, std::size_t k) {
  const auto source = static_cast<std::size_t>(pattern.sources()[k]);
  const auto target = static_cast<std::size_t>(pattern.targets()[k]);
  return {static_cast<double>(pattern.target_offsets()[target + 1] - pattern.target_offsets()[target]),
          static_cast<double>(pattern.source_offsets()[source + 1] - pattern.source_offsets()[source])};
}

// Writes a number into each place of `out`; draws are uniform in [0, 1).
class Filling {
 public:
  Filling(const InitialValues& what, std::span<double> out) : what_(what), out_(out) {}

  void operator()(const Zeros&) const { fill(0); }
  void operator()(const Ones&) const { fill(1); }
  void operator()(const ConstantValue& constant) const { fill(constant.value); }
  void operator()(const Uniform& uniform) const {
    if (!(uniform.low <= uniform.high && std::isfinite(uniform.high - uniform.low)))
      throw ConfigError({std::string(what_.path), "the range of Uniform",
                         fmt::format("{} to {}", uniform.low, uniform.high), "two finite numbers, low <= high", ""});
    draw([&](std::size_t, double u) { return uniform.low + u * (uniform.high - uniform.low); });
  }
  void operator()(const Normal& normal) const {
    require_deviation(normal.mean, normal.stddev);
    for (std::size_t k = 0; k < out_.size(); ++k) out_[k] = normal.mean + normal.stddev * number(k);
  }
  void operator()(const TruncatedNormal& normal) const {
    require_deviation(normal.mean, normal.stddev);
    for (std::size_t k = 0; k < out_.size(); ++k) out_[k] = normal.mean + normal.stddev * truncated(k);
  }
  void operator()(const GlorotUniform& one) const {
    uniform([&](std::size_t k) { return 6 / both_fans(one.fan, k); });
  }
  void operator()(const GlorotNormal& one) const {
    normal([&](std::size_t k) { return 2 / both_fans(one.fan, k); });
  }
  void operator()(const HeUniform& one) const {
    uniform([&](std::size_t k) { return 6 / fans_of(one.fan, k).in; });
  }
  void operator()(const HeNormal& one) const {
    normal([&](std::size_t k) { return 2 / fans_of(one.fan, k).in; });
  }
  void operator()(const LecunUniform& one) const {
    uniform([&](std::size_t k) { return 3 / fans_of(one.fan, k).in; });
  }
  void operator()(const LecunNormal& one) const {
    normal([&](std::size_t k) { return 1 / fans_of(one.fan, k).in; });
  }
  void operator()(const Orthogonal& orthogonal) const {
    const Shape& shape = what_.shape;
    if (shape.rank() < 2)
      throw ConfigError({std::string(what_.path), "the shape of an orthogonal weight", to_string(shape),
                         "two axes or more", "Choose another initialiser."});
    if (!std::isfinite(orthogonal.gain))
      throw ConfigError({std::string(what_.path), "the gain of Orthogonal", fmt::format("{}", orthogonal.gain),
                         "a finite number", ""});
    const std::int64_t rows = shape.product(0, shape.rank() - 1).factor(), columns = shape.back().factor();
    const std::vector<double> matrix = orthonormal(rows, columns, what_.seed, what_.path);
    for (std::size_t k = 0; k < out_.size(); ++k) out_[k] = orthogonal.gain * matrix[place(k, columns)];
  }
  void operator()(const Given& given) const {
    if (given.values.size() != out_.size())
      throw ConfigError({std::string(what_.path), "the number of values given", fmt::format("{}", given.values.size()),
                         fmt::format("{}, one for each weight", out_.size()), ""});
    std::copy(given.values.begin(), given.values.end(), out_.begin());
  }

 private:
  void fill(double value) const { std::fill(out_.begin(), out_.end(), value); }

  template <class Number>
  void draw(Number number) const {
    const PhiloxKey key = philox_key(what_.seed);
    const std::uint64_t stream = hash_of(what_.path);
    for (std::size_t k = 0; k < out_.size(); ++k) {
      const auto words = philox(key, philox_counter(k / 2, stream));
      out_[k] = number(k, uniform_f64(words[k % 2 * 2], words[k % 2 * 2 + 1]));
    }
  }

  template <class Limit>
  void uniform(Limit squared_limit) const {
    draw([&](std::size_t k, double u) { return (2 * u - 1) * std::sqrt(squared_limit(k)); });
  }
  template <class Variance>
  void normal(Variance variance) const {
    for (std::size_t k = 0; k < out_.size(); ++k)
      out_[k] = truncated(k) * (std::sqrt(variance(k)) / truncated_deviation);
  }

  // Number k of a standard normal stream; `attempt` counts what was drawn for k and thrown away.
  double number(std::size_t k, std::uint64_t attempt = 0) const {
    return normal_f64(philox(philox_key(what_.seed), philox_counter(k + (attempt << 48U), hash_of(what_.path))));
  }
  double truncated(std::size_t k) const {
    for (std::uint64_t attempt = 0;; ++attempt)
      if (const double z = number(k, attempt); std::abs(z) <= 2) return z;
  }
  void require_deviation(double mean, double stddev) const {
    if (!(std::isfinite(mean) && std::isfinite(stddev) && stddev >= 0))
      throw ConfigError({std::string(what_.path), "mean and stddev of a normal distribution",
                         fmt::format("{} and {}", mean, stddev), "finite numbers, stddev >= 0", ""});
  }

  // Where existing weight k stands in the whole array.
  std::size_t place(std::size_t k, std::int64_t columns) const {
    if (what_.pattern == nullptr) return k;
    return static_cast<std::size_t>(what_.pattern->sources()[k] * columns + what_.pattern->targets()[k]);
  }

  double both_fans(Fan fan, std::size_t k) const {
    const Fans fans = fans_of(fan, k);
    return fans.in + fans.out;
  }
  Fans fans_of(Fan fan, std::size_t k) const {
    return what_.pattern && fan == Fan::existing ? existing_fans(*what_.pattern, k) : full_fans(what_.shape);
  }

  const InitialValues& what_;
  std::span<double> out_;
};

constexpr const char* name_of(Fan fan) { return fan == Fan::existing ? "existing" : "full"; }

// The name of each, in the order of the variant.
constexpr std::array<const char*, std::variant_size_v<AnyInitialiser>> names{
    "zeros",         "ones",       "constant",  "uniform",       "normal",       "truncated_normal", "glorot_uniform",
    "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal",       "given"};

struct Configuration {
  Json config;

  void operator()(const Zeros&) {}
  void operator()(const Ones&) {}
  void operator()(const ConstantValue& constant) { config["value"] = constant.value; }
  void operator()(const Uniform& uniform) {
    config["low"] = uniform.low;
    config["high"] = uniform.high;
  }
  void operator()(const Orthogonal& orthogonal) { config["gain"] = orthogonal.gain; }
  void operator()(const Given& given) { config["values"] = given.values; }
  template <class Other>
  void operator()(const Other& other) {
    if constexpr (requires { other.stddev; }) {
      config["mean"] = other.mean;
      config["stddev"] = other.stddev;
    } else {
      config["fan"] = name_of(other.fan);
    }
  }
};

// Initialiser number `kind` of the variant, with its defaults.
template <std::size_t... I>
Initialiser with_defaults(std::size_t kind, std::index_sequence<I...>) {
  Initialiser made;
  ((kind == I ? void(made = std::variant_alternative_t<I, AnyInitialiser>{}) : void()), ...);
  return made;
}
Initialiser with_defaults(std::size_t kind) {
  return with_defaults(kind, std::make_index_sequence<std::variant_size_v<AnyInitialiser>>{});
}

// Reads the options of an initialiser from an object that has no others.
struct Options {
  const Json& config;
  const std::string& source;

  JsonObject only(std::vector<std::string> keys) const {
    keys.emplace_back("type");
    return JsonObject(config, source, std::move(keys));
  }
  void operator()(Zeros&) const { only({}); }
  void operator()(Ones&) const { only({}); }
  void operator()(ConstantValue& constant) const { constant.value = only({"value"}).number("value"); }
  void operator()(Uniform& uniform) const {
    const JsonObject object = only({"low", "high"});
    uniform = {object.number("low"), object.number("high")};
  }
  void operator()(Orthogonal& orthogonal) const { orthogonal.gain = only({"gain"}).number("gain", {}, 1.0); }
  void operator()(Given& given) const { given.values = only({"values"}).numbers("values"); }
  template <class Other>
  void operator()(Other& other) const {
    if constexpr (requires { other.stddev; }) {
      const JsonObject object = only({"mean", "stddev"});
      other = {object.number("mean", {}, 0.0), object.number("stddev", {.at_least = 0}, other.stddev)};
    } else {
      const std::string fan = only({"fan"}).choice("fan", {"existing", "full"}, "existing");
      other.fan = fan == "full" ? Fan::full : Fan::existing;
    }
  }
};

}  // namespace

std::vector<double> first_values(const Initialiser& initialiser, const InitialValues& what) {
  const std::int64_t count = what.pattern ? what.pattern->count() : what.shape.elements(Extents{});
  std::vector<double> values(static_cast<std::size_t>(count));
  std::visit(Filling(what, values), static_cast<const AnyInitialiser&>(initialiser));
  return values;
}

Initialiser::Initialiser(std::string_view name) {
  // A constant and given numbers have options without a default.
  std::vector<std::string> known;
  for (std::size_t kind = 0; kind < names.size(); ++kind) {
    const std::string_view one = names[kind];
    if (one == "constant" || one == "given") continue;
    if (one == name) {
      *this = with_defaults(kind);
      return;
    }
    known.emplace_back(one);
  }
  throw ConfigError({"initialiser", "name", quote(name), "a known initialiser", suggest(name, known)});
}

Json to_config(const Initialiser& initialiser) {
  Configuration written{{{"type", names[initialiser.index()]}}};
  std::visit(written, static_cast<const AnyInitialiser&>(initialiser));
  return written.config;
}

Initialiser initialiser_from(const Json& config, std::string_view source_name) {
  const std::string source(source_name);
  const JsonObject any(config, source, {"type", "value", "low", "high", "mean", "stddev", "gain", "fan", "values"});
  const std::string type = any.choice("type", {names.begin(), names.end()});
  Initialiser read =
      with_defaults(static_cast<std::size_t>(std::find(names.begin(), names.end(), type) - names.begin()));
  std::visit(Options{config, source}, static_cast<AnyInitialiser&>(read));
  return read;
}

}  // namespace elegans::nn
