#pragma once
// What the sequence layers of one kind of cell share (CTRNN, CTGRU, NeuralODE): the sequence, under ncps' names, and the
// mixed memory around the cell. Such a layer takes the options of its cell, then these:
//
//     CTRNN layer(32, {.tau = 2}, {.return_sequences = false});

#include "elegans/nn/rnn.hpp"

namespace elegans::nn {

struct CellLayerOptions {
  bool return_sequences = true;
  bool mixed_memory = false;   // nn/mixed_memory.hpp
  std::int64_t proj_size = 0;  // RnnOptions::projection
  bool go_backwards = false;
  std::int64_t checkpoint_every = 0;

  friend bool operator==(const CellLayerOptions&, const CellLayerOptions&) = default;
};

class CellLayer : public RNN {
 public:
  const CellLayerOptions& options() const { return options_; }
  // The options of the cell and those of the sequence, in one object.
  Json config() const override;

 protected:
  CellLayer(CellPtr inner, CellLayerOptions options);
  // Inside the mixed memory where there is one, else the cell.
  const CellPtr& inner() const { return inner_; }

 private:
  CellLayerOptions options_;
  CellPtr inner_;
};

}  // namespace elegans::nn
