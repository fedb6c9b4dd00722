#pragma once
// First values of weights.
//
// Numbers are drawn from the counter-based Philox stream that is keyed by the model's seed and the weight's path: a
// weight starts alike whatever stands before it in the model. They are drawn in f64 and rounded: models in f32 and f64
// start alike.
//
//     Uniform           uniform(low, high)
//     Normal            normal(mean, stddev²)
//     TruncatedNormal   the same, what is more than 2 stddev from the mean drawn anew
//     GlorotUniform     uniform(±√(6 / (fan_in + fan_out)))      Glorot & Bengio 2010; PyTorch's xavier_uniform
//     GlorotNormal      truncated(√(2 / (fan_in + fan_out)))
//     HeUniform         uniform(±√(6 / fan_in))                  He et al. 2015; PyTorch's kaiming_uniform for relu
//     HeNormal          truncated(√(2 / fan_in))
//     LecunUniform      uniform(±√(3 / fan_in))                  LeCun et al. 1998
//     LecunNormal       truncated(√(1 / fan_in))
//     Orthogonal        gain · a random matrix with orthonormal rows, or columns where there are fewer of these; leading
//                       axes count as rows                       Saxe et al. 2014
//     Given             exactly these numbers, in stored order (of a pattern: one for each weight that exists)
//
// where truncated(s) is TruncatedNormal with the stddev s / 0.87962566103423978, so that what is left has the deviation
// s, as in Keras. Of a weight [inputs, outputs], fan_in is the number of inputs and fan_out that of outputs; leading
// axes of higher ranks multiply both. Of a weight with a pattern they are counted for each existing weight: how many
// weights its target and its source have. Fan::full counts all possible ones instead. Of an orthogonal matrix a pattern
// keeps the numbers that stand at its weights.
//
//     Dense a({.units = 16, .kernel_initialiser = HeNormal{}});
//     Dense b({.units = 16, .kernel_initialiser = "he_normal"});        Keras' names, with the options' defaults

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
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
struct Normal {
  double mean = 0;
  double stddev = 0.05;
  friend bool operator==(const Normal&, const Normal&) = default;
};
struct TruncatedNormal {
  double mean = 0;
  double stddev = 0.05;
  friend bool operator==(const TruncatedNormal&, const TruncatedNormal&) = default;
};
struct GlorotUniform {
  Fan fan = Fan::existing;
  friend bool operator==(const GlorotUniform&, const GlorotUniform&) = default;
};
struct GlorotNormal {
  Fan fan = Fan::existing;
  friend bool operator==(const GlorotNormal&, const GlorotNormal&) = default;
};
struct HeUniform {
  Fan fan = Fan::existing;
  friend bool operator==(const HeUniform&, const HeUniform&) = default;
};
struct HeNormal {
  Fan fan = Fan::existing;
  friend bool operator==(const HeNormal&, const HeNormal&) = default;
};
struct LecunUniform {
  Fan fan = Fan::existing;
  friend bool operator==(const LecunUniform&, const LecunUniform&) = default;
};
struct LecunNormal {
  Fan fan = Fan::existing;
  friend bool operator==(const LecunNormal&, const LecunNormal&) = default;
};
struct Orthogonal {
  double gain = 1;
  friend bool operator==(const Orthogonal&, const Orthogonal&) = default;
};
struct Given {
  std::vector<double> values;
  friend bool operator==(const Given&, const Given&) = default;
};

using AnyInitialiser = std::variant<Zeros, Ones, ConstantValue, Uniform, Normal, TruncatedNormal, GlorotUniform,
                                    GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal, Given>;

// Any of the above, also by name: "zeros", "ones", "uniform", "normal", "truncated_normal", "glorot_uniform",
// "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal".
struct Initialiser : AnyInitialiser {
  using AnyInitialiser::AnyInitialiser;
  // ConfigError with the nearest names for an unknown one.
  Initialiser(std::string_view name);                                            // NOLINT: a name is an initialiser
  Initialiser(const char* name) : Initialiser(std::string_view(name)) {}         // NOLINT
  Initialiser(const std::string& name) : Initialiser(std::string_view(name)) {}  // NOLINT
};

// What is to be filled.
struct InitialValues {
  std::uint64_t seed = 0;
  std::string_view path;                     // of the weight
  Shape shape;                               // of the whole weight
  const wiring::Pattern* pattern = nullptr;  // where there is one, only its weights are made
};

// The first values. ConfigError naming the path where Given has another number of values, an option is out of its range,
// or an orthogonal weight has fewer than two axes.
std::vector<double> first_values(const Initialiser& initialiser, const InitialValues& what);

// {"type": "glorot_uniform", "fan": "existing"}. FormatError, beginning with `source_name`, for anything else.
Json to_config(const Initialiser& initialiser);
Initialiser initialiser_from(const Json& config, std::string_view source_name);

}  // namespace elegans::nn
