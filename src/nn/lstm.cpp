#include "elegans/nn/lstm.hpp"

#include <algorithm>

#include "nn/gated_options.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

const std::vector<std::string> keys = with_gated_keys({"recurrent_activation", "unit_forget_bias"});

LSTMCellOptions read_options(const JsonObject& object, const std::string& source_name) {
  LSTMCellOptions options = read_gated<LSTMCellOptions>(object, source_name);
  options.recurrent_activation = Activation(object.text("recurrent_activation", "sigmoid"));
  options.unit_forget_bias = object.boolean("unit_forget_bias", true);
  return options;
}

std::int64_t read_units(const JsonObject& object) { return object.integer("units", {.at_least = 1}); }

}  // namespace

LSTMCell::LSTMCell(std::int64_t units, LSTMCellOptions options)
    : GatedCell("LSTM", units, 4, gated(options)), options_(std::move(options)) {}

std::vector<StateOptions> LSTMCell::states() const {
  return {{.name = "h", .shape = Shape{units()}}, {.name = "c", .shape = Shape{units()}}};
}

WeightOptions LSTMCell::bias_options() const {
  WeightOptions bias = GatedCell::bias_options();
  if (!options_.unit_forget_bias) return bias;
  std::vector<double> values = first_values(
      bias.initialiser, {.seed = seed(), .path = path() + "/bias", .shape = bias.shape, .pattern = nullptr});
  std::fill_n(values.begin() + units(), units(), 1.0);
  bias.initialiser = Given{std::move(values)};
  return bias;
}

CellOutput LSTMCell::step(Context& context, Value x, const std::vector<Value>& state, Value) {
  Value z = from_input(context, x);
  if (const auto b = bias(context)) z = z + *b;
  z = z + matmul(dropped(context, state[0]), recurrent_kernel(context));
  const Activation &phi = options_.activation, &rho = options_.recurrent_activation;
  const Value c = rho(block(z, 1)) * state[1] + rho(block(z, 0)) * phi(block(z, 2));
  const Value h = rho(block(z, 3)) * phi(c);
  return {.output = h, .state = {h, c}};
}

Json LSTMCell::config() const {
  Json config = gated_config(units(), options_, path());
  config["recurrent_activation"] = to_config(options_.recurrent_activation, path());
  config["unit_forget_bias"] = options_.unit_forget_bias;
  return config;
}

CellPtr LSTMCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, keys);
  return std::make_shared<LSTMCell>(read_units(object), read_options(object, source_name));
}

LSTM::LSTM(std::int64_t units, LSTMCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<LSTMCell>(units, std::move(options)), std::move(sequence)) {}

Json LSTM::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr LSTM::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return std::make_shared<LSTM>(read_units(object), read_options(object, source_name),
                                read_sequence(object, source_name));
}

}  // namespace elegans::nn
