#include "elegans/model/save.hpp"

#include <fmt/format.h>
#include <cmath>

#include <nlohmann/json.hpp>

#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/base/version.hpp"
#include "elegans/model/golden.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/model/safetensors.hpp"
#include "model/model_file.hpp"

namespace elegans::model {
namespace {

// The tensors of a file, and the memory of those that are no weights.
class Tensors {
 public:
  void add(std::string name, const Tensor& value) {
    StoredTensor stored{.name = std::move(name), .dtype = stored_dtype(value.dtype()), .shape = {}, .data = {}};
    for (const Dim& dim : value.shape()) stored.shape.push_back(dim.factor());
    stored.data = {static_cast<const std::byte*>(value.data()), value.bytes()};
    all_.push_back(std::move(stored));
  }
  // Keeps the value: moving a tensor does not move its elements.
  void add(std::string name, Tensor&& value) {
    own_.push_back(std::move(value));
    add(std::move(name), static_cast<const Tensor&>(own_.back()));
  }
  void add_row(const char* name, const std::vector<double>& values) {
    if (!values.empty()) add(name, Tensor::from(Shape{static_cast<std::int64_t>(values.size())}, values, Dtype::f64));
  }
  const std::vector<StoredTensor>& all() const { return all_; }

 private:
  std::vector<StoredTensor> all_;
  std::vector<Tensor> own_;
};

void add_weight(Tensors& tensors, const nn::Weight& weight) {
  if (weight.path.starts_with(tensor::prefix)) {
    throw ConfigError({"save_model", "weight " + quote(weight.path), "a name that begins with 'elegans.'",
                       "another name", "Rename its layer: such names are taken by the file's own tensors."});
  }
  const std::vector<double> values = weight.value.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw ConfigError({"save_model", fmt::format("weight {}, element {}", quote(weight.path), i),
                       fmt::format("{}", values[i]), "a finite number",
                       "Training has diverged: lower the learning rate."});
  }
  tensors.add(weight.path, weight.value);
}

void add_golden(Tensors& tensors, GoldenVectors golden) {
  tensors.add(tensor::golden_observation, std::move(golden.observations));
  tensors.add(tensor::golden_timespan, std::move(golden.timespans));
  tensors.add(tensor::golden_answer, std::move(golden.answers));
  for (auto& [path, state] : golden.states) tensors.add(tensor::golden_state + path, std::move(state));
}

void add_circuit(Tensors& tensors, const Circuit& circuit) {
  const auto synapses = static_cast<std::int64_t>(circuit.table.size() / 3);
  Tensor table({3, synapses}, Dtype::i32);
  std::copy(circuit.table.begin(), circuit.table.end(), table.as<std::int32_t>().begin());
  tensors.add(circuit.tensor, std::move(table));
}

struct Contents {
  Tensors tensors;
  StoredMetadata metadata;
};

Contents contents_of(Sequential& network, const Preprocessing& preprocessing, const SaveOptions& options) {
  validate(preprocessing, network.features(), network.outputs(), "save_model");
  const auto weights = network.weights();
  const auto circuits = circuits_of(weights);
  Contents contents;
  Tensors& tensors = contents.tensors;
  for (const nn::WeightPtr& weight : weights) add_weight(tensors, *weight);
  for (const Circuit& circuit : circuits) add_circuit(tensors, circuit);
  tensors.add(tensor::time_unit, Tensor::from({}, {preprocessing.time_unit}, Dtype::f64));
  tensors.add_row(tensor::input_mean, preprocessing.inputs.mean);
  tensors.add_row(tensor::input_std, preprocessing.inputs.std);
  tensors.add_row(tensor::output_mean, preprocessing.outputs.mean);
  tensors.add_row(tensor::output_std, preprocessing.outputs.std);
  add_golden(tensors, make_golden(network, preprocessing, options.target));

  StoredMetadata& metadata = contents.metadata;
  metadata = {{key::format, "elegans"},
              {key::format_version, fmt::format("{}", format_version_for(preprocessing))},
              {key::elegans_version, std::string(version)},
              {key::machine_kind, machine_kind(options.target)},
              {key::dtype, std::string(to_string(network.dtype()))},
              {key::seed, fmt::format("{}", network.seed())},
              {key::configuration, to_json_text(network.config())},
              {key::preprocessing, to_json_text(to_config(preprocessing))},
              {key::class_names, to_json_text(preprocessing.classes)},
              {key::wiring, to_json_text(to_json(circuits))}};
  metadata[key::checksums] = to_json_text(checksums_of(tensors.all(), metadata));
  return contents;
}

}  // namespace

void save_model(const std::filesystem::path& file, Sequential& network, const Preprocessing& preprocessing,
                const SaveOptions& options) {
  const Contents contents = contents_of(network, preprocessing, options);
  write_safetensors(file, contents.tensors.all(), contents.metadata);
}

std::vector<std::byte> to_model_file(Sequential& network, const Preprocessing& preprocessing,
                                     const SaveOptions& options) {
  const Contents contents = contents_of(network, preprocessing, options);
  return to_safetensors(contents.tensors.all(), contents.metadata);
}

}  // namespace elegans::model
