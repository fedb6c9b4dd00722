// Losses with their gradients, 4096 places of 1000 numbers.

#include <array>
#include <memory>

#include "e2e/bound_executable.hpp"
#include "e2e/case.hpp"
#include "e2e/graphs.hpp"
#include "elegans/graph/gradient.hpp"
#include "elegans/nn/losses.hpp"

namespace elegans::bench {
namespace {

constexpr std::int64_t rows = 4096, columns = 1000;
constexpr double numbers = rows * columns;

Case loss_case(const std::string& name, const nn::Loss& loss, const ops::Type& target, const Counts& counts) {
  return {"loss/" + name,
          loss.name + ", forward and backward, 4096 × 1000",
          {{"run", [=] {
              auto run = std::make_shared<BoundExecutable>(loss_graph(loss, target), Extents{}, columns);
              return Work{.run = repeated([run] { run->run(); }), .counts = counts};
            }}}};
}

}  // namespace

ops::Type label_targets() { return {Dtype::i32, Shape{rows}}; }
ops::Type numeric_targets() { return {Dtype::f32, Shape{rows, columns}}; }

graph::Graph loss_graph(const nn::Loss& loss, const ops::Type& target) {
  graph::Graph graph;
  const graph::Value prediction = graph.input("prediction", {Dtype::f32, Shape{rows, columns}});
  const graph::Value value = loss(prediction, graph.input("target", target));
  graph.output("loss", value);
  graph.output("gradient", graph::gradients(value, std::array{prediction})[0]);
  return graph;
}

std::vector<Case> loss_cases() {
  // Read the predictions (and targets), write the gradient.
  return {loss_case("crossentropy", nn::sparse_categorical_crossentropy(), label_targets(),
                    {.flop = 5 * numbers, .sigmoids = numbers, .bytes = 8 * numbers, .traffic = Traffic::copy}),
          loss_case("mse", nn::mean_squared_error(), numeric_targets(),
                    {.flop = 4 * numbers, .bytes = 12 * numbers, .traffic = Traffic::copy})};
}

}  // namespace elegans::bench
