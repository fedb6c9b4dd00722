// elegans draw: a picture of a circuit.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/counted.hpp"
#include "cli/exit_codes.hpp"
#include "cli/network.hpp"
#include "elegans/base/atomic_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/sporadic.hpp"
#include "elegans/wiring/config.hpp"
#include "elegans/wiring/draw.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans draw autoncp:28,4 --inputs 8 --out circuit.svg\n"
    "  elegans draw ncp:inter=10,command=8,motor=3,sensory_fanout=4,inter_fanout=4,recurrent=6,motor_fanin=5 "
    "--inputs 4 --out circuit.dot\n"
    "  elegans draw policy.safetensors --out circuit.svg\n";

struct DrawCommand {
  std::string circuit, layer, out, title;
  std::int64_t inputs = 0;
  bool json = false;
};

struct Drawn {
  wiring::Wiring wiring;
  wiring::DrawOptions options;
};

Drawn from_model(const DrawCommand& c) {
  if (c.inputs > 0)
    throw ConfigError(Complaint{"draw", "--inputs", "given beside a model file", "a wiring",
                                "The model's circuit says itself how many inputs it has."});
  const model::LoadedModel model = model::load_model(c.circuit);
  const model::Preprocessing& p = model.preprocessing;
  const auto& layers = model.network.layers();
  std::vector<std::string> wired;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto wiring = wiring_of(*layers[l]);
    if (!wiring) continue;
    wired.push_back(layers[l]->name());
    if (!c.layer.empty() && layers[l]->name() != c.layer) continue;
    Drawn drawn{std::move(*wiring), {.title = c.title}};
    if (l == 0) drawn.options.input_names = model::input_names(p);
    const auto& answers = p.classes.empty() ? p.targets : p.classes;
    if (l + 1 == layers.size() && drawn.wiring.output_dim() == static_cast<std::int64_t>(answers.size()))
      drawn.options.output_names = answers;
    return drawn;
  }
  throw ConfigError(Complaint{c.circuit, c.layer.empty() ? "the model" : fmt::format("layer '{}'", c.layer),
                              "without a circuit", "a layer with a wiring",
                              wired.empty() ? "" : fmt::format("There is one in {}.", fmt::join(wired, ", "))});
}

Drawn from_text(const DrawCommand& c) {
  if (!c.layer.empty())
    throw ConfigError(
        Complaint{"draw", "--layer", "given beside a wiring", "a model file, which has layers", "Leave it out."});
  Drawn drawn{wiring::parse_wiring(c.circuit), {.title = c.title}};
  if (drawn.wiring.is_built()) return drawn;
  if (c.inputs < 1)
    throw ConfigError(
        Complaint{"draw", "--inputs", "missing", "the number of inputs of the circuit", "Say how many: --inputs 8."});
  drawn.wiring.build(c.inputs);
  return drawn;
}

int draw(const DrawCommand& c) {
  const bool is_dot = c.out.ends_with(".dot");
  if (!c.out.empty() && !is_dot && !c.out.ends_with(".svg"))
    throw ConfigError(Complaint{"draw", "--out", c.out, "a name that ends in .svg or .dot", ""});
  const bool is_file = c.circuit.ends_with(".safetensors") || std::filesystem::is_regular_file(c.circuit);
  const Drawn drawn = is_file ? from_model(c) : from_text(c);
  const std::string picture =
      is_dot ? wiring::draw_dot(drawn.wiring, drawn.options) : wiring::draw_svg(drawn.wiring, drawn.options);
  if (!c.out.empty()) write_file_atomically(c.out, std::string_view(picture));
  const wiring::Wiring& w = drawn.wiring;
  if (c.json) {
    nlohmann::json made{{"type", w.type()},
                        {"units", w.units()},
                        {"inputs", w.input_dim()},
                        {"outputs", w.output_dim()},
                        {"synapses", w.synapse_count()},
                        {"sensory_synapses", w.sensory_synapse_count()}};
    if (c.out.empty()) {
      made["svg"] = picture;
    } else {
      made["out"] = c.out;
    }
    std::cout << to_json_text(made, 2) << '\n';
  } else if (c.out.empty()) {
    std::cout << picture;
  } else {
    std::cout << fmt::format("{}: {}, {}, {}, {}, {} from inputs and {} among units\n", c.out, w.type(),
                             counted(w.input_dim(), "input"), counted(w.units(), "unit"),
                             counted(w.output_dim(), "output"), counted(w.sensory_synapse_count(), "synapse"),
                             w.synapse_count());
  }
  return success;
}

}  // namespace

Action add_draw(CLI::App& program) {
  CLI::App& app = add_command(program, "draw", "Draw a circuit as SVG or for Graphviz", examples);
  const auto c = std::make_shared<DrawCommand>();
  app.add_option("circuit", c->circuit, "a wiring (autoncp:28,4, @circuit.json, …) or a model file")->required();
  app.add_option("--inputs", c->inputs, "inputs of a wiring")->check(at_least(1));
  app.add_option("--layer", c->layer, "of a model with several circuits (default: the first)");
  app.add_option("--title", c->title, "above the picture (default: what it is)");
  app.add_option("--out", c->out, "file to write, .svg or .dot (default: SVG to standard output)");
  app.add_flag("--json", c->json, "what was drawn as JSON");
  return [c] { return draw(*c); };
}

}  // namespace elegans::cli
