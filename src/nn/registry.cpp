#include "elegans/nn/registry.hpp"

#include <fmt/format.h>

#include "elegans/base/json.hpp"
#include "elegans/nn/activation_layer.hpp"
#include "elegans/nn/activity_regularisation.hpp"
#include "elegans/nn/bidirectional.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/dropout.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/reshape_layer.hpp"
#include "elegans/nn/residual.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/nn/stacked_cells.hpp"
#include "elegans/nn/time_distributed.hpp"
#include "nn/named.hpp"

namespace elegans::nn {
namespace {

// A factory that knows what to call its configuration in messages.
template <class Pointer>
using Factory = std::function<Pointer(const Json& config, const std::string& source_name)>;

Named<Factory<LayerPtr>>& layers() {
  static Named<Factory<LayerPtr>> all("layer", {
                                                   {"Activation", ActivationLayer::from_config},
                                                   {"ActivityRegularisation", ActivityRegularisation::from_config},
                                                   {"Bidirectional", Bidirectional::from_config},
                                                   {"CfC", CfC::from_config},
                                                   {"CTGRU", CTGRU::from_config},
                                                   {"CTRNN", CTRNN::from_config},
                                                   {"Dense", Dense::from_config},
                                                   {"Dropout", Dropout::from_config},
                                                   {"Flatten", Flatten::from_config},
                                                   {"GRU", GRU::from_config},
                                                   {"LSTM", LSTM::from_config},
                                                   {"LTC", LTC::from_config},
                                                   {"NeuralODE", NeuralODE::from_config},
                                                   {"Reshape", ReshapeLayer::from_config},
                                                   {"Residual", Residual::from_config},
                                                   {"RNN", RNN::from_config},
                                                   {"SimpleRNN", SimpleRNN::from_config},
                                                   {"TimeDistributed", TimeDistributed::from_config},
                                               });
  return all;
}

Named<Factory<CellPtr>>& cells() {
  static Named<Factory<CellPtr>> all("cell", {
                                                 {"LTCCell", LTCCell::from_config},
                                                 {"CfCCell", CfCCell::from_config},
                                                 {"WiredCfCCell", WiredCfCCell::from_config},
                                                 {"CTRNNCell", CTRNNCell::from_config},
                                                 {"CTGRUCell", CTGRUCell::from_config},
                                                 {"NeuralODECell", NeuralODECell::from_config},
                                                 {"MixedMemory", MixedMemory::from_config},
                                                 {"GRUCell", GRUCell::from_config},
                                                 {"LSTMCell", LSTMCell::from_config},
                                                 {"SimpleRNNCell", SimpleRNNCell::from_config},
                                                 {"StackedCells", StackedCells::from_config},
                                             });
  return all;
}

template <class Pointer, class Own>
Factory<Pointer> with_source_name(const char* what, Own own) {
  if (!own) throw ConfigError({what, "factory", "empty", "a function that makes one from its configuration", ""});
  return [own = std::move(own)](const Json& config, const std::string&) { return own(config); };
}

template <class Pointer>
Json describe(const Module& module, const Named<Factory<Pointer>>& known, const char* what) {
  if (!known.find(module.type()))
    throw ConfigError({module.path(), "type", quote(module.type()), fmt::format("a registered {}", what),
                       fmt::format("Make it known by register_{}(\"{}\", factory) at the start of the program.", what,
                                   module.type())});
  return {{"type", module.type()}, {"name", module.name()}, {"config", module.config()}};
}

template <class Pointer>
Pointer make(const Json& config, const Named<Factory<Pointer>>& known, const std::string& source_name) {
  const JsonObject object(config, source_name, {"type", "name", "config"});
  const std::string type = object.text("type");
  const Factory<Pointer> factory = known.at(type, source_name);
  const Json none = Json::object();
  Pointer made;
  try {
    made = factory(object.has("config") ? object.at("config") : none, fmt::format("{}: {}", source_name, type));
  } catch (const Json::exception& error) {  // of a user's factory
    throw FormatError(fmt::format("{}: the configuration of {} cannot be read: {}", source_name, type, error.what()));
  } catch (const ConfigError& error) {  // what a constructor refuses, which does not know where it comes from
    if (std::string_view(error.what()).starts_with(source_name)) throw;
    throw FormatError(fmt::format("{}: {}", source_name, error.what()));
  }
  if (!made) throw ConfigError({source_name, type, "made to nothing by its factory", "a pointer to it", ""});
  if (object.has("name")) made->set_name(object.text("name"));
  return made;
}

}  // namespace

void register_layer(const std::string& type, LayerFactory factory) {
  layers().add(type, with_source_name<LayerPtr>("register_layer", std::move(factory)));
}
void register_cell(const std::string& type, CellFactory factory) {
  cells().add(type, with_source_name<CellPtr>("register_cell", std::move(factory)));
}

Json to_config(const Layer& layer) { return describe(layer, layers(), "layer"); }
Json to_config(const Cell& cell) { return describe(cell, cells(), "cell"); }

LayerPtr make_layer(const Json& config, std::string_view source_name) {
  return make(config, layers(), std::string(source_name));
}
CellPtr make_cell(const Json& config, std::string_view source_name) {
  return make(config, cells(), std::string(source_name));
}

}  // namespace elegans::nn
