#pragma once
// First values of weights.
//
// Numbers are drawn from the counter-based Philox stream that is keyed by the model's seed and the weight's path: a
// weight starts alike whatever stands before it in the model. They are drawn in f64 and rounded: models in f32 and f64
// start alike.
//
//     Uniform         uniform(low, high)
//     GlorotUniform   uniform(±√(6 / (fan_in + fan_out)))      Glorot & Bengio 2010; PyTorch's xavier_uniform
//     LecunUniform    uniform(±√(3 / fan_in))                  LeCun et al. 1998
//     Given           exactly these numbers, in stored order (of a pattern: one for each weight that exists)
//
// Of a weight [inputs, outputs], fan_in is the number of inputs and fan_out that of outputs; leading axes of higher
// ranks multiply both. Of a weight with a pattern they are counted for each existing weight: how many weights its
// target and its source have. Fan::full counts all possible ones instead.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "elegans/tensor/shape.hpp"
#include "elegans/wiring/pattern.hpp"

namespace elegans::nn {

using Json = nlohmann::json;

enum class Fan { existing, full };

struct Zeros {
  friend bool operator==(const Zeros&, const Zeros&) = default;
};
struct Ones {
  friend bool operator==(const Ones&, const Ones&) = default;
};
struct ConstantValue {
  double value = 0;
  friend bool operator==(const ConstantValue&, const ConstantValue&) = default;
};
struct Uniform {
  double low = -0.05;
  double high = 0.05;
  friend bool operator==(const Uniform&, const Uniform&) = default;
};
struct GlorotUniform {
  Fan fan = Fan::existing;
  friend bool operator==(const GlorotUniform&, const GlorotUniform&) = default;
};
struct LecunUniform {
  Fan fan = Fan::existing;
  friend bool operator==(const LecunUniform&, const LecunUniform&) = default;
};
struct Given {
  std::vector<double> values;
  friend bool operator==(const Given&, const Given&) = default;
};

using Initialiser = std::variant<Zeros, Ones, ConstantValue, Uniform, GlorotUniform, LecunUniform, Given>;

// What is to be filled.
struct InitialValues {
  std::uint64_t seed = 0;
  std::string_view path;                     // of the weight
  Shape shape;                               // of the whole weight
  const wiring::Pattern* pattern = nullptr;  // where there is one, only its weights are made
};

// The first values. ConfigError naming the path where Given has another number of values, or a range is none.
std::vector<double> first_values(const Initialiser& initialiser, const InitialValues& what);

// {"type": "glorot_uniform", "fan": "existing"}. FormatError, beginning with `source_name`, for anything else.
Json to_config(const Initialiser& initialiser);
Initialiser initialiser_from(const Json& config, std::string_view source_name);

}  // namespace elegans::nn
