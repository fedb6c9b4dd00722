#include "golden_optimizers.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/json.hpp"
#include "elegans/train/trainer.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;
using namespace elegans::train;

// Options of one optimizer: each must be there, and no other. What all have is read here.
class Options {
 public:
  Options(const json& config, std::vector<std::string> own) : config_(config, "config", known(std::move(own))) {}

  double number(const char* key) const { return config_.number(key); }
  bool boolean(const char* key) const { return config_.boolean(key); }
  double rate() const { return number("learning_rate"); }
  double weight_decay() const { return number("weight_decay"); }
  bool decoupled() const { return boolean("decoupled_weight_decay"); }

 private:
  static std::vector<std::string> known(std::vector<std::string> own) {
    own.insert(own.end(), {"learning_rate", "weight_decay", "decoupled_weight_decay", "clipping", "schedule"});
    return own;
  }
  JsonObject config_;
};

// Adam, AMSGrad: the same options.
template <class Kind>
Optimizer adam_like(const json& config) {
  const Options o(config, {"beta_1", "beta_2", "epsilon"});
  return Kind{.learning_rate = o.rate(),
              .beta_1 = o.number("beta_1"),
              .beta_2 = o.number("beta_2"),
              .epsilon = o.number("epsilon"),
              .weight_decay = o.weight_decay(),
              .decoupled_weight_decay = o.decoupled()};
}

Optimizer adamw(const json& config) {
  const Options o(config, {"beta_1", "beta_2", "epsilon"});
  return AdamW{o.rate(), o.number("beta_1"), o.number("beta_2"), o.number("epsilon"), o.weight_decay()};
}

Optimizer nadam(const json& config) {
  const Options o(config, {"beta_1", "beta_2", "epsilon", "momentum_decay"});
  return Nadam{.learning_rate = o.rate(),
               .beta_1 = o.number("beta_1"),
               .beta_2 = o.number("beta_2"),
               .epsilon = o.number("epsilon"),
               .momentum_decay = o.number("momentum_decay"),
               .weight_decay = o.weight_decay(),
               .decoupled_weight_decay = o.decoupled()};
}

Optimizer sgd(const json& config) {
  const Options o(config, {"momentum", "nesterov"});
  return SGD{o.rate(), o.number("momentum"), o.boolean("nesterov"), o.weight_decay(), o.decoupled()};
}

Optimizer rmsprop(const json& config) {
  const Options o(config, {"rho", "epsilon", "momentum", "centered"});
  return RMSprop{.learning_rate = o.rate(),
                 .rho = o.number("rho"),
                 .epsilon = o.number("epsilon"),
                 .momentum = o.number("momentum"),
                 .centered = o.boolean("centered"),
                 .weight_decay = o.weight_decay(),
                 .decoupled_weight_decay = o.decoupled()};
}

Optimizer adagrad(const json& config) {
  const Options o(config, {"epsilon", "initial_accumulator_value"});
  return Adagrad{o.rate(), o.number("epsilon"), o.number("initial_accumulator_value"), o.weight_decay(), o.decoupled()};
}

Optimizer lion(const json& config) {
  const Options o(config, {"beta_1", "beta_2"});
  return Lion{o.rate(), o.number("beta_1"), o.number("beta_2"), o.weight_decay()};
}

Optimizer optimizer_of(const json& golden) {
  const auto name = golden.at("optimizer").get<std::string>();
  const json& config = golden.at("config");
  if (name == "sgd") return sgd(config);
  if (name == "adam") return adam_like<Adam>(config);
  if (name == "adamw") return adamw(config);
  if (name == "amsgrad") return adam_like<AMSGrad>(config);
  if (name == "nadam") return nadam(config);
  if (name == "rmsprop") return rmsprop(config);
  if (name == "adagrad") return adagrad(config);
  if (name == "lion") return lion(config);
  throw Missing(fmt::format("optimizer '{}'", name));
}

Schedule schedule_of(const json& config) {
  const auto type = config.at("type").get<std::string>();
  const auto reader = [&](std::vector<std::string> own) {
    own.insert(own.end(), {"type", "learning_rate"});
    return JsonObject(config, "schedule", own);
  };
  const auto length = [](const JsonObject& from, const char* key) {
    return static_cast<std::uint64_t>(from.integer(key, {.at_least = 0}));
  };
  if (type == "constant") {
    reader({});
    return {};
  }
  if (type == "step") {
    const JsonObject o = reader({"step_size", "gamma"});
    return StepDecay{length(o, "step_size"), o.number("gamma")};
  }
  if (type == "exponential") {
    const JsonObject o = reader({"decay_rate", "decay_steps"});
    return ExponentialDecay{o.number("decay_rate"), length(o, "decay_steps")};
  }
  if (type == "warmup") {
    const JsonObject o = reader({"warmup_start", "warmup_steps"});
    return Warmup{.warmup_steps = length(o, "warmup_steps"), .warmup_start = o.number("warmup_start")};
  }
  if (type == "cosine") {
    const JsonObject o = reader({"minimum", "warmup_start", "warmup_steps", "decay_steps"});
    return CosineDecay{o.number("minimum"), o.number("warmup_start"), length(o, "warmup_steps"),
                       length(o, "decay_steps")};
  }
  throw Missing(fmt::format("schedule '{}'", type));
}

