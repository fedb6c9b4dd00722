#pragma once
// Sporadic features: sensors that do not answer at every step. Each becomes three inputs of the network, so that it
// sees what was measured, and knows what was not (the inputs of GRU-D: Che, Purushotham, Cho, Sontag and Liu,
// "Recurrent neural networks for multivariate time series with missing values", 2018):
//
//   value    the last one seen, standardised; 0 before the first (the mean of the training part, where features are
//            standardised)
//   seen     1 where the feature is there at this step, else 0
//   elapsed  how long it has not been there, in time units: 0 where seen is 1, else elapsed + τ, from 0 on, where a
//            sequence begins
//
// Inputs stand in this order: all F features (of sporadic ones the value), then seen, then elapsed of the M sporadic
// ones, F + 2M in all. Elapsed times are counted in floats whatever the dtype, so that a snapshot in floats holds them.

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "elegans/model/preprocessing.hpp"

namespace elegans::model {

// Indices of the sporadic features among all features.
std::vector<std::size_t> sporadic_features(const Preprocessing& preprocessing);

// "x", "y", "x seen", "x elapsed": one a network's input; empty where features have no names.
std::vector<std::string> input_names(const Preprocessing& preprocessing);

// One step: F numbers of an observation, NaN where a sporadic feature is not there, become F + 2M inputs. `memory` is
// what the step before left, M values and M elapsed times (zeros at first), and is brought up to date. τ is Δt in time
// units. Nothing overlaps.
template <class From, class To>
void observe(const Scaling& scaling, std::span<const std::size_t> sporadic, std::span<const From> observation,
             double tau, std::span<double> memory, std::span<To> inputs) noexcept {
  const std::size_t features = observation.size(), m = sporadic.size();
  standardise(scaling, observation, inputs.first(features));
  for (std::size_t i = 0; i < m; ++i) {
    const std::size_t f = sporadic[i];
    double &value = memory[i], &elapsed = memory[m + i];
    const bool seen = !std::isnan(observation[f]);
    if (seen) value = static_cast<double>(inputs[f]);
    elapsed = seen ? 0 : static_cast<double>(static_cast<float>(elapsed + tau));
    inputs[f] = static_cast<To>(value);
    inputs[features + i] = seen ? To{1} : To{0};
    inputs[features + m + i] = static_cast<To>(elapsed);
  }
}

}  // namespace elegans::model
