#pragma once
// Writing a model file: one safetensors file with everything that is needed to run the model (its format:
// docs/model-file.md; reading: model/load.hpp and model/policy.hpp).
//
//     save_model("gait.safetensors", model, preprocessing);
//
// A crash leaves the old file or the new one (base/atomic_file.hpp). Saving the same model twice gives the same bytes.

#include <cstddef>
#include <filesystem>
#include <vector>

#include "elegans/model/preprocessing.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

struct SaveOptions {
  kernels::Target target = kernels::Target::best;  // that computes the golden vectors
};

// ConfigError where the model is not built, a weight is NaN or infinite, the preprocessing does not fit it, or it holds
// something that has no name to be saved under; FileError where the file cannot be written.
void save_model(const std::filesystem::path& file, Sequential& network, const Preprocessing& preprocessing = {},
                const SaveOptions& options = {});

// The same into memory.
std::vector<std::byte> to_model_file(Sequential& network, const Preprocessing& preprocessing = {},
                                     const SaveOptions& options = {});

}  // namespace elegans::model

namespace elegans {
using model::save_model;
}  // namespace elegans
