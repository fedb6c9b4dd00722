#include "elegans/graph/gradient.hpp"

#include <algorithm>
#include <array>

#include "elegans/graph/custom_gradient.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/graph/table.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "gradient_scan.hpp"

namespace elegans::graph {
namespace {

bool passes_gradients(const Node& node) {
  return as_scan(node) != nullptr || row_of(*node.operation).gradient != nullptr;
}

// Which outputs of a loop depend on its active inputs: carried values until nothing changes any more.
std::vector<char> depending_outputs(const Scan& scan, std::vector<char> active) {
  const ScanCounts& counts = scan.counts();
  const Graph& body = scan.body();
  for (;;) {
    std::vector<char> seeds(body.value_count(), 0);
    for (std::size_t i = 0; i < active.size(); ++i)
      if (active[i]) seeds[body.inputs()[i].value] = 1;
    const std::vector<char> depends = depending(body, std::move(seeds));
    bool changed = false;
    for (std::size_t i = 0; i < counts.carried; ++i)
      if (depends[scan.carried_output(i)] && !active[i]) active[i] = 1, changed = true;
    if (changed) continue;
    std::vector<char> outputs;
    for (const Port& port : body.outputs()) outputs.push_back(depends[port.value]);
    return outputs;
  }
}

// What is known of the gradient of a value: two sums. Products stand together, so that they can become one product of
// several terms (graph/passes/merge.hpp).
class GradientSum {
 public:
  void add(Value term, bool is_product) {
    std::optional<Value>& sum = is_product ? products_ : others_;
    sum = sum ? *sum + term : term;
  }
  std::optional<Value> total() {
    if (products_ && others_) {
      products_ = *products_ + *others_;
      others_.reset();
    }
    return products_ ? products_ : others_;
  }

 private:
  std::optional<Value> products_, others_;
};

// The gradients of a product are products.
bool is_product(const ops::Operation& operation) {
  return dynamic_cast<const ops::Matmul*>(&operation) || dynamic_cast<const ops::SparseMatmul*>(&operation);
}

std::vector<char> select_active(const Node& node, const std::vector<char>& depends) {
  std::vector<char> active;
  for (const ValueId input : node.inputs) active.push_back(depends[input]);
  return active;
}

}  // namespace

std::vector<char> depending(const Graph& graph, std::vector<char> seeds) {
  std::vector<char> depends = std::move(seeds);
  depends.resize(graph.value_count(), 0);
  for (const Node& node : graph.nodes()) {
    const std::vector<char> active = select_active(node, depends);
    if (std::none_of(active.begin(), active.end(), [](char a) { return a != 0; }) || !passes_gradients(node)) continue;
    if (const Scan* scan = as_scan(node)) {
      const std::vector<char> outputs = depending_outputs(*scan, active);
      for (std::size_t i = 0; i < outputs.size(); ++i) depends[node.outputs[i]] = outputs[i];
    } else {
      for (const ValueId output : node.outputs)
        if (is_floating(graph.type(output).dtype)) depends[output] = 1;
    }
  }
  return depends;
}

std::vector<std::optional<Value>> gradients_inside(std::span<const Value> outputs, std::span<const Value> cotangents,
                                                   std::span<const Value> wrt, int nesting) {
  ensure(outputs.size() == cotangents.size(), "outputs and cotangents differ in number");
  if (outputs.empty()) return std::vector<std::optional<Value>>(wrt.size());
  Graph& graph = *outputs[0].graph;
  std::vector<ValueId> sources;
  for (const Value& value : wrt) sources.push_back(graph.capture(value).id);  // may add values
  std::vector<char> seeds(graph.value_count(), 0);
  for (const ValueId source : sources) seeds[source] = 1;
  const std::vector<char> depends = depending(graph, std::move(seeds));

  // Of what stands here before; the nodes written from here on have none, the sum for a value named twice included.
  const std::size_t nodes = graph.nodes().size();
  std::vector<GradientSum> gradient(graph.value_count());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!(outputs[i].shape() == cotangents[i].shape()))
      throw ShapeError({.operation = "gradients",
                        .argument = "a cotangent",
                        .actual = elegans::to_string(cotangents[i].shape()),
                        .required = elegans::to_string(outputs[i].shape()) + ", the shape of its output",
                        .remedy = ""});
    if (depends[outputs[i].id]) gradient[outputs[i].id].add(cotangents[i], false);
  }

  for (std::size_t n = nodes; n-- > 0;) {
    const Node node = graph.nodes()[n];
    std::vector<std::optional<Value>> g;
    for (const ValueId output : node.outputs) g.push_back(gradient[output].total());
    const std::vector<char> wanted = select_active(node, depends);
    const auto any = [](const auto& list) {
      return std::any_of(list.begin(), list.end(), [](const auto& x) { return bool(x); });
    };
    if (!any(g) || !any(wanted) || !passes_gradients(node)) continue;

    std::vector<std::optional<Value>> dx(node.inputs.size());
    if (as_scan(node)) {
      dx = gradient_of_scan(graph, n, g, wanted, nesting);
    } else {
      const Scope scope(graph, "gradient");
      std::vector<Value> x, y;
      for (const ValueId input : node.inputs) x.push_back(graph.value(input));
      for (const ValueId output : node.outputs) y.push_back(graph.value(output));
      row_of(*node.operation).gradient({graph, *node.operation, x, y, g, wanted, dx});
    }
    for (std::size_t i = 0; i < dx.size(); ++i)
      if (dx[i] && wanted[i]) gradient[node.inputs[i]].add(*dx[i], is_product(*node.operation));
  }

  std::vector<std::optional<Value>> result;
  for (const ValueId source : sources) result.push_back(gradient[source].total());
  return result;
}

std::vector<std::optional<Value>> gradients(std::span<const Value> outputs, std::span<const Value> cotangents,
                                            std::span<const Value> wrt) {
  return gradients_inside(outputs, cotangents, wrt, 0);
}

std::vector<Value> gradients(Value loss, std::span<const Value> wrt) {
  if (loss.shape().rank() != 0)
    throw ShapeError({.operation = "gradients",
                      .argument = "the loss",
                      .actual = elegans::to_string(loss.shape()),
                      .required = "a scalar []",
                      .remedy = "Add it up with sum."});
  const Value one = constant(loss, 1);
  std::vector<Value> result;
  const auto found = gradients_inside(std::array{loss}, std::array{one}, wrt, 0);
  for (std::size_t i = 0; i < wrt.size(); ++i) result.push_back(found[i] ? *found[i] : zeros_like(wrt[i]));
  return result;
}

}  // namespace elegans::graph
