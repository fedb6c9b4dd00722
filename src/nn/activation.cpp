#include "elegans/nn/activation.hpp"

#include <fmt/format.h>
#include <array>

#include "elegans/nn/activation_functions.hpp"
#include "nn/named.hpp"

namespace elegans::nn {
namespace {

// Of LeCun's tanh: f(1) = 1 for the slope 2/3.
constexpr double lecun_scale = 1.7159;

Value write_lecun_tanh(Value x, double slope) { return tanh(x * slope) * lecun_scale; }

struct BuiltIn {
  Activation::Name kind;
  const char* name;
  Value (*function)(Value x);
};

constexpr double default_negative_slope = 0.2;
constexpr double default_alpha = 1;

const std::array built_in{
    BuiltIn{Activation::linear, "linear", [](Value x) { return x; }},
    BuiltIn{Activation::relu, "relu", [](Value x) { return graph::relu(x); }},
    BuiltIn{Activation::relu6, "relu6", relu6},
    BuiltIn{Activation::leaky_relu, "leaky_relu", [](Value x) { return leaky_relu(x, default_negative_slope); }},
    BuiltIn{Activation::elu, "elu", [](Value x) { return elu(x, default_alpha); }},
    BuiltIn{Activation::selu, "selu", selu},
    BuiltIn{Activation::gelu, "gelu", gelu},
    BuiltIn{Activation::gelu_tanh, "gelu_tanh", gelu_tanh},
    BuiltIn{Activation::silu, "silu", silu},
    BuiltIn{Activation::mish, "mish", mish},
    BuiltIn{Activation::softplus, "softplus", [](Value x) { return graph::softplus(x); }},
    BuiltIn{Activation::softsign, "softsign", softsign},
    BuiltIn{Activation::sigmoid, "sigmoid", [](Value x) { return graph::sigmoid(x); }},
    BuiltIn{Activation::hard_sigmoid, "hard_sigmoid", hard_sigmoid},
    BuiltIn{Activation::tanh, "tanh", [](Value x) { return graph::tanh(x); }},
    BuiltIn{Activation::hard_tanh, "hard_tanh", hard_tanh},
    BuiltIn{Activation::lecun_tanh, "lecun_tanh", [](Value x) { return write_lecun_tanh(x, 2.0 / 3.0); }},
    BuiltIn{Activation::lecun_tanh_ncps, "lecun_tanh_ncps", [](Value x) { return write_lecun_tanh(x, 0.666); }},
    BuiltIn{Activation::exponential, "exponential", [](Value x) { return exp(x); }},
    BuiltIn{Activation::softmax, "softmax", [](Value x) { return softmax(x, -1); }},
    BuiltIn{Activation::log_softmax, "log_softmax", [](Value x) { return log_softmax(x, -1); }},
};

// By name: the name under which it is saved, and the function.
using Entry = std::pair<std::string, Activation::Own>;

Named<Entry>& known() {
  static Named<Entry> all("activation", [] {
    std::map<std::string, Entry, std::less<>> entries;
    for (const BuiltIn& one : built_in) entries[one.name] = {one.name, {one.function}};
    entries["swish"] = entries["silu"];
    return entries;
  }());
  return all;
}

const char* name_of(Activation::Name kind) {
  for (const BuiltIn& one : built_in)
    if (one.kind == kind) return one.name;
  throw InternalError("an activation is missing in its table");
}

}  // namespace

Activation::Activation(Name name) : Activation(std::string_view(name_of(name))) {}

Activation::Activation(std::string_view name) { std::tie(name_, own_) = known().at(name, "activation"); }

Activation::Activation(Own own) : own_(std::move(own)) {
  if (!own_.function)
    throw ConfigError(
        {"activation", "function", "empty", "a function that writes graph", "For none, pass Activation::linear."});
}

Value Activation::operator()(Value x) const {
  const Shape shape = x.shape();
  const Value y = own_.function(x);
  if (!(y.shape() == shape))
    throw ShapeError({name_.empty() ? "activation" : name_, "the result", to_string(y.shape()),
                      to_string(shape) + ", as its argument is", ""});
  return own_.gradient ? with_gradient(y, x, own_.gradient) : y;
}

bool Activation::is(Name name) const { return name_ == name_of(name); }

void register_activation(const std::string& name, Activation::Own own) {
  const Activation checked(own);
  known().add(name, {name, std::move(own)});
}

Activation as_in_ncps(const Activation& activation) {
  return activation.is(Activation::lecun_tanh) ? Activation(Activation::lecun_tanh_ncps) : activation;
}

std::string to_config(const Activation& activation, std::string_view owner) {
  if (activation.name().empty())
    throw ConfigError({std::string(owner), "activation", "a function without a name", "one that can be saved",
                       "Make it known by register_activation(\"name\", function) at the start of the program, and pass "
                       "the name."});
  return activation.name();
}

}  // namespace elegans::nn
