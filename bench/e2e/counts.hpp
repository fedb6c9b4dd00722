#pragma once
// What a case has to do at least, counted from its shapes alone and not from how the library does it. scripts/bench
// makes the floor of the case from these counts and from rates measured in the same run:
//
//     floor = max(flop / FMA rate, bytes / bandwidth) + sigmoids · time of one + tanhs · time of one
//
// FMA rate: multiply-adds in registers at the widest vector. Bandwidth: of reading an array of `bytes` again and again,
// or of copying arrays of that size (Traffic). The functions are added because they use the multiply-add units too and
// cannot begin before the sums that they are of are there; an exponential counts as a sigmoid.
//
// A step of a recurrent network reads each of its weights once. A training step of T steps for B sequences reads inputs
// and targets, writes and reads back the state of each step (all else can be computed from it), and reads and writes
// what Adam keeps, 28 bytes a weight. Its products are three times those of the forward pass (forward, gradient of the
// weights, gradient of the data), two times where the data are the inputs of the network, whose gradient nobody asks
// for; other arithmetic is three times that of the forward pass, and functions are computed once, for all derivatives
// follow from their values.

#include <cstdint>

#include "elegans/wiring/wiring.hpp"

namespace elegans::bench {

enum class Traffic { read, copy };

struct Counts {
  double flop = 0;  // without functions
  double sigmoids = 0;
  double tanhs = 0;
  double bytes = 0;
  Traffic traffic = Traffic::read;
  double synapses = 0;  // weights of the circuit; 0 where that is not what the case is about
  double memory = 0;    // bytes that it holds of the heap; 0 where that is not what the case is about
};

// One step of one sequence.
struct StepCounts {
  double input_products = 0;  // multiply-adds with the inputs of the network
  double products = 0;        // other multiply-adds
  double pointwise = 0;       // flop
  double sigmoids = 0;
  double tanhs = 0;
  double weights = 0;  // numbers
  double states = 0;   // numbers

  StepCounts& operator+=(const StepCounts& other);
};

// Cells as their headers in elegans/nn define them.
StepCounts count_wired_cfc(const wiring::Wiring& built);
// The same where Δt is fixed: its gate σ((x a + u) Δt + (x b + v)) is one affine map instead of two.
StepCounts count_wired_cfc_of_fixed_dt(const wiring::Wiring& built);
StepCounts count_cfc(std::int64_t inputs, std::int64_t units, std::int64_t backbone_units);
StepCounts count_ltc(const wiring::Wiring& built, std::int64_t unfolds);
StepCounts count_lstm(std::int64_t inputs, std::int64_t units);
StepCounts count_gru(std::int64_t inputs, std::int64_t units);
StepCounts count_dense(std::int64_t inputs, std::int64_t units);  // behind another layer

struct Sequences {
  std::int64_t batch;
  std::int64_t time;
  std::int64_t inputs;
  std::int64_t outputs;
};
Counts counts_of_step(const StepCounts& step);
Counts counts_of_training(const StepCounts& step, const Sequences& sequences);

}  // namespace elegans::bench
