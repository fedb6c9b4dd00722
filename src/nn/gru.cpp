#include "elegans/nn/gru.hpp"

#include "nn/gated_options.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

const std::vector<std::string> keys = with_gated_keys({"recurrent_activation", "reset_after"});

GRUCellOptions read_options(const JsonObject& object, const std::string& source_name) {
  GRUCellOptions options = read_gated<GRUCellOptions>(object, source_name);
  options.recurrent_activation = Activation(object.text("recurrent_activation", "sigmoid"));
  options.reset_after = object.boolean("reset_after", true);
  return options;
}

std::int64_t read_units(const JsonObject& object) { return object.integer("units", {.at_least = 1}); }

}  // namespace

GRUCell::GRUCell(std::int64_t units, GRUCellOptions options)
    : GatedCell("GRU", units, 3, gated(options)), options_(std::move(options)) {}

WeightOptions GRUCell::bias_options() const {
  WeightOptions bias = GatedCell::bias_options();
  if (options_.reset_after) bias.shape = Shape{2, 3 * units()};
  return bias;
}

CellOutput GRUCell::step(Context& context, Value x, const std::vector<Value>& state, Value) {
  const std::optional<Value> b = bias(context);
  const Activation &phi = options_.activation, &rho = options_.recurrent_activation;
  const Value h = state[0], read = dropped(context, h), u = recurrent_kernel(context);
  const auto bias_row = [&](std::int64_t row) { return reshape(slice(*b, 0, row, row + 1), Shape{3 * units()}); };

  Value from_x = from_input(context, x);
  if (b) from_x = from_x + (options_.reset_after ? bias_row(0) : *b);
  Value z, candidate;
  if (options_.reset_after) {
    Value from_h = matmul(read, u);
    if (b) from_h = from_h + bias_row(1);
    z = rho(block(from_x, 0) + block(from_h, 0));
    const Value r = rho(block(from_x, 1) + block(from_h, 1));
    candidate = phi(block(from_x, 2) + r * block(from_h, 2));
  } else {
    const Value gates = matmul(read, slice(u, -1, 0, 2 * units()));
    z = rho(block(from_x, 0) + block(gates, 0));
    const Value r = rho(block(from_x, 1) + block(gates, 1));
    candidate = phi(block(from_x, 2) + matmul(r * read, block(u, 2)));
  }
  const Value next = z * h + (1.0 - z) * candidate;
  return {.output = next, .state = {next}};
}

Json GRUCell::config() const {
  Json config = gated_config(units(), options_, path());
  config["recurrent_activation"] = to_config(options_.recurrent_activation, path());
  config["reset_after"] = options_.reset_after;
  return config;
}

CellPtr GRUCell::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, keys);
  return std::make_shared<GRUCell>(read_units(object), read_options(object, source_name));
}

GRU::GRU(std::int64_t units, GRUCellOptions options, RnnOptions sequence)
    : RNN(std::make_shared<GRUCell>(units, std::move(options)), std::move(sequence)) {}

Json GRU::config() const {
  Json config = cell()->config();
  write_sequence(sequence(), config);
  return config;
}

LayerPtr GRU::from_config(const Json& config, const std::string& source_name) {
  const JsonObject object(config, source_name, with_sequence_keys(keys));
  return std::make_shared<GRU>(read_units(object), read_options(object, source_name),
                               read_sequence(object, source_name));
}

}  // namespace elegans::nn
