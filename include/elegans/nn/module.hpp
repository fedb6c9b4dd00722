#pragma once
// What layers and cells have in common: a name, weights, parts, a configuration.
//
// A module is built lazily, from the first shape it sees; then its weights exist. Modules can hold others (a sequence
// layer its cell, a cell its dense heads): add_part() gives the part dtype, seed and a path, and counts its weights.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "elegans/nn/context.hpp"

namespace elegans::nn {

class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // The name it was given, else its type in lower case.
  std::string name() const;
  // The names from the outermost module to this one, "rnn/cell": in front of the paths of its weights and states.
  std::string path() const { return prefix_ + name(); }
  // ConfigError once built, and for an empty name or one with '/'.
  void set_name(std::string name);

  bool built() const { return built_; }
  Dtype dtype() const { return dtype_; }
  std::uint64_t seed() const { return seed_; }
  // Element type and seed of the weights, of parts too. ConfigError once built with others, DtypeError where dtype is i32.
  virtual void set_numbers(Dtype dtype, std::uint64_t seed);
  // Makes weights, of parts too, begin with what `values` gives (nn/weight.hpp) instead of with their initialisers;
  // null for these. ConfigError once built.
  void take_first_values(const std::shared_ptr<const FirstValues>& values);

  // Makes the weights for inputs of shape `input` (with batch and time in front where there are any). A second build
  // with another number of features is a ShapeError, with the same one it does nothing.
  void build(const Shape& input);
  // Own weights, then those of parts, in the order they were added.
  virtual std::vector<WeightPtr> weights() const;
  // The circuits that its weights stand on, then those of parts: each once, however many weights share it, and also
  // where every synapse exists, so that its kernel is stored as a whole.
  std::vector<PatternPtr> patterns() const;
  const std::vector<std::shared_ptr<Module>>& parts() const { return parts_; }

  // The name under which the registry knows how to make it, and its options (nn/registry.hpp).
  virtual std::string type() const = 0;
  virtual Json config() const = 0;

 protected:
  // So that a layer or cell can be handed over by value. Not an owner of parts that point back to it.
  Module(Module&&) = default;

  virtual void on_build(const Shape& input) = 0;
  // Without those of parts; by default what its own weights have as WeightOptions::pattern.
  virtual std::vector<PatternPtr> own_patterns() const;
  // A new weight called options.name under this module's path, filled at once from the seed. Only while building.
  WeightPtr add_weight(WeightOptions options);
  // Makes `part` a part of this module, called `name`. One that is built already (shared with another module) keeps its
  // path; building is a ConfigError where its dtype differs. Parts are built by their owner's on_build.
  void add_part(std::string name, std::shared_ptr<Module> part);

 private:
  void set_prefix(const std::string& prefix);

  std::string name_;
  std::string prefix_;  // the owner's path and '/', or empty
  Dtype dtype_ = Dtype::f32;
  std::uint64_t seed_ = 0;
  bool building_ = false;
  bool built_ = false;
  Dim features_ = 0;
  std::shared_ptr<const FirstValues> first_values_;
  std::vector<WeightPtr> weights_;
  std::vector<std::shared_ptr<Module>> parts_;
};

}  // namespace elegans::nn
