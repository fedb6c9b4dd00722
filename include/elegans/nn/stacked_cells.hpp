#pragma once
// Cells on top of each other as one cell: the output of each is the input of the next, all within one step.
//
//     RNN layer(std::make_shared<StackedCells>({std::make_shared<LSTMCell>(32), std::make_shared<GRUCell>(16)}));
//
// In Keras: StackedRNNCells. Two sequence layers one after the other compute the same numbers; one layer of stacked
// cells has a single loop, and reads backwards as a whole.
//
// States: those of the cells in their order, called "cell_0_h", "cell_0_c", "cell_1_h", …. The output is that of the
// last cell.

#include "elegans/nn/cell.hpp"

namespace elegans::nn {

class StackedCells : public Cell {
 public:
  // ConfigError where there is no cell, one is null or there twice.
  explicit StackedCells(std::vector<CellPtr> cells);
  static CellPtr from_config(const Json& config, const std::string& source_name);

  const std::vector<CellPtr>& cells() const { return cells_; }

  std::vector<StateOptions> states() const override;
  std::int64_t output_size() const override { return cells_.back()->output_size(); }
  std::optional<std::size_t> output_state() const override;
  CellOutput step(Context& context, Value x, const std::vector<Value>& state, Value dt) override;
  std::string type() const override { return "StackedCells"; }
  Json config() const override;

 protected:
  void on_build(const Shape& input) override;

 private:
  std::vector<CellPtr> cells_;
};

}  // namespace elegans::nn
