#include "frame.hpp"

#include <algorithm>
#include <cstring>

#include "elegans/kernels/nearest_cache.hpp"
#include "elegans/ops/sources.hpp"
#include "graph/fetch_ahead.hpp"

namespace elegans::graph {
namespace {

constexpr std::size_t no_step = static_cast<std::size_t>(-1);
constexpr std::size_t max_inputs = 64;  // bits of ops::Call::padded

}  // namespace

Frame::Frame(const Graph& graph, const Extents& reserve, std::vector<std::int32_t> in_place) : graph_(&graph) {
  for (const Port& port : graph.inputs()) inputs_.push_back(port.value);
  for (const Port& port : graph.outputs()) outputs_.push_back(port.value);
  in_place.resize(outputs_.size(), -1);
  address_.assign(graph.value_count(), nullptr);
  padded_.assign(graph.value_count(), 0);
  output_target_.assign(outputs_.size(), nullptr);
  output_bytes_.assign(outputs_.size(), 0);
  make_steps(reserve);
  list_operands();
  find_roots();
  find_kept(in_place);
  place_outputs(in_place);
  plan(reserve);
}

std::size_t Frame::bytes_of(ValueId value, const Extents& at) const { return ops::bytes_of(graph_->type(value), at); }

void Frame::make_steps(const Extents& reserve) {
  maker_.assign(graph_->value_count(), -1);
  for (std::size_t n = 0; n < graph_->nodes().size(); ++n) {
    const Node& node = graph_->nodes()[n];
    ensure(node.inputs.size() <= max_inputs || as_scan(node) != nullptr, "a node has too many inputs");
    if (const auto* constant = dynamic_cast<const ops::Constant*>(node.operation.get())) {
      constants_.emplace_back(std::max<std::size_t>(constant->value().bytes(), 1));
      if (constant->value().bytes() > 0)
        std::memcpy(constants_.back().data(), constant->value().data(), constant->value().bytes());
      address_[node.outputs[0]] = constants_.back().data();
      padded_[node.outputs[0]] = 1;
      continue;
    }
    Step step;
    step.node = &node;
    step.operation = node.operation.get();
    step.number = static_cast<std::int32_t>(n);
    step.input_types = graph_->types_of(node.inputs);
    step.output_types = graph_->types_of(node.outputs);
    step.dtype = ops::floating_of(step.input_types, step.output_types);
    step.alias_offset = step.operation->alias_offset(step.input_types);
    step.linked = AlignedBuffer(step.operation->linked_bytes(step.input_types, reserve));
    if (const Scan* scan = as_scan(node)) {
      step.kind = Step::Kind::loop;
      step.loop = std::make_unique<LoopRun>(*scan, reserve);
    } else if (step.alias_offset >= 0) {
      step.kind = Step::Kind::alias;
    }
    for (const ValueId output : node.outputs) maker_[output] = static_cast<std::int32_t>(steps_.size());
    steps_.push_back(std::move(step));
  }
}

void Frame::list_operands() {
  std::vector<std::vector<std::uint32_t>> places(graph_->value_count());
  for (Step& step : steps_) {
    step.first_operand = operands_.size();
    if (step.kind != Step::Kind::call) continue;
    for (const auto* values : {&step.node->inputs, &step.node->outputs})
      for (const ValueId value : *values) {
        places[value].push_back(static_cast<std::uint32_t>(operands_.size()));
        operands_.push_back(address_[value]);  // a constant's is known
      }
  }
  for (const std::vector<std::uint32_t>& of_value : places) {
    first_place_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.insert(places_.end(), of_value.begin(), of_value.end());
  }
  first_place_.push_back(static_cast<std::uint32_t>(places_.size()));
}

void Frame::find_roots() {
  root_.resize(graph_->value_count());
  last_use_.assign(graph_->value_count(), no_step);
  for (ValueId v = 0; v < root_.size(); ++v) root_[v] = v;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    if (step.kind == Step::Kind::alias) root_[step.node->outputs[0]] = root_[step.node->inputs[0]];
    for (const ValueId input : step.node->inputs) last_use_[root_[input]] = s;
  }
}

bool Frame::may_overwrite(const Step& step, std::size_t output, ValueId input) const {
  const std::vector<ValueId>& inputs = step.node->inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (root_[inputs[i]] == input &&
        (inputs[i] != input || !step.operation->may_overwrite(output, i, step.input_types)))
      return false;
  return true;
}

void Frame::find_kept(const std::vector<std::int32_t>& in_place) {
  for (std::size_t o = 0; o < outputs_.size(); ++o)
    for (std::size_t other = 0; other < outputs_.size(); ++other)
      if (other != o && in_place[other] >= 0 &&
          inputs_[static_cast<std::size_t>(in_place[other])] == root_[outputs_[o]]) {
        kept_.push_back({.output = o});
        last_use_[root_[outputs_[o]]] = steps_.size();
        break;
      }
}

