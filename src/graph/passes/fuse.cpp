#include "elegans/graph/passes/fuse.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/product_chain.hpp"
#include "graph/node_groups.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/repeats.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t chains = 0, chained = 0, epilogues = 0, repeated = 0, refused_inputs = 0, refused_outputs = 0,
              refused_split = 0, refused_between = 0;
};

const ops::Elementwise* elementwise(const Node& node) {
  const auto* operation = dynamic_cast<const ops::Elementwise*>(node.operation.get());
  return operation && operation->program().size() == 1 ? operation : nullptr;
}

class Fusion {
 public:
  Fusion(const Graph& graph, Counts& counts) : graph_(graph), counts_(counts), groups_(graph), uses_(graph) {}

  Graph run() {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n)
      if (elementwise(graph_.nodes()[n])) chain(n);
    for (const Node& node : graph_.nodes())
      if (as<ops::Gather>(node)) join_readers(node);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n)
      if (ops::ProductChain::takes(*graph_.nodes()[n].operation)) finish_product(n);
    repeats_.emplace(graph_, groups_, uses_, [this](std::size_t group) {
      return elementwise(graph_.nodes()[groups_.members(group)[0]]) && epilogue_of_.count(group) == 0;
    });
    counts_.repeated += repeats_->count();
    return write();
  }

 private:
  const Shape& result_of(std::size_t node) const { return graph_.type(graph_.nodes()[node].outputs[0]).shape; }

  bool readable(const std::vector<ValueId>& inputs, const Shape& result,
                std::optional<std::size_t> split = std::nullopt) {
    if (inputs.size() > ops::Elementwise::max_inputs) {
      ++counts_.refused_inputs;
      return false;
    }
    std::vector<Shape> shapes;
    for (const ValueId input : inputs) shapes.push_back(graph_.type(input).shape);
    const bool fits =
        split ? std::all_of(shapes.begin(), shapes.end(),
                            [&](const Shape& s) { return ops::Elementwise::access_of(s, result, *split).has_value(); })
              : ops::Elementwise::split_axis(shapes, result).has_value();
    if (!fits) ++counts_.refused_split;
    return fits;
  }

  // Whether two groups together have no more results than a chain can have.
  bool writable(std::size_t a, std::size_t b) {
    const auto is_outside = [&](std::size_t node) { return groups_.of(node) != a && groups_.of(node) != b; };
    std::size_t results = 0;
    for (const std::size_t group : {a, b})
      for (const std::size_t member : groups_.members(group))
        for (const ValueId output : graph_.nodes()[member].outputs) {
          const std::vector<std::size_t>& readers = uses_.readers[output];
          results += uses_.is_output[output] || std::any_of(readers.begin(), readers.end(), is_outside);
        }
    if (results <= ops::Elementwise::max_outputs) return true;
    ++counts_.refused_outputs;
    return false;
  }

  // Joins node n with the chains that it reads.
  void chain(std::size_t n) {
    for (const ValueId input : graph_.nodes()[n].inputs) {
      if (uses_.producers[input] < 0) continue;
      const auto maker = static_cast<std::size_t>(uses_.producers[input]);
      if (!elementwise(graph_.nodes()[maker]) || !(result_of(maker) == result_of(n))) continue;
      join(groups_.of(maker), groups_.of(n), result_of(n));
    }
  }

  // Makes two chains of one result shape one, if they are not yet and can be.
  void join(std::size_t a, std::size_t b, const Shape& result) {
    if (a == b || !readable(groups_.inputs(a, b), result) || !writable(a, b)) return;
    if (groups_.something_between(a, b))
      ++counts_.refused_between;
    else
      groups_.join(a, b);
  }

  // Joins the chains that read what was gathered along a circuit: it is fetched once (graph/passes/circuits.hpp).
  void join_readers(const Node& gather) {
    std::optional<std::size_t> first;
    for (const std::size_t reader : uses_.readers[gather.outputs[0]]) {
      if (!elementwise(graph_.nodes()[reader]) || !(result_of(reader) == graph_.type(gather.outputs[0]).shape))
        continue;
      if (!first) first = reader;
      join(groups_.of(*first), groups_.of(reader), result_of(reader));
    }
  }

  // Joins a product with a chain that reads one of its results, or some.
  void finish_product(std::size_t n) {
    for (const ValueId product : graph_.nodes()[n].outputs)
      for (const std::size_t reader : uses_.readers[product])
        if (finish_product(n, graph_.type(product).shape, reader)) return;
  }

  bool finish_product(std::size_t n, const Shape& result, std::size_t reader) {
    const std::size_t chain = groups_.of(reader);
    if (!elementwise(graph_.nodes()[reader]) || epilogue_of_.count(chain) || !(result_of(reader) == result))
      return false;
    const std::vector<ValueId> inputs = groups_.inputs(chain);
    if (!readable(inputs, result, result.rank() - 1) || !writable(chain, groups_.of(n))) return false;
    const std::vector<ValueId>& parts = graph_.nodes()[n].outputs;
    const bool read_otherwise = std::any_of(inputs.begin(), inputs.end(), [&](ValueId input) {
      return std::find(parts.begin(), parts.end(), input) != parts.end() && !(graph_.type(input).shape == result);
    });
    if (read_otherwise || groups_.something_between(groups_.of(n), chain) || groups_.reads(groups_.of(n), chain)) {
      ++counts_.refused_between;
      return false;
    }
    groups_.join(chain, groups_.of(n));
    epilogue_of_[chain] = n;
    ++counts_.epilogues;
    return true;
  }

  // The program of the elementwise members of a group over `inputs`, which stand first.
  std::shared_ptr<const ops::Elementwise> program(std::size_t group, const std::vector<ValueId>& inputs,
                                                  std::vector<ValueId>& results) {
    std::map<ValueId, std::uint16_t> number;
    for (const ValueId input : inputs) number.emplace(input, static_cast<std::uint16_t>(number.size()));
    std::vector<ops::Instruction> instructions;
    std::vector<std::uint16_t> outputs;
    for (const std::size_t member : repeats_->computed(group)) {
      const Node& node = graph_.nodes()[member];
      const ops::Elementwise* operation = elementwise(node);
      if (operation == nullptr) continue;
      ops::Instruction instruction = operation->program()[0];
      for (std::size_t k = 0; k < instruction.operand_count(); ++k)
        instruction.operands[k] = number.at(node.inputs[instruction.operands[k]]);
      number[node.outputs[0]] = static_cast<std::uint16_t>(inputs.size() + instructions.size());
      instructions.push_back(instruction);
      if (groups_.of(member) == group && repeats_->read_outside(node.outputs[0])) {
        outputs.push_back(number[node.outputs[0]]);
        results.push_back(node.outputs[0]);
      }
    }
    return std::make_shared<ops::Elementwise>(inputs.size(), std::move(instructions), std::move(outputs));
  }

  // The product with the rest of its group as epilogue: results of the product that the chain reads come first among
  // the chain's inputs, then what the group reads but the product's own inputs.
  OperationPtr with_epilogue(std::size_t group, std::size_t n, std::vector<ValueId>& inputs,
                             std::vector<ValueId>& results) {
    using Use = ops::ProductChain::Use;
    const Node& product = graph_.nodes()[n];
    const auto in_chain = [&](ValueId value) {
      return std::any_of(uses_.readers[value].begin(), uses_.readers[value].end(),
                         [&](std::size_t reader) { return groups_.of(reader) == group && reader != n; });
    };
    std::vector<Use> uses;
    std::vector<ValueId> chain_inputs;
    for (const ValueId part : product.outputs) {
      const bool read = in_chain(part), kept = repeats_->read_outside(part) || !read;
      uses.push_back(read && kept ? Use::both : read ? Use::read : Use::kept);
      if (read) chain_inputs.push_back(part);
      if (kept) results.push_back(part);
    }
    inputs = product.inputs;
    for (const std::size_t member : groups_.members(group)) {
      if (member == n) continue;
      for (const ValueId input : graph_.nodes()[member].inputs) {
        if (groups_.makes(group, input) ||
            std::find(chain_inputs.begin(), chain_inputs.end(), input) != chain_inputs.end())
          continue;
        chain_inputs.push_back(input);
        inputs.push_back(input);
      }
    }
    return std::make_shared<ops::ProductChain>(product.operation, program(group, chain_inputs, results),
                                               std::move(uses));
  }

  Graph write() {
    Rewrite rewrite(graph_);
    for (const std::size_t group : groups_.ordered()) {
      const std::vector<std::size_t>& members = groups_.members(group);
      const Node& last = graph_.nodes()[members.back()];
      rewrite.to().set_scope(last.scope);
      const std::vector<std::size_t>& computed = repeats_->computed(group);
      if (computed.empty()) continue;  // others compute it all themselves
      if (computed.size() == 1 && computed == members) {
        const Scan* scan = as_scan(last);
        rewrite.copy(last, scan ? with_body(*scan, Fusion(scan->body(), counts_).run()) : nullptr);
        continue;
      }
      std::vector<ValueId> results;
      std::vector<ValueId> inputs = repeats_->inputs(group);
      OperationPtr operation;
      if (const auto epilogue = epilogue_of_.find(group); epilogue != epilogue_of_.end()) {
        operation = with_epilogue(group, epilogue->second, inputs, results);
      } else {
        operation = program(group, inputs, results);
        ++counts_.chains;
        counts_.chained += computed.size();
      }
      const std::vector<Value> values = rewrite.to().apply(operation, rewrite.at(inputs));
      for (std::size_t i = 0; i < values.size(); ++i) rewrite.become(results[i], values[i]);
    }
    return rewrite.finish();
  }

  const Graph& graph_;
  Counts& counts_;
  NodeGroups groups_;
  Uses uses_;
  std::map<std::size_t, std::size_t> epilogue_of_;  // group → its product
  std::optional<Repeats> repeats_;                  // once all groups are made
};

}  // namespace

Graph fuse(const Graph& graph, PassReport& report) {
  // What nobody reads would make chains without results.
  std::size_t removed = 0;
  Counts counts;
  Graph result = Fusion(remove_dead_code(graph, removed), counts).run();
  report.note(counts.chained, fmt::format("elementwise operations in {} chains", counts.chains));
  report.note(counts.epilogues, "chains became epilogues of products");
  report.note(counts.repeated, "values are computed again where they are read");
  report.note(counts.refused_inputs, fmt::format("joints refused: more than {} inputs", ops::Elementwise::max_inputs));
  report.note(counts.refused_outputs,
              fmt::format("joints refused: more than {} results", ops::Elementwise::max_outputs));
  report.note(counts.refused_split, "joints refused: inputs are not rows, columns or scalars of one split");
  report.note(counts.refused_between, "joints refused: another operation lies between");
  return result;
}

}  // namespace elegans::graph
