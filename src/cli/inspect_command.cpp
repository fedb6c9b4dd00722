// elegans inspect: what a model file holds.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/counted.hpp"
#include "cli/exit_codes.hpp"
#include "cli/network.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/summary.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans inspect policy.safetensors\n"
    "  elegans inspect policy.safetensors --json\n"
    "  elegans inspect thermostat.safetensors --synapses --time-constants\n"
    "  elegans inspect policy.safetensors --explain | less\n";

struct InspectCommand {
  std::string model;
  std::int64_t batch = 32, time = 64;
  bool synapses = false, time_constants = false, explain = false, json = false;
};

struct TimeConstant {
  std::int64_t neuron;
  std::string type;
  double seconds;
};

std::vector<const nn::LTC*> ltc_layers(const Sequential& network, const char* option) {
  std::vector<const nn::LTC*> found;
  for (const nn::LayerPtr& layer : network.layers())
    if (const auto* ltc = dynamic_cast<const nn::LTC*>(layer.get())) found.push_back(ltc);
  if (found.empty())
    throw ConfigError(Complaint{"inspect", option, "asked of a model without an LTC layer", "a model with one",
                                "Only synapses of an LTC have conductances and potentials of their own."});
  return found;
}

// At rest: potentials 0, inputs 0 (the mean observation, where the LTC is the first layer).
std::vector<TimeConstant> time_constants(const nn::LTC& layer, double time_unit) {
  nn::LTCCell& cell = layer.ltc_cell();
  const wiring::Wiring& wiring = cell.wiring();
  const Dtype dtype = layer.weights().front()->value.dtype();
  const Tensor v(Shape{1, wiring.units()}, dtype), x(Shape{1, wiring.input_dim()}, dtype);
  const Tensor tau = cell.time_constants(v, x);
  const std::vector<double> units = tau.values();
  std::vector<TimeConstant> made;
  for (std::int64_t i = 0; i < wiring.units(); ++i)
    made.push_back(
        {i, std::string(wiring::name(wiring.type_of_neuron(i))), units[static_cast<std::size_t>(i)] * time_unit});
  return made;
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "without names" : fmt::format("{}", fmt::join(names, ", "));
}

const char* words_for(model::AnswerAt answer) {
  if (answer == model::AnswerAt::every_step) return "every step";
  return answer == model::AnswerAt::last_step ? "at the last step" : "a recording";
}

// How rows become steps, where the file tells.
std::string columns_text(const model::Columns& c) {
  std::string text = c.time.empty() ? "" : fmt::format("Time        {}\n", c.time);
  if (!c.group.empty()) text += fmt::format("Groups      {}\n", c.group);
  if (c.missing == model::Missing::as_inputs)
    text += fmt::format("Missing     inputs, of {}\n", c.sporadic.empty() ? "none" : listed(c.sporadic));
  else if (c.missing != model::Missing::error)
    text += fmt::format("Missing     {}\n", c.missing == model::Missing::drop ? "rows are left out" : "filled forward");
  if (c.first_dt) text += fmt::format("First Δt    {:g} s\n", *c.first_dt);
  return text;
}

std::string metadata_text(const model::LoadedModel& model) {
  const model::Preprocessing& p = model.preprocessing;
  std::string text = fmt::format("Task        {}, an answer {}\nFeatures    {}\nTargets     {}\n",
                                 p.task == model::Task::classification ? "classification" : "regression",
                                 words_for(p.answer_at), listed(p.features), listed(p.targets));
  if (!p.classes.empty()) text += fmt::format("Classes     {}\n", fmt::join(p.classes, ", "));
  if (p.horizon > 0) text += fmt::format("Horizon     {}\n", counted(p.horizon, "step"));
  text += columns_text(p.columns);
  text += fmt::format("Time unit   {:g} s\n", p.time_unit);
  for (const nn::LayerPtr& layer : model.network.layers())
    if (const auto wiring = wiring_of(*layer))
      text += fmt::format("Circuit     {}: {}, {}, {}, {} among them, {} from inputs\n", layer->name(), wiring->type(),
                          counted(wiring->units(), "unit"), counted(wiring->output_dim(), "output"),
                          counted(wiring->synapse_count(), "synapse"), wiring->sensory_synapse_count());
  return text + fmt::format("Seed        {}\nSaved by    elegans {}, machine kind {}\n", model.network.seed(),
                            printable(model.saved_by), printable(model.machine_kind));
}

