#include "elegans/graph/passes/hoist.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "elegans/graph/functions.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/reduce.hpp"
#include "elegans/ops/sampled_product.hpp"
#include "elegans/ops/sources.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "elegans/ops/strided_copy.hpp"
#include "graph/passes/dead_code.hpp"
#include "graph/passes/origins.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

struct Counts {
  std::size_t invariant = 0, products = 0, biases = 0, sums = 0, split = 0, stayed = 0;
};

bool is_sum_product(const Node& node) {
  if (const auto* product = as<ops::Matmul>(node)) return product->transposed().transpose_a;
  return as<ops::SampledProduct>(node) != nullptr;
}

// A sum over the first axes.
const ops::Reduce* as_sum_of_rows(const Node& node) {
  const auto* reduce = as<ops::Reduce>(node);
  const bool sums = reduce && reduce->reduced().kind == ops::ReduceOptions::Kind::sum && reduce->reduced().first == 0 &&
                    !reduce->reduced().keep_dimensions;
  return sums ? reduce : nullptr;
}

// The operation that sums over all steps too, where they are a first axis of its inputs.
OperationPtr over_all_steps(const Node& node) {
  const ops::Reduce* reduce = as_sum_of_rows(node);
  if (reduce == nullptr) return node.operation;
  ops::ReduceOptions options = reduce->reduced();
  ++options.last;
  return std::make_shared<ops::Reduce>(options);
}

// [x, h] w → x w₁ + h w₂, where x is known before the loop and h is not.
Graph split_products(const Scan& scan, Counts& counts) {
  const Graph& body = scan.body();
  const std::vector<Origin> origin = origins(scan);
  const std::vector<std::int32_t> producers = body.producers();
  Rewrite rewrite(body);
  for (const Node& node : body.nodes()) {
    const auto* product = as<ops::Matmul>(node);
    const std::int32_t maker = product ? producers[node.inputs[0]] : -1;
    const auto* joined =
        maker < 0 ? nullptr
                  : dynamic_cast<const ops::Concat*>(body.nodes()[static_cast<std::size_t>(maker)].operation.get());
    bool worthwhile = joined && !product->transposed().transpose_a &&
                      joined->axis() + 1 == body.type(node.inputs[0]).shape.rank() &&
                      origin[node.inputs[1]] == Origin::captured && origin[node.inputs[0]] == Origin::carried;
    if (worthwhile) {
      const std::vector<ValueId>& parts = body.nodes()[static_cast<std::size_t>(maker)].inputs;
      worthwhile =
          std::any_of(parts.begin(), parts.end(), [&](ValueId part) { return origin[part] != Origin::carried; });
    }
    if (!worthwhile) {
      rewrite.copy(node);
      continue;
    }
    ++counts.split;
    rewrite.to().set_scope(node.scope);
    const Value w = rewrite.at(node.inputs[1]);
    const bool transposed = product->transposed().transpose_b;
    std::int64_t start = 0;
    Value sum;
    for (const ValueId part : body.nodes()[static_cast<std::size_t>(maker)].inputs) {
      const Value x = rewrite.at(part);
      const std::int64_t size = x.shape().back().factor();
      const Value term = matmul(x, slice(w, transposed ? 1 : 0, start, start + size), product->transposed());
      sum = sum ? sum + term : term;
      start += size;
    }
    rewrite.become(node.outputs[0], sum);
  }
  return rewrite.finish();
}

// One loop taken apart: nodes that move in front of it, sums of products that move behind it, and what stays.
class Taken {
 public:
  Taken(Rewrite& outer, const Node& node, const Scan& scan, Counts& counts)
      : outer_(outer),
        node_(node),
        scan_(scan),
        body_(scan.body()),
        counts_(counts),
        origin_(origins(scan)),
        producers_(body_.producers()) {
    choose();
  }

  bool anything() const { return !moved_.empty() || !sums_.empty(); }

  void write() {
    const ScanCounts& before = scan_.counts();
    outside_.resize(body_.value_count());
    is_stacked_.assign(body_.value_count(), 0);
    for (std::size_t i = 0; i < before.scanned; ++i) {
      outside_[scan_.scanned_input(i)] = outer_.at(node_.inputs[before.carried + i]);
      is_stacked_[scan_.scanned_input(i)] = 1;
    }
    for (std::size_t i = 0; i < before.captured; ++i)
      outside_[scan_.captured_input(i)] = outer_.at(node_.inputs[before.carried + before.scanned + i]);
    for (const std::size_t n : moved_) write_in_front(body_.nodes()[n]);
    write_loop();
  }

