#include "elegans/model/load.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/base/version.hpp"
#include "elegans/model/forward.hpp"
#include "elegans/model/golden.hpp"
#include "elegans/model/machine_kind.hpp"
#include "elegans/model/policy.hpp"
#include "model/golden_check.hpp"
#include "model/model_file.hpp"

namespace elegans::model {
namespace {

constexpr const char* edited = "The file was edited or is damaged: copy or save it again.";

[[noreturn]] void complain(std::string where, std::string argument, std::string actual, std::string required,
                           std::string remedy = edited) {
  throw FormatError(
      Complaint{std::move(where), std::move(argument), std::move(actual), std::move(required), std::move(remedy)});
}

// What is wrong in a configuration is wrong in the file that holds it.
template <class Read>
auto as_format_error(const std::string& source, const Read& read) {
  try {
    return read();
  } catch (const FormatError&) {
    throw;
  } catch (const InternalError&) {
    throw;
  } catch (const Error& error) {
    const std::string what = error.what();
    throw FormatError(what.starts_with(source) ? what : fmt::format("{}: {}", source, what));
  }
}

}  // namespace

// A model file while it is read. Every tensor is asked for once; what nobody asked for is unknown.
class ModelReader {
 public:
  ModelReader(const StoredTensors& file, std::string source) : file_(file), source_(std::move(source)) {}

  LoadedModel read(const LoadOptions& options) {
    check_format();
    check_keys();
    check_checksums();
    Preprocessing preprocessing = read_preprocessing();
    LoadedModel model{.network = read_network(),
                      .preprocessing = std::move(preprocessing),
                      .saved_by = text(key::elegans_version),
                      .machine_kind = text(key::machine_kind)};
    check_circuits(model.network);
    as_format_error(source_,
                    [&] { validate(model.preprocessing, model.network.features(), model.network.outputs(), source_); });
    const GoldenVectors golden = read_golden(model.network, model.preprocessing);
    check_all_used();
    as_format_error(source_, [&] {
      const GoldenVectors computed = recompute(golden, model.network, model.preprocessing, options.target);
      const bool same_kind = model.machine_kind == machine_kind(options.target);
      check_golden(golden, computed, model, same_kind, source_);
    });
    return model;
  }

 private:
  std::string in_metadata() const { return source_ + ", metadata"; }
  std::string in_tensor(std::string_view name) const { return fmt::format("{}, tensor {}", source_, quote(name)); }

  const std::string& text(const char* name) const { return file_.metadata().at(name); }
  nlohmann::json json(const char* name) const {
    return parse_json(text(name), fmt::format("{}, key '{}'", in_metadata(), name));
  }

  void check_format() const {
    const auto& metadata = file_.metadata();
    const auto format = metadata.find(key::format);
    if (format == metadata.end() || format->second != "elegans") {
      complain(in_metadata(), "key 'format'", format == metadata.end() ? "missing" : quote(format->second), "'elegans'",
               "The file holds tensors, but no model of elegans: save one with save_model().");
    }
    const auto found = metadata.find(key::format_version);
    const std::string number = found == metadata.end() ? "" : found->second;
    const bool is_number = !number.empty() && number.size() <= 9 &&
                           number.find_first_not_of("0123456789") == number.npos && number[0] != '0';
    if (!is_number || std::stol(number) < 1) {
      complain(in_metadata(), "key 'format_version'", found == metadata.end() ? "missing" : quote(number),
               fmt::format("a number from 1 to {}", format_version));
    }
    if (std::stol(number) > format_version) {
      const auto by = metadata.find(key::elegans_version);
      complain(in_metadata(), "key 'format_version'", number,
               fmt::format("at most {}, which elegans {} reads", format_version, version),
               by == metadata.end() ? "Update elegans."
                                    : fmt::format("Update elegans to {} or newer.", printable(by->second)));
    }
  }

  void check_keys() const {
    std::vector<std::string> known{key::format,      key::format_version, key::elegans_version, key::machine_kind,
                                   key::dtype,       key::seed,           key::configuration,   key::preprocessing,
                                   key::class_names, key::wiring,         key::checksums};
    for (const std::string& name : known) {
      if (!file_.metadata().contains(name)) complain(in_metadata(), "key " + quote(name), "missing", "text");
    }
    for (const auto& [name, value] : file_.metadata()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      complain(in_metadata(), "key " + quote(name), "unknown", fmt::format("only {}", fmt::join(known, ", ")));
    }
  }

