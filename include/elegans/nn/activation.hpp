#pragma once
// Functions that stand between layers: by name, by enum, or one's own. Equations and slopes at kinks stand in
// nn/activation_functions.hpp where they are not below.
//
//     linear        x                                  softplus         max(x, 0) + ln(1 + e^−|x|)
//     relu          max(x, 0), slope 0 at 0            exponential      e^x
//     sigmoid       σ(x) = 1 / (1 + e^−x)              tanh             tanh x
//     lecun_tanh        1.7159 tanh(2x/3)              LeCun et al., "Efficient BackProp", 1998
//     lecun_tanh_ncps   1.7159 tanh(0.666 x)           the constant of ncps' CfC cell
//
//     relu6, leaky_relu (negative_slope 0.2), elu (alpha 1), selu, gelu, gelu_tanh, silu, mish, softsign, hard_sigmoid,
//     hard_tanh, softmax and log_softmax (over the last axis)
//
// "swish" is another name of silu. Defaults are those of Keras 3; ActivationLayer (nn/activation_layer.hpp) takes
// negative_slope, alpha and axis as options.
//
// Two constants are in use for the last one, and both are meant: a layer's "lecun_tanh" has 2/3. A cell of ncps means
// 0.666 by the same word, and reads its option through as_in_ncps().
//
//     Activation a = "relu";                                                  a name
//     Activation b = Activation::relu;                                        an enumerator
//     Activation c = [](Value x) { return x * sigmoid(1.702 * x); };          a function that writes graph
//     Activation d = Activation::Own{.function = …, .gradient = …};           with a gradient of its own
//
// A function of one's own trains like any other. To be saved it needs a name: register_activation() it at the start of
// every program that loads the model, and pass the name.

#include <concepts>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "elegans/graph/functions.hpp"

namespace elegans::nn {

using graph::Value;
using Json = nlohmann::json;

class Activation {
 public:
  enum Name {
    linear,
    relu,
    relu6,
    leaky_relu,
    elu,
    selu,
    gelu,
    gelu_tanh,
    silu,
    mish,
    softplus,
    softsign,
    sigmoid,
    hard_sigmoid,
    tanh,
    hard_tanh,
    lecun_tanh,
    lecun_tanh_ncps,
    exponential,
    softmax,
    log_softmax
  };

  using Function = std::function<Value(Value x)>;
  // The gradient with respect to x, of x, y = f(x) and the gradient g with respect to y.
  using Gradient = std::function<Value(Value x, Value y, Value g)>;
  struct Own {
    Function function;
    Gradient gradient = {};  // empty: found through the function's parts
  };

  Activation(Name name = linear);  // NOLINT: an enumerator is an activation
  // ConfigError with the nearest names for an unknown one.
  Activation(std::string_view name);                                           // NOLINT: so is a name
  Activation(const char* name) : Activation(std::string_view(name)) {}         // NOLINT
  Activation(const std::string& name) : Activation(std::string_view(name)) {}  // NOLINT
  Activation(Own own);                                                         // NOLINT: so is a function
  template <class F>
  requires(!std::same_as<F, Activation> && std::invocable<F, Value>) Activation(F function)
      : Activation(Own{Function(std::move(function))}) {}  // NOLINT

  // Writes f(x), of the shape of x (ShapeError where a function of one's own gives another).
  Value operator()(Value x) const;

  // Empty for a function of one's own that was not made from a registered name.
  const std::string& name() const { return name_; }
  bool is(Name name) const;

 private:
  std::string name_;
  Own own_;
};

// Makes `own` known as `name` in this program. ConfigError where the name is taken. Safe to call from any thread.
void register_activation(const std::string& name, Activation::Own own);

// What a cell of ncps means by an activation's name: "lecun_tanh" becomes lecun_tanh_ncps.
Activation as_in_ncps(const Activation& activation);

// The name, for a configuration; ConfigError, with `owner` in front, where there is none to save.
std::string to_config(const Activation& activation, std::string_view owner);

}  // namespace elegans::nn
