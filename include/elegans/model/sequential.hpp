#pragma once
// A stack of layers: what flows out of one flows into the next.
//
//     Sequential model({.name = "gait", .seed = 7});
//     model.add(nn::Dense(16, "relu"));                    any nn::Layer; a network may go Dense → LTC → CfC → Dense
//     model.add(nn::CfC(wiring::AutoNCP({.units = 28, .output_size = 4})));
//     model.build({Dim::batch(), Dim::time(), 3});         makes the weights; a number of features is enough: build(3)
//     Tensor y = model.predict(x, {.timespans = dt, .lengths = lengths});
//
// Inputs are [batch, time, features], or [batch, features] for a network without time. Layers get names by which
// weights and states are known: the type in lower case, then dense_1, dense_2, … (a name that was given stays as it
// is).
//
// A stack is not a layer: it owns dtype and seed, and is what is trained, saved (model/save.hpp), summarised
// (model/summary.hpp) and run as a policy (model/policy.hpp). It is used by one thread at a time.

#include <concepts>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/nn/layer.hpp"

namespace elegans::model {

struct SequentialOptions {
  std::string name = "sequential";
  Dtype dtype = Dtype::f32;
  std::uint64_t seed = 0;
};

// What goes with the sequences of a prediction. Numbers have the dtype of the model; lengths are i32.
struct PredictOptions {
  std::optional<View> timespans = {};  // [batch, time], finite and >= 0; 1 where absent
  std::optional<View> lengths = {};    // [batch], 0 … time; the whole sequence where absent
  std::optional<View> mask = {};       // [batch, time], 0 where a step is skipped, else 1 (nn/rnn.hpp)
  // States of the recurrent layers before the sequences, and memory for those after them: [batch, …] each, in the order
  // of Policy::states(). Both or neither; without, sequences start afresh. The two may not overlap.
  std::vector<View> state = {};
  std::vector<View> next_state = {};
};

class Sequential {
 public:
  // ConfigError where the dtype is i32 or the name empty.
  explicit Sequential(SequentialOptions options = {});
  ~Sequential();
  Sequential(Sequential&&) noexcept;
  Sequential& operator=(Sequential&&) noexcept;

  // Appends a layer (model.add(std::make_shared<nn::LTC>(wiring)), or model.add(nn::LTC(wiring))), gives it the model's
  // dtype and seed, and a new name where its type's is taken. ConfigError once the model is built, where the layer is
  // in the model already or the name it was given is taken.
  Sequential& add(nn::LayerPtr layer);
  template <std::derived_from<nn::Layer> L>
  Sequential& add(L layer) {
    return add(std::make_shared<L>(std::move(layer)));
  }

  // Makes the weights for inputs of this shape; its batch and time are not fixed by it. ShapeError where a layer cannot
  // take what flows into it. A second build with the same number of features does nothing.
  void build(const Shape& input);
  // For sequences of `features` numbers a step.
  void build(std::int64_t features);
  bool built() const { return built_; }

  const std::string& name() const { return options_.name; }
  Dtype dtype() const { return options_.dtype; }
  std::uint64_t seed() const { return options_.seed; }
  const std::vector<nn::LayerPtr>& layers() const { return layers_; }

  // Of a built model (ConfigError otherwise): [batch, time, features] or [batch, features], and what comes out of it.
  const Shape& input_shape() const;
  const Shape& output_shape() const;
  bool has_time() const { return input_shape().rank() == 3; }
  std::int64_t features() const { return input_shape().back().factor(); }
  std::int64_t outputs() const { return output_shape().back().factor(); }
  // Whether it can be run step by step: a layer that looks ahead in time cannot.
  bool streams() const;

  // The states with which `batch` sequences start, for PredictOptions::state. ConfigError where it is not built.
  std::vector<Tensor> first_states(std::int64_t batch);

  // All weights, layer by layer; one that two layers share comes once.
  std::vector<nn::WeightPtr> weights() const;

  // Writes the whole stack.
  nn::Value operator()(nn::Context& context, nn::Value x);

  // The answers for x of the input's shape, as the network gives them. Builds the model where it is not built. Keeps
  // the executables of the last few calls: one that is large enough is used again. ShapeError, DtypeError; ConfigError
  // naming sample and step where a Δt is negative or not finite, a mask neither 0 nor 1, or a length out of range.
  Tensor predict(const View& x, const PredictOptions& options = {});
  // The same into `out`, which is never resized; allocates nothing once an executable is kept.
  void predict(const View& x, const PredictOptions& options, const View& out);

  // {"type": "Sequential", "name", "dtype", "seed", "input_shape": ["batch", "time", 3], "layers": […]}; "input_shape"
  // is null before build(). ConfigError where two layers share a part, which a configuration cannot say.
  nlohmann::json config() const;
  // The same model with fresh weights, built where it was built. FormatError, beginning with `source_name`, for a
  // missing or unknown key or layer.
  static Sequential from_config(const nlohmann::json& config, std::string_view source_name = "configuration");

 private:
  friend class ModelReader;
  struct Predictions;

  // from_config with weights of another origin than initialisers (null for these).
  static Sequential read(const nlohmann::json& config, std::string_view source_name,
                         const std::shared_ptr<const nn::FirstValues>& first_values);
  void name_layer(nn::Layer& layer) const;

  SequentialOptions options_;
  std::vector<nn::LayerPtr> layers_;
  bool built_ = false;
  Shape input_;
  Shape output_;
  std::unique_ptr<Predictions> predictions_;
};

}  // namespace elegans::model

namespace elegans {
using model::Sequential;
using model::SequentialOptions;
}  // namespace elegans