void Frame::place_outputs(const std::vector<std::int32_t>& in_place) {
  placement_.assign(outputs_.size(), Placement::copied);
  std::vector<char> taken(graph_->value_count(), 0);
  // From the back: where a loop's carried value is also stacked, it is made in its stack.
  for (std::size_t o = outputs_.size(); o-- > 0;) {
    const ValueId value = outputs_[o];
    const std::int32_t maker = maker_[value];
    if (root_[value] != value || maker < 0 || taken[value]) continue;
    if (in_place[o] >= 0) {
      // The caller's memory is also an input: nothing may read that input once this output is being written.
      const Step& step = steps_[static_cast<std::size_t>(maker)];
      const ValueId shared = inputs_[static_cast<std::size_t>(in_place[o])];
      const std::size_t last = last_use_[shared];
      bool allowed = last == no_step || last < static_cast<std::size_t>(maker);
      if (last == static_cast<std::size_t>(maker)) {
        const auto index = static_cast<std::size_t>(
            std::find(step.node->outputs.begin(), step.node->outputs.end(), value) - step.node->outputs.begin());
        allowed = may_overwrite(step, index, shared);
      }
      if (!allowed) continue;
    }
    placement_[o] = Placement::direct;
    taken[value] = 1;
  }
  const auto is_kept = [&](std::size_t o) {
    return std::any_of(kept_.begin(), kept_.end(), [o](const Kept& kept) { return kept.output == o; });
  };
  for (std::size_t o = 0; o < outputs_.size(); ++o)
    if (placement_[o] == Placement::copied && !is_kept(o)) copied_.push_back(o);
}

void Frame::plan(const Extents& reserve) {
  block_of_.assign(graph_->value_count(), -1);
  std::vector<char> external(graph_->value_count(), 0);
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    last_use_[root_[outputs_[o]]] = steps_.size();  // alive to the end
    if (placement_[o] == Placement::direct) external[outputs_[o]] = 1;
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    Step& step = steps_[s];
    if (step.kind == Step::Kind::alias) continue;
    std::vector<std::int32_t> taken;  // blocks that an output of this step took over
    for (std::size_t k = 0; k < step.node->outputs.size(); ++k) {
      const ValueId value = step.node->outputs[k];
      if (external[value]) continue;
      const std::size_t bytes = bytes_of(value, reserve);
      const std::size_t last = last_use_[value] == no_step ? s : last_use_[value];
      // Written over an input that dies here, where the operation allows it.
      for (std::size_t i = 0; i < step.node->inputs.size() && block_of_[value] < 0; ++i) {
        const ValueId input = step.node->inputs[i];
        const std::int32_t block = block_of_[root_[input]];
        if (block < 0 || root_[input] != input || last_use_[input] != s || bytes_of(input, reserve) != bytes) continue;
        if (graph_->type(input).dtype != graph_->type(value).dtype || !may_overwrite(step, k, input)) continue;
        if (std::find(taken.begin(), taken.end(), block) != taken.end()) continue;
        taken.push_back(block);
        block_of_[value] = block;
        blocks_[static_cast<std::size_t>(block)].last = std::max(last, s);
      }
      if (block_of_[value] >= 0) continue;
      block_of_[value] = static_cast<std::int32_t>(blocks_.size());
      blocks_.push_back({bytes, s, last});
    }
    const std::size_t workspace =
        step.loop ? step.loop->workspace_bytes() : step.operation->workspace_bytes(step.input_types, reserve);
    step.workspace_block = blocks_.size();
    blocks_.push_back({workspace, s, s});
  }
  for (Kept& kept : kept_) {
    kept.block = blocks_.size();
    blocks_.push_back({bytes_of(outputs_[kept.output], reserve), steps_.size(), steps_.size()});
  }
  plan_ = plan_memory(blocks_);
}

void Frame::settle(std::byte* arena) {
  for (ValueId v = 0; v < block_of_.size(); ++v) {
    if (block_of_[v] < 0) continue;
    set_address(v, arena + plan_.offsets[static_cast<std::size_t>(block_of_[v])]);
    padded_[v] = 1;
  }
  for (Step& step : steps_) {
    if (step.kind == Step::Kind::alias) continue;
    step.workspace = arena + plan_.offsets[step.workspace_block];
    if (step.loop) step.loop->settle(step.workspace);
  }
  for (Kept& kept : kept_) kept.at = arena + plan_.offsets[kept.block];
}

