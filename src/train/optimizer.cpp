#include "elegans/train/optimizer.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

void require(bool fits, const char* optimizer, const char* option, double actual, const char* required) {
  if (!fits) throw ConfigError({optimizer, option, fmt::format("{}", actual), required, ""});
}

void require_rate(const char* optimizer, double rate) {
  require(std::isfinite(rate) && rate >= 0, optimizer, "learning_rate", rate, "a finite number >= 0");
}

void require_fraction(const char* optimizer, const char* option, double value) {
  require(value >= 0 && value < 1, optimizer, option, value, "0 or more and less than 1");
}

}  // namespace

SGD::operator Optimizer() const {
  require_rate("SGD", learning_rate);
  require_fraction("SGD", "momentum", momentum);
  Optimizer optimizer{.name = "sgd", .learning_rate = learning_rate, .factors = {"rate"}};
  optimizer.set_factors = [](std::uint64_t, double rate, std::span<double> factors) { factors[0] = rate; };
  if (momentum == 0) {
    optimizer.write = [](const UpdateInputs& in) {
      return Update{.parameters = in.parameters - in.factors[0] * in.gradients};
    };
    return optimizer;
  }
  optimizer.moments = {"momentum"};
  optimizer.write = [momentum = momentum](const UpdateInputs& in) {
    const Value m = in.moments[0] * momentum + in.gradients;
    return Update{.parameters = in.parameters - in.factors[0] * m, .moments = {m}};
  };
  return optimizer;
}

Adam::operator Optimizer() const {
  require_rate("Adam", learning_rate);
  require_fraction("Adam", "beta_1", beta_1);
  require_fraction("Adam", "beta_2", beta_2);
  require(std::isfinite(epsilon) && epsilon > 0, "Adam", "epsilon", epsilon, "a finite number > 0");
  const auto [rate0, b1, b2, eps] = *this;
  return {.name = "adam",
          .learning_rate = rate0,
          .moments = {"m", "v"},
          .factors = {"rate", "correction"},
          .set_factors =
              [b1 = b1, b2 = b2](std::uint64_t step, double rate, std::span<double> factors) {
                const auto t = static_cast<double>(step);
                factors[0] = rate / (1 - std::pow(b1, t));
                factors[1] = 1 / std::sqrt(1 - std::pow(b2, t));
              },
          .write =
              [b1 = b1, b2 = b2, eps = eps](const UpdateInputs& in) {
                const Value& g = in.gradients;
                const Value m = in.moments[0] * b1 + g * (1 - b1);
                const Value v = in.moments[1] * b2 + square(g) * (1 - b2);
                const Value step = in.factors[0] * m / (sqrt(v) * in.factors[1] + eps);
                return Update{.parameters = in.parameters - step, .moments = {m, v}};
              }};
}

Optimizer optimizer_named(std::string_view name, double learning_rate) {
  if (name == "sgd") return SGD{.learning_rate = learning_rate};
  if (name == "adam") return Adam{.learning_rate = learning_rate};
  const std::array<std::string, 2> known{"sgd", "adam"};
  throw ConfigError({"optimizer", "name", quote(name), "a known optimizer", suggest(name, known)});
}

}  // namespace elegans::train