nlohmann::json metadata_json(const model::LoadedModel& model) {
  const model::Preprocessing& p = model.preprocessing;
  nlohmann::json made = model::to_config(p);
  made["classes"] = p.classes;
  made["time_unit"] = p.time_unit;
  made["seed"] = model.network.seed();
  made["saved_by"] = model.saved_by;
  made["machine_kind"] = model.machine_kind;
  return made;
}

nlohmann::json synapses_json(const nn::LTC& layer) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& row : layer.synapses().rows)
    rows.push_back({{"source_type", wiring::name(row.synapse.source_type)},
                    {"source", row.synapse.source},
                    {"target_type", wiring::name(row.synapse.target_type)},
                    {"target", row.synapse.target},
                    {"polarity", row.synapse.polarity},
                    {"w", row.w},
                    {"mu", row.mu},
                    {"sigma", row.sigma},
                    {"erev", row.erev}});
  return rows;
}

void print_json(const InspectCommand& c, model::LoadedModel& model, const model::Summary& summary) {
  nlohmann::json made = model::to_json(summary);
  made["metadata"] = metadata_json(model);
  made["config"] = model.network.config();
  for (const nn::WeightPtr& weight : model.network.weights())
    made["weights"].push_back({{"path", weight->path},
                               {"shape", to_string(weight->stored_shape())},
                               {"trainable", weight->options.trainable}});
  if (c.synapses)
    for (const nn::LTC* layer : ltc_layers(model.network, "--synapses"))
      made["synapse_tables"][layer->name()] = synapses_json(*layer);
  if (c.time_constants)
    for (const nn::LTC* layer : ltc_layers(model.network, "--time-constants"))
      for (const TimeConstant& t : time_constants(*layer, model.preprocessing.time_unit))
        made["time_constants"][layer->name()].push_back(
            {{"neuron", t.neuron}, {"type", t.type}, {"seconds", t.seconds}});
  std::cout << to_json_text(made, 2) << '\n';
}

void print_text(const InspectCommand& c, model::LoadedModel& model, const model::Summary& summary) {
  std::string text = model::to_text(summary) + metadata_text(model);
  if (c.synapses)
    for (const nn::LTC* layer : ltc_layers(model.network, "--synapses"))
      text += fmt::format("\nSynapses of {}\n{}", layer->name(), to_string(layer->synapses()));
  if (c.time_constants)
    for (const nn::LTC* layer : ltc_layers(model.network, "--time-constants")) {
      text += fmt::format("\nTime constants of {} at rest\n{:<12}{:>12}\n", layer->name(), "neuron", "seconds");
      for (const TimeConstant& t : time_constants(*layer, model.preprocessing.time_unit))
        text += fmt::format("{:<12}{:>12.4g}\n", fmt::format("{} {}", t.type, t.neuron), t.seconds);
    }
  std::cout << text;
}

int inspect(const InspectCommand& c) {
  model::LoadedModel model = model::load_model(c.model);
  if (c.explain) {
    std::cout << Policy(model.network, model.preprocessing).explain();
    return success;
  }
  const model::Summary summary = model::summarise(model.network, {.training_batch = c.batch, .training_time = c.time});
  (c.json ? print_json : print_text)(c, model, summary);
  return success;
}

}  // namespace

Action add_inspect(CLI::App& program) {
  CLI::App& app = add_command(program, "inspect", "Show layers, sizes, synapses and costs of a model file", examples);
  const auto c = std::make_shared<InspectCommand>();
  app.add_option("model", c->model, "model file")->required();
  CLI::Option* const batch =
      app.add_option("--batch", c->batch, "sequences of the training batch whose memory is planned")
          ->capture_default_str()
          ->check(at_least(1));
  CLI::Option* const steps =
      app.add_option("--steps", c->time, "and their steps")->capture_default_str()->check(at_least(1));
  CLI::Option* const synapses =
      app.add_flag("--synapses", c->synapses, "the synapses of LTC layers with their weights");
  CLI::Option* const constants =
      app.add_flag("--time-constants", c->time_constants, "the effective time constants of LTC neurons at rest");
  app.add_flag("--json", c->json, "the result as JSON");
  app.add_flag("--explain", c->explain,
               "instead: what a step of the model runs in a loop: which passes changed it, and which kernel each node "
               "takes and why")
      ->excludes("--json", batch, steps, synapses, constants);
  return [c] { return inspect(*c); };
}

}  // namespace elegans::cli