Status Frame::prepare(const Extents& at, const ops::Kernels& kernels) noexcept {
  is_fixed_ = false;
  for (Step& step : steps_) {
    if (!step.operation->fits(step.input_types, at)) return {.code = Status::Code::wrong_size, .node = step.number};
    if (step.loop) {
      const Status status = step.loop->prepare(at, kernels);
      if (!status.ok()) return {.code = status.code, .node = step.number};
    } else if (step.kind == Step::Kind::call) {
      step.operation->prepare(step.input_types, step.output_types, at, step.sizes);
      step.operation->link(call_of(step, step.sizes, kernels));
    }
  }
  for (std::size_t o = 0; o < outputs_.size(); ++o) output_bytes_[o] = bytes_of(outputs_[o], at);
  return {};
}

void Frame::set_output(std::size_t index, void* data) noexcept {
  is_fixed_ = false;
  output_target_[index] = static_cast<std::byte*>(data);
  if (placement_[index] == Placement::direct) set_address(outputs_[index], output_target_[index]);
}

ops::Call Frame::call_of(const Step& step, const ops::Sizes& sizes, const ops::Kernels& kernels) const noexcept {
  void* const* const operands = operands_.data() + step.first_operand;
  return {.sizes = sizes,
          .inputs = operands,
          .outputs = operands + step.node->inputs.size(),
          .workspace = step.workspace,
          .linked = const_cast<std::byte*>(step.linked.data()),
          .dtype = step.dtype,
          .kernels = kernels};
}

void Frame::fix(const ops::Kernels& kernels) {
  fixed_.clear();
  for (Step& step : steps_) {
    if (step.kind == Step::Kind::alias) {
      (void)run_step(step, kernels);
      continue;
    }
    fixed_.push_back({&step, nullptr});
    if (step.kind != Step::Kind::call) continue;
    ops::Call call = call_of(step, step.sizes, kernels);
    call.padded = padded_inputs(*step.node);
    fixed_.back().call = step.operation->fix(call);
  }
  std::vector<ops::FixedCall*> calls;
  for (const FixedStep& fixed : fixed_)
    if (fixed.call) calls.push_back(fixed.call.get());
  fetch_ahead(calls, kernels::first_level_cache_bytes());
  is_fixed_ = true;
}

void Frame::describe_kernels(const Extents& at, const ops::Kernels& kernels, NodeNotes& notes) const {
  const auto note = [&](const Step& step, const std::string& text) {
    if (!text.empty()) notes[step.node] = "by " + text;
  };
  for (const Step& step : steps_) {
    if (step.loop) {
      step.loop->body().describe_kernels(at, kernels, notes);
    } else if (step.kind == Step::Kind::call) {
      ops::Sizes sizes;
      step.operation->prepare(step.input_types, step.output_types, at, sizes);
      note(step, step.operation->kernel(call_of(step, sizes, kernels)));
    }
  }
  for (const FixedStep& fixed : fixed_)
    if (is_fixed_ && fixed.call) note(*fixed.step, fixed.call->kernel());
}

std::uint64_t Frame::padded_inputs(const Node& node) const noexcept {
  std::uint64_t padded = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) padded |= std::uint64_t{padded_[node.inputs[i]] != 0} << i;
  return padded;
}

Status Frame::run_step(Step& step, const ops::Kernels& kernels) noexcept {
  const Node& node = *step.node;
  switch (step.kind) {
    case Step::Kind::alias:
      set_address(node.outputs[0], address_[node.inputs[0]] + step.alias_offset);
      padded_[node.outputs[0]] = step.alias_offset % 64 == 0 ? padded_[node.inputs[0]] : 0;
      return {};
    case Step::Kind::loop:
      return step.loop->run(address_.data(), node, kernels);
    case Step::Kind::call:
      break;
  }
  return step.operation->run(call_of(step, step.sizes, kernels));
}

Status Frame::run_steps(const ops::Kernels& kernels) noexcept {
  if (is_fixed_) {
    for (FixedStep& fixed : fixed_) {
      const Status status = fixed.call ? fixed.call->run() : run_step(*fixed.step, kernels);
      if (!status.ok()) return {status.code, fixed.step->number, status.item};
    }
    return {};
  }
  for (Step& step : steps_) {
    const Status status = run_step(step, kernels);
    if (!status.ok()) return {status.code, step.number, status.item};
  }
  return {};
}

Status Frame::run(const ops::Kernels& kernels) noexcept {
  if (const Status status = run_steps(kernels); !status.ok()) return status;
  for (const Kept& kept : kept_) std::memcpy(kept.at, address_[outputs_[kept.output]], output_bytes_[kept.output]);
  for (const std::size_t o : copied_)
    if (output_target_[o] != nullptr && output_bytes_[o] > 0 && output_target_[o] != address_[outputs_[o]])
      std::memmove(output_target_[o], address_[outputs_[o]], output_bytes_[o]);
  for (const Kept& kept : kept_)
    if (output_target_[kept.output] != nullptr)
      std::memcpy(output_target_[kept.output], kept.at, output_bytes_[kept.output]);
  return {};
}

}  // namespace elegans::graph
