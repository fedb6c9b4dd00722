#include "elegans/nn/cell_layer.hpp"

#include "elegans/nn/mixed_memory.hpp"
#include "nn/cell_layer_config.hpp"
#include "nn/sequence_config.hpp"

namespace elegans::nn {
namespace {

RnnOptions sequence_options(const CellLayerOptions& options) {
  return {.return_sequences = options.return_sequences,
          .projection = options.proj_size,
          .go_backwards = options.go_backwards,
          .checkpoint_every = options.checkpoint_every};
}

}  // namespace

CellLayer::CellLayer(CellPtr inner, CellLayerOptions options)
    : RNN(options.mixed_memory ? std::make_shared<MixedMemory>(inner) : inner, sequence_options(options)),
      options_(options),
      inner_(std::move(inner)) {}

Json CellLayer::config() const {
  Json config = inner_->config();
  config["mixed_memory"] = options_.mixed_memory;
  write_sequence(sequence_options(options_), config);
  return config;
}

CellLayerConfig split_config(const Json& config, const std::string& source_name, std::vector<std::string> cell_keys) {
  std::vector<std::string> keys = with_sequence_keys(cell_keys);
  std::erase(keys, "projection_pattern");
  keys.emplace_back("mixed_memory");
  const JsonObject object(config, source_name, std::move(keys));
  const RnnOptions sequence = read_sequence(object, source_name);
  CellLayerConfig made{.cell = Json::object(),
                       .options = {.return_sequences = sequence.return_sequences,
                                   .mixed_memory = object.boolean("mixed_memory", false),
                                   .proj_size = sequence.projection,
                                   .go_backwards = sequence.go_backwards,
                                   .checkpoint_every = sequence.checkpoint_every}};
  for (const std::string& key : cell_keys)
    if (object.has(key)) made.cell[key] = object.at(key);
  return made;
}

}  // namespace elegans::nn
