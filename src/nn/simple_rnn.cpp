#include "elegans/nn/simple_rnn.hpp"

#include "nn/gated_options.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

const std::vector<std::string> keys = with_gated_keys({});

std::int64_t read_units(const JsonObject& object) { return object.integer("units", {.at_least = 1}); }

}  // namespace

SimpleRNNCell::SimpleRNNCell(std::int64_t units, SimpleRNNCellOptions options)
    : GatedCell("SimpleRNN", units, 1, gated(options)), options_(std::move(options)) {}

CellOutput SimpleRNNCell::step(Context& context, Value x, const std::vector<Value>& state, Value) {
  Value z = from_input(context, x);
  if (const auto b = bias(context)) z = z + *b;
  const Value h = options_.activation(z + matmul(dropped(context, state[0]), recurrent_kernel(context)));
  return {.output = h, .state = {h}};
}

Json SimpleRNNCell::config() const { return gated_config(units(), options_, path()); }

CellPtr SimpleRNNCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, keys);
  return std::make_shared<SimpleRNNCell>(read_units(object), read_gated<SimpleRNNCellOptions>(object, source_name));
}

SimpleRNN::SimpleRNN(std::int64_t units, SimpleRNNCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<SimpleRNNCell>(units, std::move(options)), std::move(sequence)) {}

Json SimpleRNN::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr SimpleRNN::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return std::make_shared<SimpleRNN>(read_units(object), read_gated<SimpleRNNCellOptions>(object, source_name),
                                     read_sequence(object, source_name));
}

}  // namespace elegans::nn
