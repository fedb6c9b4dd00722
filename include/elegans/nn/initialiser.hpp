#pragma once
// First values of weights.
//
// Numbers are drawn from the counter-based Philox stream keyed by the model's seed and the weight's path, so a weight starts
// alike whatever stands before it in the model. fan_in and fan_out count existing synapses where a weight has a pattern (the
// average per target and per source), or all possible ones with Fan::full.
//
//     GlorotUniform   uniform(±√(6 / (fan_in + fan_out)))      Glorot & Bengio 2010; PyTorch's xavier_uniform
//     LecunUniform    uniform(±√(3 / fan_in))
//     Uniform         uniform(low, high)
//     Given           exactly these numbers, in stored order

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace elegans::nn {

enum class Fan { existing, full };

struct Zeros {};
struct Ones {};
struct ConstantValue {
  double value = 0;
};
struct Uniform {
  double low = -0.05;
  double high = 0.05;
};
struct GlorotUniform {
  Fan fan = Fan::existing;
};
struct LecunUniform {
  Fan fan = Fan::existing;
};
struct Given {
  std::vector<double> values;
};

using Initialiser = std::variant<Zeros, Ones, ConstantValue, Uniform, GlorotUniform, LecunUniform, Given>;

// How many numbers feed and leave one neuron, for the initialisers that scale by it.
struct Fans {
  double existing_in = 1;
  double existing_out = 1;
  double full_in = 1;
  double full_out = 1;
};

// Fills `out`. ConfigError where Given has another number of values.
void initialise(const Initialiser& initialiser, const Fans& fans, std::uint64_t seed, std::string_view path, std::span<double> out);

}  // namespace elegans::nn