 private:
  void choose() {
    const std::vector<std::vector<std::size_t>> readers_of = readers(body_);
    std::set<std::size_t> moved;
    // Everything that is the same at every step, but for what is cheaper to have inside (constants).
    for (std::size_t n = 0; n < body_.nodes().size(); ++n) {
      const Node& node = body_.nodes()[n];
      if (origin_[node.outputs[0]] == Origin::captured && !dynamic_cast<const ops::Constant*>(node.operation.get())) {
        moved.insert(n);
        ++counts_.invariant;
      }
    }
    // Products of what is known before the loop, with what leads to them.
    for (std::size_t n = 0; n < body_.nodes().size(); ++n) {
      const Node& node = body_.nodes()[n];
      if (!is_product_of_rows(node) || origin_[node.inputs[0]] != Origin::scanned ||
          origin_[node.inputs[1]] != Origin::captured)
        continue;
      std::vector<std::size_t> lead{n};
      bool possible = true;
      for (std::size_t k = 0; k < lead.size() && possible; ++k) {
        const Node& step = body_.nodes()[lead[k]];
        possible = can_stack(step);
        for (const ValueId input : step.inputs) {
          const std::int32_t maker = producers_[input];
          if (maker < 0 || moved.count(static_cast<std::size_t>(maker))) continue;
          if (std::find(lead.begin(), lead.end(), static_cast<std::size_t>(maker)) == lead.end())
            lead.push_back(static_cast<std::size_t>(maker));
        }
      }
      if (!possible) continue;
      moved.insert(lead.begin(), lead.end());
      ++counts_.products;
    }
    add_biases(moved, readers_of);
    moved_.assign(moved.begin(), moved.end());
    for (std::size_t n = 0; n < body_.nodes().size(); ++n)
      counts_.stayed += is_product_of_rows(body_.nodes()[n]) && !moved.contains(n) ? 1 : 0;
    // Sums of products that nothing else reads, and sums of rows that are kept for them anyway.
    std::set<ValueId> kept;
    for (std::size_t i = 0; i < scan_.counts().stacked; ++i) kept.insert(scan_.stacked_output(i));
    choose_sums(readers_of, [&](const Node& node) {
      if (!is_sum_product(node)) return false;
      kept.insert(node.inputs.begin(), node.inputs.end());
      return true;
    });
    choose_sums(readers_of, [&](const Node& node) { return as_sum_of_rows(node) && kept.contains(node.inputs[0]); });
    std::sort(sums_.begin(), sums_.end(), [](const Sum& a, const Sum& b) { return a.output < b.output; });
  }

  // Additions of what is the same at every step to a product that moves and that nothing else reads.
  void add_biases(std::set<std::size_t>& moved, const std::vector<std::vector<std::size_t>>& readers_of) {
    const auto is_moved_product = [&](ValueId value) {
      const std::int32_t maker = producers_[value];
      return maker >= 0 && moved.contains(static_cast<std::size_t>(maker)) && origin_[value] == Origin::scanned &&
             is_product_of_rows(body_.nodes()[static_cast<std::size_t>(maker)]) && readers_of[value].size() == 1 &&
             std::none_of(body_.outputs().begin(), body_.outputs().end(),
                          [&](const Port& port) { return port.value == value; });
    };
    for (std::size_t n = 0; n < body_.nodes().size(); ++n) {
      const Node& node = body_.nodes()[n];
      if (!is_addition(node) || !can_stack(node)) continue;
      for (const std::size_t i : {0, 1}) {
        const ValueId product = node.inputs[i], bias = node.inputs[1 - i];
        if (!is_moved_product(product) || origin_[bias] != Origin::captured ||
            !(body_.type(node.outputs[0]).shape == body_.type(product).shape))
          continue;
        counts_.biases += moved.insert(n).second ? 1 : 0;
      }
    }
  }

