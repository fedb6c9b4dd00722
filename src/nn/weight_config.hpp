#pragma once
// Initialisers, regularisers and constraints of a layer's configuration.

#include <string>

#include "elegans/base/json.hpp"
#include "elegans/nn/weight.hpp"

namespace elegans::nn {

// Each read() leaves `value` as it is where the key is missing.
struct WeightConfig {
  const JsonObject& object;
  const std::string& source_name;

  void read(const char* key, Initialiser& value) const {
    if (object.has(key)) value = initialiser_from(object.at(key), within(key));
  }
  void read(const char* key, Regulariser& value) const {
    if (object.has(key)) value = regulariser_from(object.at(key), within(key));
  }
  void read(const char* key, Constraint& value) const {
    if (object.has(key)) value = constraint_from(object.at(key), within(key));
  }

 private:
  std::string within(const char* key) const { return source_name + ": key '" + key + "'"; }
};

}  // namespace elegans::nn
