#pragma once
// The networks of the table, each with 16 inputs.

#include <string>

#include "e2e/counts.hpp"
#include "elegans/model/sequential.hpp"

namespace elegans::bench {

inline constexpr std::int64_t model_inputs = 16;

// Peers know them by these names (bench/peers/shapes.py).
struct Model {
  std::string name;
  std::string text;
  std::function<void(Sequential&)> add_layers;
  StepCounts counts;
  StepCounts counts_of_fixed_dt = counts;  // of a step of a policy whose Δt is fixed

  // Built, with weights drawn from a seed.
  Sequential build() const;
};

Model cfc_ncp();          // CfC over AutoNCP(64, 8)
Model cfc_ncp_by_user();  // the same, written as a user would (cfc_by_user.hpp)
Model ltc_ncp();          // LTC over AutoNCP(32, 4)
Model cfc();              // CfC(64) with its backbone of 128
Model lstm(std::int64_t units);
Model gru(std::int64_t units);
Model with_dense(Model model, std::int64_t units);  // Dense(8) behind `units` outputs
std::vector<Model> unnamed_models();                // five of unnamed_cell.hpp

}  // namespace elegans::bench