  // Summed outputs whose maker `fits`, and that nothing else reads.
  template <class Fits>
  void choose_sums(const std::vector<std::vector<std::size_t>>& readers_of, const Fits& fits) {
    const std::size_t first = scan_.counts().carried + scan_.counts().stacked;
    for (std::size_t i = 0; i < scan_.counts().summed; ++i) {
      const ValueId value = scan_.summed_output(i);
      const std::int32_t maker = producers_[value];
      if (maker < 0 || !readers_of[value].empty()) continue;
      std::size_t uses = 0;
      for (const Port& port : body_.outputs()) uses += port.value == value;
      if (uses != 1 || !fits(body_.nodes()[static_cast<std::size_t>(maker)])) continue;
      sums_.push_back({first + i, static_cast<std::size_t>(maker)});
      ++counts_.sums;
    }
  }

  std::vector<char> stacked_inputs(const Node& node) const {
    std::vector<char> stacked;
    for (const ValueId input : node.inputs) stacked.push_back(origin_[input] == Origin::scanned);
    return stacked;
  }

  bool can_stack(const Node& node) const {
    if (as_scan(node)) return false;
    if (dynamic_cast<const ops::Constant*>(node.operation.get())) return true;
    return node.operation->stacked(body_.types_of(node.inputs), stacked_inputs(node), scan_.steps()) != nullptr;
  }

  void write_in_front(const Node& node) {
    const std::vector<char> stacked = stacked_inputs(node);
    const bool any = std::any_of(stacked.begin(), stacked.end(), [](char s) { return s != 0; });
    std::vector<Value> inputs;
    for (const ValueId input : node.inputs) {
      // What moved may read a constant that stays inside: it gets one of its own.
      if (!outside_[input])
        outside_[input] =
            outer_.to().apply(body_.nodes()[static_cast<std::size_t>(producers_[input])].operation, {})[0];
      inputs.push_back(*outside_[input]);
    }
    const OperationPtr operation =
        any ? node.operation->stacked(body_.types_of(node.inputs), stacked, scan_.steps()) : node.operation;
    outer_.to().set_scope(node.scope);
    const std::vector<Value> results = outer_.to().apply(operation, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) {
      outside_[node.outputs[i]] = results[i];
      is_stacked_[node.outputs[i]] = any;
    }
  }

  using Stacks = std::map<ValueId, std::size_t>;  // the stacked output that holds a value at every step

