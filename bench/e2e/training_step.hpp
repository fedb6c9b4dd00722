#pragma once
// A training step as a loop of one's own has it: forward, backward and Adam for one batch of full sequences, by
// Trainer::gradients and Trainer::apply.

#include <cstdint>

#include "e2e/case.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/train/dataset.hpp"

namespace elegans::bench {

// `sequences` sequences of numbers from a seed, with targets and Δt of 0.5 … 1.5.
train::Dataset random_sequences(const Sequences& sequences);

// Mean squared error against the targets, on so many threads. The checksum is of the weights.
Work training_step(Sequential model, std::int64_t batch, std::int64_t time, std::size_t threads,
                   const StepCounts& counts);

}  // namespace elegans::bench