  void check_checksums() const {
    const nlohmann::json stored = json(key::checksums);
    const nlohmann::json computed = checksums_of(file_.tensors(), file_.metadata());
    const std::string where = fmt::format("{}, key '{}'", in_metadata(), key::checksums);
    const JsonObject kinds(stored, where, {"metadata", "tensors"});
    for (const char* kind : {"metadata", "tensors"}) {
      std::vector<std::string> names;
      for (const auto& item : computed[kind].items()) names.push_back(item.key());
      const JsonObject sums = kinds.object(kind, names);
      for (const std::string& name : names) {
        const std::int64_t sum = sums.integer(name, {.at_least = 0});
        const auto actual = computed[kind][name].get<std::int64_t>();
        if (sum == actual) continue;
        const bool is_tensor = std::string_view(kind) == "tensors";
        complain(is_tensor ? in_tensor(name) : in_metadata(),
                 is_tensor ? "its checksum" : "the checksum of key " + quote(name), fmt::format("{}", actual),
                 fmt::format("{}", sum));
      }
    }
  }

  Sequential read_network() {
    const nlohmann::json configuration = json(key::configuration);
    const auto first_values = std::make_shared<const nn::FirstValues>(
        [this](const nn::WeightOptions& options, const std::string& path, const ops::Type& type) {
          return read_weight(options, path, type);
        });
    const std::string where = fmt::format("{}, key '{}'", in_metadata(), key::configuration);
    Sequential network = as_format_error(source_, [&] { return Sequential::read(configuration, where, first_values); });
    if (!network.built()) complain(where, "key 'input_shape'", "null", "the shape that the model was built for");
    const auto require = [&](const char* name, const std::string& value) {
      if (text(name) != value) {
        complain(in_metadata(), fmt::format("key '{}'", name), quote(text(name)),
                 quote(value) + ", as the configuration says");
      }
    };
    require(key::dtype, std::string(to_string(network.dtype())));
    require(key::seed, fmt::format("{}", network.seed()));
    return network;
  }

  // Called before memory for a weight is taken.
  Tensor read_weight(const nn::WeightOptions& options, const std::string& path, const ops::Type& type) {
    Tensor value = read_tensor(path, type.dtype, type.shape);
    const std::vector<double> numbers = value.values();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (!std::isfinite(numbers[i])) {
        complain(in_tensor(path), fmt::format("element {}", i), fmt::format("{}", numbers[i]), "a finite number");
      }
    }
    if (options.pattern && options.storage == nn::Storage::dense) {
      std::vector<double> existing(numbers.size());
      options.pattern->apply(numbers, existing);
      const auto odd = std::mismatch(numbers.begin(), numbers.end(), existing.begin());
      if (odd.first != numbers.end()) {
        complain(in_tensor(path), fmt::format("element {}", odd.first - numbers.begin()), fmt::format("{}", *odd.first),
                 "0, for the circuit has no synapse there");
      }
    }
    return value;
  }

  Tensor read_tensor(const std::string& name, Dtype dtype, const Shape& shape) {
    const StoredTensor& stored = take(name, describe(dtype, shape));
    if (describe(stored) != describe(dtype, shape)) {
      complain(in_tensor(name), "its type", describe(stored), describe(dtype, shape));
    }
    Tensor value(shape, dtype);
    if (!stored.data.empty()) std::memcpy(value.data(), stored.data.data(), stored.data.size());
    return value;
  }

  const StoredTensor& take(const std::string& name, const std::string& required) {
    const StoredTensor* stored = file_.find(name);
    if (stored == nullptr) complain(in_tensor(name), "it", "missing", required);
    used_.insert(name);
    return *stored;
  }

  std::vector<double> read_row(const char* name) {
    const StoredTensor* stored = file_.find(name);
    if (stored == nullptr) return {};
    const bool is_row = stored->shape.size() == 1 && stored->shape[0] > 0 && stored->dtype == StoredDtype::f64;
    if (!is_row) complain(in_tensor(name), "its type", describe(*stored), "F64 [columns]");
    return read_tensor(name, Dtype::f64, Shape{stored->shape[0]}).values();
  }

