#pragma once
// The base of layers: something with weights that writes graph.
//
// A layer is built lazily, from the first shape it sees; then its weights exist. A user's layer overrides
//
//     on_build(input)                 adds weights with add_weight
//     call(context, x)                writes the graph of the output
//     compute_output_shape(input)     says its shape
//     type(), config()                name and options, from which a registered factory (nn/registry.hpp) makes it again
//
// Direct calls on tensors (`y = layer(x)`) build and keep an executable per input shape in a bounded cache; with `out` later
// calls of a known shape allocate nothing.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/nn/context.hpp"

namespace elegans::nn {

using Json = nlohmann::json;

// What layers and cells have in common: a name, weights, a configuration.
class Module {
 public:
  Module();
  virtual ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const std::string& name() const { return name_; }
  void set_name(std::string name);  // ConfigError once built
  bool built() const { return built_; }
  Dtype dtype() const { return dtype_; }
  // Element type and seed of the weights; before building (ConfigError afterwards).
  virtual void set_numbers(Dtype dtype, std::uint64_t seed);

  // Makes the weights for inputs of shape `input` (with batch and time in front where there are any). A second build with
  // another number of features is a ShapeError, with the same one it does nothing.
  void build(const Shape& input);
  // Own weights and those of parts, in the order they were added.
  virtual std::vector<WeightPtr> weights() const { return weights_; }

  // The name under which the registry knows how to make it, and its options.
  virtual std::string type() const = 0;
  virtual Json config() const = 0;

 protected:
  virtual void on_build(const Shape& input) = 0;
  // A new weight called `options.name` under this module's path. Filled at once from the seed.
  WeightPtr add_weight(WeightOptions options);
  std::uint64_t seed() const { return seed_; }

 private:
  friend class Layer;
  std::string name_;
  Dtype dtype_ = Dtype::f32;
  std::uint64_t seed_ = 0;
  bool built_ = false;
  Dim features_ = 0;
  std::vector<WeightPtr> weights_;
};

class Layer : public Module {
 public:
  // Writes the layer: builds it if need be, then calls `call` in a scope of its name.
  Value operator()(Context& context, Value x);
  virtual Shape compute_output_shape(const Shape& input) const = 0;

  // Direct calls (inference). `out` must have the shape of the result; it is never resized.
  Tensor operator()(const View& x);
  void operator()(const View& x, const View& out);

 protected:
  virtual Value call(Context& context, Value x) = 0;

 private:
  struct Calls;
  std::shared_ptr<Calls> calls_;
};

using LayerPtr = std::shared_ptr<Layer>;

}  // namespace elegans::nn
