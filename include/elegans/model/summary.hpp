#pragma once
// A model at a glance: what `elegans inspect` prints.
//
//   Layer (type)    Output shape          Parameters   Synapses (possible)   Bytes
//   dense (Dense)   [batch, time, 16]             64                           256
//   ltc (LTC)       [batch, time, 4]             712             156 (528)   2 848
//   …

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "elegans/model/sequential.hpp"

namespace elegans::model {

struct SummaryOptions {
  // The batch and time for which the memory of training is planned.
  std::int64_t training_batch = 32;
  std::int64_t training_time = 64;
};

struct LayerSummary {
  std::string name;
  std::string type;
  Shape output_shape;
  std::int64_t parameters = 0;         // weights that exist
  std::int64_t trainable = 0;          // of them
  std::int64_t synapses = 0;           // of circuits, each counted once however many weights stand on it
  std::int64_t possible_synapses = 0;  // if every source reached every target that its synapses may reach: of a wired
                                       // CfC, from one layer of the circuit to the next
  std::int64_t weight_bytes = 0;       // as stored
};

struct Summary {
  std::string name;
  Dtype dtype = Dtype::f32;
  Shape input_shape;
  std::vector<LayerSummary> layers;
  LayerSummary total;
  std::int64_t state_numbers = 0;  // of one stream
  std::int64_t state_bytes = 0;
  double flop_per_step = 0;  // of one step of one stream
  std::int64_t step_arena_bytes = 0;
  SummaryOptions training;
  std::int64_t training_arena_bytes = 0;  // of the gradients of one batch; the loss and the optimizer come on top
};

// `network` must be built. Compiles its step and its gradients, so it takes as much memory as it reports.
Summary summarise(Sequential& network, const SummaryOptions& options = {});

// As a table, and as an object with the names above.
std::string to_text(const Summary& summary);
nlohmann::json to_json(const Summary& summary);

}  // namespace elegans::model
