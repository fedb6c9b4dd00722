#include "nn/sequence_config.hpp"

#include "nn/pattern_config.hpp"

namespace elegans::nn {

std::vector<std::string> with_sequence_keys(std::vector<std::string> others) {
  others.insert(others.end(), {"return_sequences", "projection", "projection_pattern", "go_backwards",
                               "timespan_as_feature", "checkpoint_every"});
  return others;
}

void write_sequence(const RnnOptions& options, Json& config) {
  config["return_sequences"] = options.return_sequences;
  config["projection"] = options.projection;
  if (options.projection_pattern) config["projection_pattern"] = to_config(*options.projection_pattern);
  config["go_backwards"] = options.go_backwards;
  if (options.timespan_as_feature) config["timespan_as_feature"] = true;
  config["checkpoint_every"] = options.checkpoint_every;
}

RnnOptions read_sequence(const JsonObject& object, const std::string& source_name) {
  const PatternPtr pattern = object.has("projection_pattern") ? pattern_from(object.at("projection_pattern"),
                                                                             source_name + ": key 'projection_pattern'")
                                                              : nullptr;
  return {.return_sequences = object.boolean("return_sequences", true),
          .projection = object.integer("projection", {.at_least = 0}, 0),
          .projection_pattern = pattern,
          .go_backwards = object.boolean("go_backwards", false),
          .timespan_as_feature = object.boolean("timespan_as_feature", false),
          .checkpoint_every = object.integer("checkpoint_every", {.at_least = 0}, 0)};
}

RnnOptions read_sequence_with_time(const JsonObject& object, const std::string& source_name) {
  RnnOptions sequence = read_sequence(object, source_name);
  if (sequence.timespan_as_feature) throw object.error("timespan_as_feature", "false: the cell knows Δt itself");
  if (sequence.projection_pattern) throw object.error("projection_pattern", "no such key: the projection is full");
  return sequence;
}

}  // namespace elegans::nn