  // The loop without what moved: values made outside become scanned or captured inputs, sums become stacked factors.
  void write_loop() {
    const ScanCounts& before = scan_.counts();
    std::vector<Port> inputs = body_.inputs();
    std::vector<Value> arguments = outer_.at(node_.inputs);
    ScanCounts counts = before;

    std::vector<char> gone(body_.nodes().size(), 0);
    for (const std::size_t n : moved_) gone[n] = 1;
    for (const Sum& sum : sums_) gone[sum.node] = 1;
    std::vector<Node> nodes;
    std::set<ValueId> read;
    for (std::size_t n = 0; n < body_.nodes().size(); ++n) {
      if (gone[n]) continue;
      nodes.push_back(body_.nodes()[n]);
      read.insert(body_.nodes()[n].inputs.begin(), body_.nodes()[n].inputs.end());
    }
    std::vector<Port> outputs;
    for (std::size_t i = 0; i < body_.outputs().size(); ++i)
      if (std::none_of(sums_.begin(), sums_.end(), [&](const Sum& sum) { return sum.output == i; })) {
        outputs.push_back(body_.outputs()[i]);
        read.insert(body_.outputs()[i].value);
      }
    counts.summed -= sums_.size();

    const Stacks stacks = stack_factors(outputs, counts, read);

    // What was made in front and is still read inside.
    std::size_t scanned_end = before.carried + before.scanned;
    for (const std::size_t n : moved_)
      for (const ValueId value : body_.nodes()[n].outputs) {
        if (!read.count(value)) continue;
        const std::size_t place = is_stacked_[value] ? scanned_end++ : inputs.size();
        (is_stacked_[value] ? counts.scanned : counts.captured) += 1;
        inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(place), {new_name(inputs, "hoisted"), value});
        arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(place), *outside_[value]);
      }

    const auto scan =
        with_body(scan_, Graph::from_parts(body_, std::move(nodes), std::move(inputs), std::move(outputs)), counts);
    outer_.to().set_scope(node_.scope);
    const std::vector<Value> results = outer_.to().apply(scan, arguments);

    become(results, counts, stacks);
  }

  // Factors of the sums: arrays that are outside already, or stacked outputs, new ones where need be.
  Stacks stack_factors(std::vector<Port>& outputs, ScanCounts& counts, std::set<ValueId>& read) const {
    const ScanCounts& before = scan_.counts();
    Stacks stacks;
    for (const Sum& sum : sums_)
      for (const ValueId factor : body_.nodes()[sum.node].inputs) {
        if (outside_[factor] && is_stacked_[factor]) continue;
        if (stacks.contains(factor)) continue;
        std::size_t existing = before.stacked;
        for (std::size_t s = 0; s < before.stacked; ++s)
          if (scan_.stacked_output(s) == factor) existing = s;
        if (existing == before.stacked) {
          outputs.insert(outputs.begin() + static_cast<std::ptrdiff_t>(before.carried + counts.stacked),
                         {new_name(outputs, "factor"), factor});
          existing = counts.stacked++;
          read.insert(factor);
        }
        stacks.emplace(factor, existing);
      }
    return stacks;
  }

  // Results keep their meaning; stacked ones may have moved behind new ones, sums are computed here.
  void become(const std::vector<Value>& results, const ScanCounts& counts, const Stacks& stacks) {
    const ScanCounts& before = scan_.counts();
    std::size_t at = 0;
    for (; at < before.carried + before.stacked; ++at) outer_.become(node_.outputs[at], results[at]);
    at = counts.carried + counts.stacked;
    for (std::size_t i = before.carried + before.stacked; i < node_.outputs.size(); ++i) {
      const auto sum = std::find_if(sums_.begin(), sums_.end(), [&](const Sum& s) { return s.output == i; });
      if (sum == sums_.end()) {
        outer_.become(node_.outputs[i], results[at++]);
        continue;
      }
      const Node& product = body_.nodes()[sum->node];
      const auto factor = [&](std::size_t k) {
        const auto stack = stacks.find(product.inputs[k]);
        return stack != stacks.end() ? results[counts.carried + stack->second] : *outside_[product.inputs[k]];
      };
      std::vector<Value> factors;
      for (std::size_t k = 0; k < product.inputs.size(); ++k) factors.push_back(factor(k));
      outer_.to().set_scope(product.scope);
      outer_.become(node_.outputs[i], outer_.to().apply(over_all_steps(product), factors)[0]);
    }
  }

  struct Sum {
    std::size_t output;  // which output of the body
    std::size_t node;    // the product, or the sum of rows
  };

  Rewrite& outer_;
  const Node& node_;
  const Scan& scan_;
  const Graph& body_;
  Counts& counts_;
  const std::vector<Origin> origin_;
  const std::vector<std::int32_t> producers_;
  std::vector<std::size_t> moved_;  // ascending
  std::vector<Sum> sums_;
  std::vector<std::optional<Value>> outside_;  // by value of the body
  std::vector<char> is_stacked_;
};

Graph hoist_all(const Graph& graph, Counts& counts) {
  Rewrite rewrite(graph);
  for (const Node& node : graph.nodes()) {
    if (!as_scan(node)) {
      rewrite.copy(node);
      continue;
    }
    const OperationPtr inner = with_body(*as_scan(node), hoist_all(as_scan(node)->body(), counts));
    const OperationPtr split = with_body(*as_scan(node), split_products(static_cast<const Scan&>(*inner), counts));
    Taken taken(rewrite, node, static_cast<const Scan&>(*split), counts);
    if (taken.anything())
      taken.write();
    else
      rewrite.copy(node, split);
  }
  return rewrite.finish();
}

}  // namespace

Graph hoist(const Graph& graph, PassReport& report) {
  // What nobody reads is not worth moving, and would leave loops without results behind.
  std::size_t removed = 0;
  Counts counts;
  Graph result = hoist_all(remove_dead_code(graph, removed), counts);
  report.note(counts.invariant, "nodes that are the same at every step moved in front of their loop");
  report.note(counts.split, "products of joined parts split");
  report.note(counts.products, "products of inputs computed for all steps at once");
  report.note(counts.biases, "biases added to them there");
  report.note(counts.sums, "sums of products and of rows computed for all steps at once");
  report.note(counts.stayed,
              "products refused: they read what their loop carries, or what cannot be computed for all steps");
  return result;
}

}  // namespace elegans::graph
