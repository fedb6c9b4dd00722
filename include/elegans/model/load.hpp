#pragma once
// Reading a model file (its format: docs/model-file.md; writing: model/save.hpp).
//
//     LoadedModel model = load_model("gait.safetensors");
//     Tensor y = model.network.predict(x);
//
// Nothing in the file is believed. Every size is checked before memory is taken; a tensor that is missing, unknown or
// of another shape than the configuration says, a checksum that does not fit, a circuit that the configuration does not
// draw, and a newer format are errors. At last the golden vectors are computed anew, and must come out as they were
// saved: bit for bit on a machine of the same kind (model/machine_kind.hpp), else within golden_bound
// (model/golden.hpp).
//
// Errors: FormatError names the file and the tensor or key, what was found and what was expected; FileError where the
// file cannot be read. Layers and activations of one's own must be registered first (nn/registry.hpp).

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "elegans/model/preprocessing.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::model {

struct LoadOptions {
  kernels::Target target = kernels::Target::best;  // by which golden vectors are checked
};

struct LoadedModel {
  Sequential network;
  Preprocessing preprocessing;
  std::string saved_by;      // the version of elegans
  std::string machine_kind;  // of the machine that saved it
};

LoadedModel load_model(const std::filesystem::path& file, const LoadOptions& options = {});

// The same from memory; `source_name` stands in errors where a file's name would.
LoadedModel parse_model(std::span<const std::byte> file, std::string_view source_name, const LoadOptions& options = {});

}  // namespace elegans::model

namespace elegans {
using model::load_model;
using model::LoadedModel;
}  // namespace elegans
