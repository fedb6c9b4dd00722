// Losses by name, with options as text or as an object.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/losses.hpp"

namespace elegans::nn {
namespace {

using nlohmann::json;

Reduction reduction_of(const JsonObject& options) {
  const std::string name = options.choice("reduction", {"none", "sum", "mean"}, "mean");
  return name == "none" ? Reduction::none : name == "sum" ? Reduction::sum : Reduction::mean;
}

template <Loss (*make)(LossOptions)>
Loss plain(const JsonObject& options) {
  return make({.reduction = reduction_of(options)});
}

template <Loss (*make)(EpsilonOptions)>
Loss with_epsilon(const JsonObject& options) {
  return make({.epsilon = options.number("epsilon", {}, EpsilonOptions{}.epsilon), .reduction = reduction_of(options)});
}

template <Loss (*make)(CrossentropyOptions)>
Loss crossentropy(const JsonObject& options) {
  const std::string predictions = options.choice("predictions", {"logits", "probabilities"}, "logits");
  CrossentropyOptions made{.label_smoothing = options.number("label_smoothing", {}, 0),
                           .predictions = predictions == "logits" ? Predictions::logits : Predictions::probabilities,
                           .epsilon = options.number("epsilon", {}, CrossentropyOptions{}.epsilon),
                           .reduction = reduction_of(options)};
  if (options.has("class_weight")) made.class_weight = options.numbers("class_weight");
  if (options.has("ignore_index"))
    made.ignore_index = static_cast<std::int32_t>(options.integer(
        "ignore_index",
        {.at_least = std::numeric_limits<std::int32_t>::min(), .at_most = std::numeric_limits<std::int32_t>::max()}));
  return make(std::move(made));
}

Loss huber_of(const JsonObject& options) {
  return huber({.delta = options.number("delta", {}, HuberOptions{}.delta), .reduction = reduction_of(options)});
}

Loss gaussian_of(const JsonObject& options) {
  return gaussian_negative_log_likelihood(
      {.epsilon = options.number("epsilon", {}, GaussianOptions{}.epsilon), .reduction = reduction_of(options)});
}

Loss quantile_of(const JsonObject& options) {
  QuantileOptions made{.reduction = reduction_of(options)};
  if (options.has("quantiles")) made.quantiles = options.numbers("quantiles");
  return quantile(std::move(made));
}

struct Row {
  const char* name;
  const char* short_name;  // or null
  std::vector<std::string> options;
  Loss (*make)(const JsonObject& options);
};

const std::vector<Row>& rows() {
  static const std::vector<std::string> of_classes{"label_smoothing", "predictions",  "epsilon",
                                                   "reduction",       "class_weight", "ignore_index"};
  static const std::vector<Row> all{
      {"mean_squared_error", "mse", {"reduction"}, plain<mean_squared_error>},
      {"mean_absolute_error", "mae", {"reduction"}, plain<mean_absolute_error>},
      {"huber", nullptr, {"delta", "reduction"}, huber_of},
      {"log_cosh", nullptr, {"reduction"}, plain<log_cosh>},
      {"quantile", "pinball", {"quantiles", "reduction"}, quantile_of},
      {"poisson", nullptr, {"epsilon", "reduction"}, with_epsilon<poisson>},
      {"gaussian_negative_log_likelihood", "gaussian_nll", {"epsilon", "reduction"}, gaussian_of},
      {"cosine_similarity", nullptr, {"epsilon", "reduction"}, with_epsilon<cosine_similarity>},
      {"hinge", nullptr, {"reduction"}, plain<hinge>},
      {"squared_hinge", nullptr, {"reduction"}, plain<squared_hinge>},
      {"kl_divergence", "kld", {"epsilon", "reduction"}, with_epsilon<kl_divergence>},
      {"binary_crossentropy", "bce", of_classes, crossentropy<binary_crossentropy>},
      {"categorical_crossentropy", nullptr, of_classes, crossentropy<categorical_crossentropy>},
      {"sparse_categorical_crossentropy", nullptr, of_classes, crossentropy<sparse_categorical_crossentropy>},
  };
  return all;
}

const Row& row_of(std::string_view name) {
  for (const Row& row : rows())
    if (name == row.name || (row.short_name && name == row.short_name)) return row;
  throw ConfigError({"loss", "name", quote(name), "a known loss", suggest(name, known_losses())});
}

// The number that `text` is, or the text.
json value_of(std::string_view text) {
  const char *first = text.data(), *last = first + text.size();
  std::int64_t integer = 0;
  if (const auto read = std::from_chars(first, last, integer); read.ec == std::errc() && read.ptr == last)
    return integer;
  double number = 0;
  if (const auto read = std::from_chars(first, last, number); read.ec == std::errc() && read.ptr == last) return number;
  return text;
}

}  // namespace

std::vector<std::string> known_losses() {
  std::vector<std::string> names;
  for (const Row& row : rows()) {
    names.emplace_back(row.name);
    if (row.short_name) names.emplace_back(row.short_name);
  }
  return names;
}

Loss loss_named(std::string_view name, const json& options) {
  const Row& row = row_of(name);
  try {
    return row.make(JsonObject(options, "loss " + quote(name), row.options));
  } catch (const FormatError& error) {
    throw ConfigError(error.what());
  }
}

Loss loss_named(std::string_view text) {
  const std::size_t colon = text.find(':');
  const Row& row = row_of(text.substr(0, colon));
  const auto refuse = [&](std::string_view item, const char* what, const char* required) {
    throw ConfigError({"loss " + quote(text), quote(item), what, required,
                       fmt::format("Options of {} are {}.", row.name, fmt::join(row.options, ", "))});
  };
  const bool takes_list = std::find(row.options.begin(), row.options.end(), "quantiles") != row.options.end();
  json options = json::object();
  std::string_view rest = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t equals = item.find('=');
    if (equals == item.npos && !takes_list) refuse(item, "without a name", "name=value");
    const std::string key(equals == item.npos ? "quantiles" : item.substr(0, equals));
    const json value = value_of(equals == item.npos ? item : item.substr(equals + 1));
    if (key == "quantiles")
      options[key].push_back(value);
    else if (!options.emplace(key, value).second)
      refuse(item, "given twice", "each option once");
  }
  return loss_named(row.name, options);
}

}  // namespace elegans::nn