// Weights of any names and shapes. What it computes does not matter, as long as all of them take part.
class Parameters final : public nn::Layer {
 public:
  Parameters(const json& tensors, Dtype dtype) {
    for (const auto& item : tensors.items())
      values_.emplace_back(item.key(), tensor_at(tensors, item.key().c_str(), dtype));
  }
  std::string type() const override { return "Parameters"; }
  nn::Json config() const override { return nn::Json::object(); }
  Shape compute_output_shape(const Shape& input) const override { return input; }

 protected:
  void on_build(const Shape&) override {
    for (const auto& [name, value] : values_) {
      weights_.push_back(add_weight({.name = name, .shape = value.shape(), .initialiser = nn::ConstantValue{0}}));
      copy(value, weights_.back()->value);
    }
  }
  nn::Value call(nn::Context& context, nn::Value x) override {
    for (const nn::WeightPtr& weight : weights_) x = x + sum(context.weight(weight));
    return x;
  }

 private:
  std::vector<std::pair<std::string, Tensor>> values_;
  std::vector<nn::WeightPtr> weights_;
};

TrainerOptions options_of(const json& golden, kernels::Target target) {
  TrainerOptions options{.optimizer = optimizer_of(golden), .target = target};
  const json& config = golden.at("config");
  if (config.contains("schedule")) {
    options.schedule = schedule_of(config["schedule"]);
    options.optimizer.learning_rate = config["schedule"].at("learning_rate").get<double>();
  }
  if (config.contains("clipping")) {
    const JsonObject clipping(config["clipping"], "clipping", {"global_norm", "value"});
    if (clipping.has("global_norm")) options.clip_norm = clipping.number("global_norm");
    if (clipping.has("value")) options.clip_value = clipping.number("value");
  }
  return options;
}

// The largest errors by name, over all steps.
class Errors {
 public:
  void add(const std::string& name, const std::vector<double>& actual, const std::vector<double>& expected) {
    const double error = largest_error(actual, expected, name);
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Comparison& one) { return one.name == name; });
    if (found == all_.end())
      all_.push_back({.name = name, .error = error});
    else
      found->error = std::max(found->error, error);
  }
  CaseResult result() const { return {.comparisons = all_}; }

 private:
  std::vector<Comparison> all_;
};

Dataset one_step() {
  return make_dataset({.features = {"x"}, .targets = {"y"}},
                      {{.name = "r", .features = {0}, .dt = {1}, .targets = {0}}});
}

}  // namespace

CaseResult run_optimizer_case(const json& golden, Dtype dtype, kernels::Target target) {
  const TrainerOptions options = options_of(golden, target);
  Sequential model({.dtype = dtype});
  model.add(std::make_shared<Parameters>(golden.at("parameters"), dtype));
  Trainer trainer(model, options);
  const Dataset data = one_step();
  const std::vector<std::size_t> batch{0};
  const auto rates = golden.at("learning_rates").get<std::vector<double>>();
  const bool scheduled = golden.at("config").contains("schedule");
  Errors errors;
  for (std::size_t t = 0; t < rates.size(); ++t) {
    trainer.gradients({data, batch});
    const json& gradients = golden.at("gradients").at(t);
    for (const nn::WeightPtr& weight : model.weights())
      copy(tensor_at(gradients, weight->options.name.c_str(), dtype), trainer.gradient(weight->path));
    errors.add("global_norm", {trainer.gradient_norm()}, {golden.at("global_norms").at(t).get<double>()});
    if (scheduled)
      errors.add("learning_rate", {trainer.learning_rate()}, {rates[t]});
    else
      trainer.set_learning_rate(rates[t]);
    trainer.apply();
    const json& after = golden.at("parameters_after").at(t);
    for (const nn::WeightPtr& weight : model.weights()) {
      const std::string& name = weight->options.name;
      errors.add(name, weight->value.values(), tensor_at(after, name.c_str(), Dtype::f64).values());
    }
  }
  return errors.result();
}

CaseResult run_schedule_case(const json& golden, Dtype, kernels::Target) {
  const json& config = golden.at("config");
  const Schedule schedule = schedule_of(config);
  const auto expected = golden.at("values").get<std::vector<double>>();
  std::vector<double> actual;
  for (std::uint64_t t = 0; t < expected.size(); ++t)
    actual.push_back(schedule.at({.learning_rate = config.at("learning_rate").get<double>(), .step = t}));
  Errors errors;
  errors.add("rates", actual, expected);
  return errors.result();
}

}  // namespace elegans::golden
