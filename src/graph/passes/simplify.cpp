#include "elegans/graph/passes/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "dead_code.hpp"
#include "elegans/graph/custom_gradient.hpp"
#include "elegans/graph/functions.hpp"
#include "elegans/ops/elementwise.hpp"
#include "elegans/ops/matmul.hpp"
#include "elegans/ops/reshape.hpp"
#include "elegans/ops/reverse_sequence.hpp"
#include "elegans/ops/sources.hpp"
#include "elegans/ops/strided_copy.hpp"
#include "graph/rewrite.hpp"

namespace elegans::graph {
namespace {

constexpr std::int64_t largest_folded = 4096;

struct Counts {
  std::size_t folded = 0, algebra = 0, duplicates = 0, dead = 0;
};

// Whether a transpose moves axes of size 1 alone.
bool keeps_order(const ops::Transpose& transpose, const Shape& x) {
  std::size_t last = 0;
  for (const std::size_t axis : transpose.permutation()) {
    if (x[axis] == Dim(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

// One forward walk over a graph: every node is looked at with its inputs already simplified.
class Simplifier {
 public:
  Simplifier(const Graph& from, Counts& counts) : from_(from), rewrite_(from), counts_(counts) {}

  Graph run() {
    for (const Node& node : from_.nodes()) {
      rewrite_.to().set_scope(node.scope);
      if (as_scan(node)) {
        simplify_loop(node);
      } else if (const std::optional<Value> value = shorter(node)) {
        ++counts_.algebra;
        rewrite_.become(node.outputs[0], *value);
      } else {
        const std::vector<Value> results = add(node.operation, rewrite_.at(node.inputs));
        for (std::size_t i = 0; i < results.size(); ++i) rewrite_.become(node.outputs[i], results[i]);
      }
    }
    return rewrite_.finish();
  }

 private:
  // Constants go into the body, where they can meet what they simplify.
  void simplify_loop(const Node& node) {
    const Scan& scan = *as_scan(node);
    const ScanCounts& counts = scan.counts();
    Simplifier body(scan.body(), counts_);
    for (std::size_t i = 0; i < counts.captured; ++i) {
      const Node* made = maker(rewrite_.at(node.inputs[counts.carried + counts.scanned + i]));
      if (made && dynamic_cast<const ops::Constant*>(made->operation.get()))
        body.rewrite_.become(scan.captured_input(i), body.add1(made->operation, {}));
    }
    rewrite_.copy(node, with_body(scan, body.run()));
    makers_.resize(rewrite_.to().value_count(), -1);
  }

  // Adds an operation, or finds the node that already computes it, or its value where that is known.
  std::vector<Value> add(const OperationPtr& operation, const std::vector<Value>& inputs) {
    std::vector<ValueId> ids;
    for (const Value& value : inputs) ids.push_back(value.id);
    const auto key = std::make_pair(std::string(operation->name()), ids);
    for (auto [at, end] = known_.equal_range(key); at != end; ++at) {
      const Node& node = rewrite_.to().nodes()[at->second];
      if (!ops::same(*node.operation, *operation)) continue;
      ++counts_.duplicates;
      std::vector<Value> values;
      for (const ValueId output : node.outputs) values.push_back(rewrite_.to().value(output));
      return values;
    }
    if (const std::optional<Tensor> folded = fold(*operation, inputs)) {
      ++counts_.folded;
      return add(std::make_shared<ops::Constant>(*folded), {});
    }
    const std::vector<Value> values = rewrite_.to().apply(operation, inputs);
    const std::size_t index = rewrite_.to().nodes().size() - 1;
    known_.emplace(key, index);
    makers_.resize(rewrite_.to().value_count(), -1);
    for (const Value& value : values) makers_[value.id] = static_cast<std::int32_t>(index);
    return values;
  }
  Value add1(const OperationPtr& operation, const std::vector<Value>& inputs) { return add(operation, inputs)[0]; }

  const Node* maker(const Value& value) const {
    const std::int32_t index = value.id < makers_.size() ? makers_[value.id] : -1;
    return index < 0 ? nullptr : &rewrite_to().nodes()[static_cast<std::size_t>(index)];
  }
  const Graph& rewrite_to() const { return const_cast<Rewrite&>(rewrite_).to(); }

  template <class Operation>
  const Operation* made_by(const Value& value) const {
    const Node* node = maker(value);
    return node ? dynamic_cast<const Operation*>(node->operation.get()) : nullptr;
  }
  Value input_of(const Value& value, std::size_t i) { return rewrite_.to().value(maker(value)->inputs[i]); }

  std::optional<Tensor> fold(const ops::Operation& operation, const std::vector<Value>& inputs) const {
    if (inputs.empty()) return std::nullopt;
    std::vector<View> views;
    std::vector<Type> types;
    for (const Value& value : inputs) {
      const auto* constant = made_by<ops::Constant>(value);
      if (constant == nullptr) return std::nullopt;
      views.push_back(constant->value());
      types.push_back(value.type());
    }
    const std::vector<Type> results = operation.infer(types);
    if (results.size() != 1 || !results[0].shape.is_constant() || results[0].shape.elements().factor() > largest_folded)
      return std::nullopt;
    try {
      return std::move(ops::call(operation, views, kernels::Target::scalar)[0]);
    } catch (const Error&) {
      return std::nullopt;  // what it refuses, an index out of range, is told by the run that comes to it
    }
  }

  // The one number that `value` is everywhere, if it is a constant. Each value is looked at once.
  std::optional<double> number(const Value& value) {
    const auto* constant = made_by<ops::Constant>(value);
    if (constant == nullptr) return std::nullopt;
    const auto [at, is_new] = numbers_.try_emplace(value.id);
    if (is_new && is_uniform(constant->value())) at->second = first_of(constant->value()).values()[0];
    return at->second;
  }
  // Whether all elements have the same bits.
  static bool is_uniform(const Tensor& constant) {
    if (constant.elements() == 0) return false;
    const std::size_t element = size_of(constant.dtype());
    const auto* bytes = static_cast<const std::byte*>(constant.data());
    return std::memcmp(bytes, bytes + element, constant.bytes() - element) == 0;
  }
  static Tensor first_of(const Tensor& constant) {
    Tensor first(Shape{}, constant.dtype());
    std::memcpy(first.data(), constant.data(), first.bytes());
    return first;
  }

  std::optional<Value> shorter(const Node& node) {
    const std::vector<Value> x = rewrite_.at(node.inputs);
    if (const auto* elementwise = dynamic_cast<const ops::Elementwise*>(node.operation.get()))
      return shorter_elementwise(*elementwise, node, x);
    if (const auto* reshaped = dynamic_cast<const ops::Reshape*>(node.operation.get())) {
      if (x[0].shape() == reshaped->shape()) return x[0];
      if (made_by<ops::Reshape>(x[0])) return add1(node.operation, {input_of(x[0], 0)});
    }
    if (const auto* transpose = dynamic_cast<const ops::Transpose*>(node.operation.get());
        transpose && keeps_order(*transpose, x[0].shape()))
      return add1(std::make_shared<ops::Reshape>(from_.type(node.outputs[0]).shape), {x[0]});
    // Gradients are taken before passes run: what was for them has no meaning any more.
    if (dynamic_cast<const ops::StopGradient*>(node.operation.get()) != nullptr ||
        dynamic_cast<const CustomGradient*>(node.operation.get()) != nullptr)
      return x[0];
    if (dynamic_cast<const ops::ReverseSequence*>(node.operation.get()) && made_by<ops::ReverseSequence>(x[0])) {
      const std::vector<ValueId>& inner = maker(x[0])->inputs;  // turned twice for the same lengths
      if (inner.size() == x.size() && (x.size() == 1 || inner[1] == x[1].id)) return input_of(x[0], 0);
    }
    if (const auto* slice = dynamic_cast<const ops::Slice*>(node.operation.get()))
      return shorter_slice(slice->range(), x[0]);
    return std::nullopt;
  }

  std::optional<Value> shorter_elementwise(const ops::Elementwise& operation, const Node& node,
                                           const std::vector<Value>& x) {
    if (operation.program().size() != 1) return std::nullopt;
    const Shape& result = from_.type(node.outputs[0]).shape;
    const ops::Instruction& instruction = operation.program()[0];
    if (instruction.kind == ops::Instruction::Kind::binary) {
      const auto function = static_cast<kernels::Binary>(instruction.function);
      const double neutral = function == kernels::Binary::multiply || function == kernels::Binary::divide ? 1 : 0;
      const bool commutes = function == kernels::Binary::multiply || function == kernels::Binary::add;
      if (commutes || function == kernels::Binary::divide || function == kernels::Binary::subtract) {
        if (number(x[1]) == neutral && x[0].shape() == result) return x[0];
        if (commutes && number(x[0]) == neutral && x[1].shape() == result) return x[1];
      }
    }
    if (const std::optional<Value> joined = joined_pads(node, x)) return joined;
    if (instruction.kind == ops::Instruction::Kind::select) {
      if (const std::optional<double> condition = number(x[0]))
        if (const Value& chosen = *condition != 0 ? x[1] : x[2]; chosen.shape() == result) return chosen;
      if (const std::optional<Value> chosen = chosen_without_product(x, result)) return chosen;
    } else if (is_binary(node, kernels::Binary::multiply)) {
      if (const std::optional<Value> chosen = chosen_factor(x, result)) return chosen;
    }
    // Spread inputs are read unspread where the result keeps its shape and the chain can spread them itself.
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::optional<Value> narrow = unspread(x[i]);
      if (!narrow) continue;
      std::vector<Value> inputs = x;
      inputs[i] = *narrow;
      std::vector<Shape> shapes;
      Shape shape = inputs[0].shape();
      for (const Value& value : inputs) {
        shapes.push_back(value.shape());
        shape = broadcast(shape, value.shape(), "simplify");
      }
      if (!(shape == result) || !ops::Elementwise::split_axis(shapes, result)) continue;
      const Value value = add1(node.operation, inputs);
      // The unspread form may simplify further (a spread 1 times x).
      const Node* made = maker(value);
      const std::optional<Value> better = made ? neutral_of(*made, result) : std::nullopt;
      return better ? *better : value;
    }
    return std::nullopt;
  }

  // What `value` is spread from: an array of one number everywhere is that number, spread.
  std::optional<Value> unspread(const Value& value) {
    if (made_by<ops::BroadcastTo>(value)) return input_of(value, 0);
    if (value.shape().rank() == 0 || !number(value)) return std::nullopt;
    return add1(std::make_shared<ops::Constant>(first_of(made_by<ops::Constant>(value)->value())), {});
  }

  // Whether every element is 1 or 0 (not -0). Each value is looked at once.
  bool is_truth(const Value& value) {
    if (const auto known = truths_.find(value.id); known != truths_.end()) return known->second;
    return truths_[value.id] = makes_truths(value);
  }
  bool makes_truths(const Value& value) {
    if (const std::optional<double> known = number(value)) return *known == 1 || (*known == 0 && !std::signbit(*known));
    if (made_by<ops::OneHot>(value)) return true;
    const ops::Instruction* only = instruction_behind(value);
    if (only == nullptr) return false;
    const auto is = [&](auto function) { return only->function == static_cast<std::uint8_t>(function); };
    switch (only->kind) {
      case ops::Instruction::Kind::unary:
        return is(kernels::Unary::is_finite) || is(kernels::Unary::step);
      case ops::Instruction::Kind::binary:
        return is(kernels::Binary::less) || is(kernels::Binary::less_equal) || is(kernels::Binary::equal);
      case ops::Instruction::Kind::select:
        return is_truth(input_of(value, 1)) && is_truth(input_of(value, 2));
    }
    return false;
  }
  const ops::Instruction* instruction_behind(const Value& value) const {
    const Node* node = maker(value);
    return node ? instruction_of(*node) : nullptr;
  }

  // select(c, c · x, y) without the product, where c is 0 or 1.
  std::optional<Value> chosen_without_product(const std::vector<Value>& x, const Shape& result) {
    const Node* product = maker(x[1]);
    if (product == nullptr || !is_binary(*product, kernels::Binary::multiply)) return std::nullopt;
    for (const std::size_t i : {0, 1}) {
      const Value other = input_of(x[1], 1 - i);
      if (input_of(x[1], i).id == x[0].id && other.shape() == result && is_truth(x[0]))
        return add1(ops::Elementwise::select(), {x[0], other, x[2]});
    }
    return std::nullopt;
  }

  // select(c, x, 0) of the factors select(c, x, 0) and c, where c is 0 or 1.
  std::optional<Value> chosen_factor(const std::vector<Value>& x, const Shape& result) {
    for (const std::size_t i : {0, 1}) {
      const ops::Instruction* choice = instruction_behind(x[i]);
      if (choice == nullptr || choice->kind != ops::Instruction::Kind::select || !(x[i].shape() == result)) continue;
      if (input_of(x[i], 0).id == x[1 - i].id && number(input_of(x[i], 2)) == 0.0 && is_truth(x[1 - i])) return x[i];
    }
    return std::nullopt;
  }

  bool is_zero_pad(const Value& value) const {
    const auto* pad = made_by<ops::Pad>(value);
    return pad != nullptr && pad->padding().with == ops::Padding::zeros;
  }

  // Adds the parts of a sum, sums inside it opened, as long as they are padded values that could stand side by side.
  bool open_pads(const Value& value, std::vector<Value>& parts) {
    const Node* sum = maker(value);
    if (sum != nullptr && is_addition(*sum))
      return open_pads(input_of(value, 0), parts) && open_pads(input_of(value, 1), parts);
    if (parts.size() == ops::Concat::max_inputs || !is_zero_pad(value)) return false;
    parts.push_back(value);
    return true;
  }

  // A sum of padded values that fill an axis without overlap: they stand side by side.
  std::optional<Value> joined_pads(const Node& sum, const std::vector<Value>& x) {
    if (!is_addition(sum)) return std::nullopt;
    std::vector<Value> parts;
    if (!open_pads(x[0], parts) || !open_pads(x[1], parts)) return std::nullopt;
    const std::size_t axis = made_by<ops::Pad>(parts[0])->padding().axis;
    std::map<std::int64_t, Value> by_place;
    for (const Value& part : parts) {
      const auto* pad = made_by<ops::Pad>(part);
      if (pad->padding().axis != axis || !(part.shape() == parts[0].shape())) return std::nullopt;
      by_place.emplace(pad->padding().before, input_of(part, 0));
    }
    std::vector<Value> sources;
    Dim filled = 0;
    for (const auto& [before, source] : by_place) {
      if (filled != Dim(before) || !source.shape()[axis].is_constant()) return std::nullopt;
      filled = before + source.shape()[axis].factor();
      sources.push_back(source);
    }
    if (sources.size() != parts.size() || filled != parts[0].shape()[axis]) return std::nullopt;
    return add1(std::make_shared<ops::Concat>(axis), sources);
  }

  // x where `node` is x · 1 or x + 0 of the new graph.
  std::optional<Value> neutral_of(const Node& node, const Shape& result) {
    const bool multiplies = is_binary(node, kernels::Binary::multiply);
    if (!multiplies && !is_addition(node)) return std::nullopt;
    const double neutral = multiplies ? 1 : 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const Value other = rewrite_.to().value(node.inputs[1 - i]);
      if (number(rewrite_.to().value(node.inputs[i])) == neutral && other.shape() == result) return other;
    }
    return std::nullopt;
  }

  // slice of columns of a product: the product with those rows of w.
  std::optional<Value> shorter_slice(const ops::SliceOptions& range, const Value& x) {
    const auto* product = made_by<ops::Matmul>(x);
    if (product == nullptr || !product->transposed().transpose_b || range.axis + 1 != x.shape().rank())
      return std::nullopt;
    const Value rows =
        add1(std::make_shared<ops::Slice>(ops::SliceOptions{0, range.start, range.stop}), {input_of(x, 1)});
    return add1(std::make_shared<ops::Matmul>(ops::MatmulOptions{.transpose_a = false, .transpose_b = true}),
                {input_of(x, 0), rows});
  }

  const Graph& from_;
  Rewrite rewrite_;
  Counts& counts_;
  std::multimap<std::pair<std::string, std::vector<ValueId>>, std::size_t> known_;
  std::map<ValueId, std::optional<double>> numbers_;  // what number() found of constants of the new graph
  std::map<ValueId, bool> truths_;                    // what is_truth() found of values of the new graph
  std::vector<std::int32_t> makers_;                  // of values of the new graph, −1 for inputs and loops
};

}  // namespace

Graph simplify(const Graph& graph, PassReport& report) {
  Counts counts;
  Graph result = Simplifier(graph, counts).run();
  // What a trimmed loop no longer reads may be dead in turn.
  for (std::size_t before = counts.dead + 1; before != counts.dead;) {
    before = counts.dead;
    result = remove_dead_code(result, counts.dead);
  }
  report.note(counts.folded, "nodes with constant inputs computed");
  report.note(counts.algebra, "nodes shortened by algebra");
  report.note(counts.duplicates, "duplicates removed");
  report.note(counts.dead, "dead nodes and unread results of loops removed");
  return result;
}

}  // namespace elegans::graph
