#include "elegans/train/optimizer.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/optimizers.hpp"
#include "train/optimizer_options.hpp"

namespace elegans::train {
namespace {

void require(bool fits, const char* optimizer, const char* option, double actual, const char* required) {
  if (!fits) throw ConfigError({optimizer, option, fmt::format("{}", actual), required, ""});
}

constexpr std::array<std::string_view, 8> names{"sgd",   "adam",    "adamw",   "amsgrad",
                                                "nadam", "rmsprop", "adagrad", "lion"};

}  // namespace

void require_at_least_0(const char* optimizer, const char* option, double value) {
  require(std::isfinite(value) && value >= 0, optimizer, option, value, "a finite number >= 0");
}
void require_above_0(const char* optimizer, const char* option, double value) {
  require(std::isfinite(value) && value > 0, optimizer, option, value, "a finite number > 0");
}
void require_fraction(const char* optimizer, const char* option, double value) {
  require(value >= 0 && value < 1, optimizer, option, value, "0 or more and less than 1");
}

Optimizer optimizer_with(const CommonOptions& options) {
  require_at_least_0(options.type, "learning_rate", options.learning_rate);
  require_at_least_0(options.type, "weight_decay", options.weight_decay);
  return {.name = options.name,
          .learning_rate = options.learning_rate,
          .weight_decay = options.weight_decay,
          .decay = options.decay};
}

std::string to_string(const Optimizer& optimizer) {
  std::string text = optimizer.name;
  if (!optimizer.settings.empty()) text += fmt::format(" ({})", optimizer.settings);
  if (optimizer.weight_decay > 0)
    text += fmt::format(", weight_decay {}{}", optimizer.weight_decay,
                        optimizer.decay == WeightDecay::decoupled ? " decoupled" : "");
  return text;
}

Optimizer optimizer_named(std::string_view name, double learning_rate) {
  if (name == "sgd") return SGD{.learning_rate = learning_rate};
  if (name == "adam") return Adam{.learning_rate = learning_rate};
  if (name == "adamw") return AdamW{.learning_rate = learning_rate};
  if (name == "amsgrad") return AMSGrad{.learning_rate = learning_rate};
  if (name == "nadam") return Nadam{.learning_rate = learning_rate};
  if (name == "rmsprop") return RMSprop{.learning_rate = learning_rate};
  if (name == "adagrad") return Adagrad{.learning_rate = learning_rate};
  if (name == "lion") return Lion{.learning_rate = learning_rate};
  const std::vector<std::string> known(names.begin(), names.end());
  throw ConfigError({"optimizer", "name", quote(name), "a known optimizer", suggest(name, known)});
}

std::span<const std::string_view> optimizer_names() { return names; }

}  // namespace elegans::train