  Preprocessing read_preprocessing() {
    const nlohmann::json config = json(key::preprocessing);
    Preprocessing result = preprocessing_from_config(
        config, fmt::format("{}, key '{}'", in_metadata(), key::preprocessing), std::stol(text(key::format_version)));
    const nlohmann::json wrapped = {{key::class_names, json(key::class_names)}};
    result.classes = JsonObject(wrapped, in_metadata(), {key::class_names}).texts(key::class_names);
    result.inputs = {read_row(tensor::input_mean), read_row(tensor::input_std)};
    result.outputs = {read_row(tensor::output_mean), read_row(tensor::output_std)};
    result.time_unit = read_tensor(tensor::time_unit, Dtype::f64, {}).values()[0];
    return result;
  }

  void check_circuits(const Sequential& network) {
    const std::vector<Circuit> circuits = circuits_of(network.weights());
    if (json(key::wiring) != to_json(circuits)) {
      complain(in_metadata(), fmt::format("key '{}'", key::wiring), quote(text(key::wiring)),
               quote(to_json_text(to_json(circuits))) + ", as the configuration says");
    }
    for (const Circuit& circuit : circuits) {
      const auto synapses = static_cast<std::int64_t>(circuit.table.size() / 3);
      const Tensor stored = read_tensor(circuit.tensor, Dtype::i32, {3, synapses});
      const auto numbers = stored.as<std::int32_t>();
      const auto odd = std::mismatch(numbers.begin(), numbers.end(), circuit.table.begin());
      if (odd.first == numbers.end()) continue;
      complain(in_tensor(circuit.tensor),
               fmt::format("an entry of synapse {}", (odd.first - numbers.begin()) % synapses),
               fmt::format("{}", *odd.first), fmt::format("{}, as the configuration's circuit has it", *odd.second));
    }
  }

  GoldenVectors read_golden(Sequential& network, const Preprocessing& preprocessing) {
    const StoredTensor& timespans = take(tensor::golden_timespan, "the Δt of golden vectors");
    constexpr std::int64_t most_steps = 1000;
    const bool is_row = timespans.shape.size() == 1 && timespans.shape[0] > 0 && timespans.shape[0] <= most_steps;
    if (!is_row) {
      complain(in_tensor(tensor::golden_timespan), "its type", describe(timespans),
               fmt::format("{} [steps], 1 … {} steps", name_of(stored_dtype(network.dtype())), most_steps));
    }
    const std::int64_t steps = timespans.shape[0];
    const Dtype dtype = network.dtype();
    const auto sporadic = static_cast<std::int64_t>(preprocessing.columns.sporadic.size());
    const bool per_step = network.streams() || network.output_shape().rank() == 3;
    GoldenVectors golden{read_tensor(tensor::golden_observation, dtype, {steps, network.features() - 2 * sporadic}),
                         read_tensor(tensor::golden_timespan, dtype, {steps}),
                         read_tensor(tensor::golden_answer, dtype, {per_step ? steps : 1, network.outputs()}),
                         {}};
    if (!network.streams()) return golden;
    for (const auto& [path, type] : write_forward(network, {.expose_states = true}).states) {
      const Shape rows = type.shape.removed(0).inserted(0, steps + 1);
      golden.states.emplace_back(path, read_tensor(tensor::golden_state + path, dtype, rows));
    }
    for (const char* path : {"sporadic/value", "sporadic/elapsed"}) {
      if (sporadic == 0) break;
      golden.states.emplace_back(path,
                                 read_tensor(tensor::golden_state + std::string(path), dtype, {steps + 1, sporadic}));
    }
    return golden;
  }

  void check_all_used() const {
    for (const StoredTensor& tensor : file_.tensors()) {
      if (!used_.contains(tensor.name)) {
        complain(in_tensor(tensor.name), "it", describe(tensor),
                 "no tensor of this name in the model that the file describes");
      }
    }
  }

  const StoredTensors& file_;
  std::string source_;
  std::set<std::string, std::less<>> used_;
};

LoadedModel load_model(const std::filesystem::path& file, const LoadOptions& options) {
  const StoredTensors tensors = read_safetensors(file);
  return ModelReader(tensors, file.string()).read(options);
}

LoadedModel parse_model(std::span<const std::byte> file, std::string_view source_name, const LoadOptions& options) {
  const StoredTensors tensors = parse_safetensors(file, source_name);
  return ModelReader(tensors, std::string(source_name)).read(options);
}

}  // namespace elegans::model
