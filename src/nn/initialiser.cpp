#include "elegans/nn/initialiser.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/philox.hpp"
#include "nn/path_hash.hpp"

namespace elegans::nn {
namespace {

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
  void operator()(const GlorotUniform& glorot) const {
    draw([&](std::size_t k, double u) {
      const Fans fans = fans_of(glorot.fan, k);
      return (2 * u - 1) * std::sqrt(6 / (fans.in + fans.out));
    });
  }
  void operator()(const LecunUniform& lecun) const {
    draw([&](std::size_t k, double u) { return (2 * u - 1) * std::sqrt(3 / fans_of(lecun.fan, k).in); });
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

  Fans fans_of(Fan fan, std::size_t k) const {
    return what_.pattern && fan == Fan::existing ? existing_fans(*what_.pattern, k) : full_fans(what_.shape);
  }

  const InitialValues& what_;
  std::span<double> out_;
};

constexpr const char* name_of(Fan fan) { return fan == Fan::existing ? "existing" : "full"; }

struct Configuration {
  Json operator()(const Zeros&) const { return {{"type", "zeros"}}; }
  Json operator()(const Ones&) const { return {{"type", "ones"}}; }
  Json operator()(const ConstantValue& constant) const { return {{"type", "constant"}, {"value", constant.value}}; }
  Json operator()(const Uniform& uniform) const {
    return {{"type", "uniform"}, {"low", uniform.low}, {"high", uniform.high}};
  }
  Json operator()(const GlorotUniform& glorot) const {
    return {{"type", "glorot_uniform"}, {"fan", name_of(glorot.fan)}};
  }
  Json operator()(const LecunUniform& lecun) const { return {{"type", "lecun_uniform"}, {"fan", name_of(lecun.fan)}}; }
  Json operator()(const Given& given) const { return {{"type", "given"}, {"values", given.values}}; }
};

}  // namespace

std::vector<double> first_values(const Initialiser& initialiser, const InitialValues& what) {
  const std::int64_t count = what.pattern ? what.pattern->count() : what.shape.elements(Extents{});
  std::vector<double> values(static_cast<std::size_t>(count));
  std::visit(Filling(what, values), initialiser);
  return values;
}

Json to_config(const Initialiser& initialiser) { return std::visit(Configuration{}, initialiser); }

Initialiser initialiser_from(const Json& config, std::string_view source_name) {
  const std::string source(source_name);
  const JsonObject any(config, source, {"type", "value", "low", "high", "fan", "values"});
  const std::string type =
      any.choice("type", {"zeros", "ones", "constant", "uniform", "glorot_uniform", "lecun_uniform", "given"});
  const auto only = [&](std::vector<std::string> keys) {
    keys.emplace_back("type");
    return JsonObject(config, source, std::move(keys));
  };
  const auto fan = [&] {
    return only({"fan"}).choice("fan", {"existing", "full"}, "existing") == "full" ? Fan::full : Fan::existing;
  };
  if (type == "constant") return ConstantValue{only({"value"}).number("value")};
  if (type == "uniform") {
    const JsonObject object = only({"low", "high"});
    return Uniform{object.number("low"), object.number("high")};
  }
  if (type == "glorot_uniform") return GlorotUniform{fan()};
  if (type == "lecun_uniform") return LecunUniform{fan()};
  if (type == "given") return Given{only({"values"}).numbers("values")};
  only({});
  return type == "ones" ? Initialiser(Ones{}) : Initialiser(Zeros{});
}

}  // namespace elegans::nn
