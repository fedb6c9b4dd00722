#include "elegans/graph/passes/exact.hpp"

#include <fmt/format.h>

#include "elegans/graph/functions.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t written_out = 0, left = 0;
};

Graph graph_at(const Graph& from, const Extents& extents, Counts& counts);

// Values of an old graph or body as those of the new graph.
using Places = std::vector<Value>;

std::vector<Value> at(const Places& places, const std::vector<ValueId>& old) {
  std::vector<Value> values;
  for (const ValueId id : old) values.push_back(places[id]);
  return values;
}

class Exact {
 public:
  Exact(Graph& to, const Extents& extents, Counts& counts) : to_(to), extents_(extents), counts_(counts) {}

  // Writes the nodes of `from`, whose inputs have their places already.
  void write(const Graph& from, Places& places) {
    for (const Node& node : from.nodes()) {
      to_.set_scope(node.scope);
      const Scan* scan = as_scan(node);
      std::vector<Value> results;
      if (scan && is_short(*scan)) {
        results = write_out(*scan, at(places, node.inputs));
      } else if (scan) {
        ++counts_.left;
        auto changed = std::make_shared<Scan>(graph_at(scan->body(), extents_, counts_), scan->counts(),
                                              Dim(scan->steps().value(extents_)), scan->reverse());
        results = to_.apply(changed->with_segment_length(scan->segment_length()), at(places, node.inputs));
      } else {
        const OperationPtr changed = node.operation->at(extents_);
        results = to_.apply(changed ? changed : node.operation, at(places, node.inputs));
      }
      for (std::size_t i = 0; i < results.size(); ++i) places[node.outputs[i]] = results[i];
    }
  }

 private:
  bool is_short(const Scan& scan) const {
    const std::int64_t steps = scan.steps().value(extents_);
    return steps >= 1 && steps <= most_steps &&
           static_cast<std::size_t>(steps) * scan.body().nodes().size() <= most_nodes &&
           (steps == 1 || moves_floating_only(scan));
  }

  // Steps are cut out of arrays and joined to them, which no operation does with integers.
  static bool moves_floating_only(const Scan& scan) {
    const auto floating = [&](ValueId value) { return is_floating(scan.body().type(value).dtype); };
    for (std::size_t i = 0; i < scan.counts().scanned; ++i)
      if (!floating(scan.scanned_input(i))) return false;
    for (std::size_t i = 0; i < scan.counts().stacked; ++i)
      if (!floating(scan.stacked_output(i))) return false;
    return true;
  }

  // x[t] of an array [steps, …].
  Value step_of(Value x, std::int64_t t) {
    const Shape one = x.shape().removed(0);
    return reshape(x.shape()[0] == Dim(1) ? x : slice(x, 0, t, t + 1), one);
  }

  std::vector<Value> write_out(const Scan& scan, const std::vector<Value>& inputs) {
    ++counts_.written_out;
    const ScanCounts& counts = scan.counts();
    const Graph& body = scan.body();
    const std::int64_t steps = scan.steps().value(extents_);
    std::vector<Value> carried(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(counts.carried));
    std::vector<std::vector<Value>> stacked(counts.stacked, std::vector<Value>(static_cast<std::size_t>(steps)));
    std::vector<Value> summed(counts.summed);
    for (std::int64_t done = 0; done < steps; ++done) {
      const std::int64_t t = scan.reverse() ? steps - 1 - done : done;
      Places places(body.value_count());
      for (std::size_t i = 0; i < counts.carried; ++i) places[scan.carried_input(i)] = carried[i];
      for (std::size_t i = 0; i < counts.scanned; ++i)
        places[scan.scanned_input(i)] = step_of(inputs[counts.carried + i], t);
      for (std::size_t i = 0; i < counts.captured; ++i)
        places[scan.captured_input(i)] = inputs[counts.carried + counts.scanned + i];
      write(body, places);
      for (std::size_t i = 0; i < counts.carried; ++i) carried[i] = places[scan.carried_output(i)];
      for (std::size_t i = 0; i < counts.stacked; ++i) {
        const Value y = places[scan.stacked_output(i)];
        stacked[i][static_cast<std::size_t>(t)] = reshape(y, y.shape().inserted(0, 1));
      }
      for (std::size_t i = 0; i < counts.summed; ++i) {
        // From 0 on, as a loop adds up.
        const Value term = places[scan.summed_output(i)];
        summed[i] = summed[i] ? summed[i] + term : term + 0.0;
      }
    }
    std::vector<Value> results = carried;
    for (const std::vector<Value>& all : stacked) results.push_back(joined(all));
    results.insert(results.end(), summed.begin(), summed.end());
    return results;
  }

  Value joined(const std::vector<Value>& parts) { return parts.size() == 1 ? parts[0] : concat(parts, 0); }

  Graph& to_;
  const Extents& extents_;
  Counts& counts_;
};

Graph graph_at(const Graph& from, const Extents& extents, Counts& counts) {
  Graph to;
  Places places(from.value_count());
  for (const Port& port : from.inputs()) {
    Type type = from.type(port.value);
    type.shape = type.shape.at(extents);
    places[port.value] = to.input(port.name, type);
  }
  Exact(to, extents, counts).write(from, places);
  for (const Port& port : from.outputs()) to.output(port.name, places[port.value]);
  to.set_scope("");
  return to;
}

}  // namespace

Graph exact(const Graph& graph, const Extents& extents, PassReport& report) {
  Counts counts;
  Graph result = graph_at(graph, extents, counts);
  report.notes.push_back(fmt::format("shapes for batch {} and time {}", extents.batch, extents.time));
  report.note(counts.written_out, "loops written out");
  report.note(counts.left,
              fmt::format("loops left: more than {} steps or {} nodes, or integers by steps", most_steps, most_nodes));
  return result;
}

}  // namespace elegans::graph
