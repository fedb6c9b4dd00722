#include "elegans/graph/executable.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "elegans/base/suggest.hpp"
#include "elegans/graph/pipeline.hpp"
#include "elegans/graph/scan.hpp"
#include "frame.hpp"

namespace elegans::graph {

struct Executable::Implementation {
  Graph graph;
  CompileOptions options;
  std::int64_t segment_length = 1;
  std::vector<PassReport> reports;
  ops::Kernels kernels;
  std::unique_ptr<Frame> frame;
  AlignedBuffer arena;
  Extents prepared{.batch = -1, .time = -1, .segments = -1};

  // What shapes without symbols leave open.
  Extents usual() const { return options.exact ? options.reserve : Extents{}; }

  Extents complete(const Extents& extents) const {
    const std::int64_t k = segment_length, rest = extents.time % k == 0 ? 0 : 1;
    return {extents.batch, extents.time, extents.time / k + rest};
  }

  // What `status` says, of the node that it names.
  [[noreturn]] void fail(const Executable& of, const Status& status) const {
    std::string what = describe(status.code);
    if (status.code == Status::Code::extent_out_of_range)
      what += fmt::format(" ({}; reserved are batch {} and time {})", status.item, options.reserve.batch,
                          options.reserve.time);
    else if (status.item >= 0)
      what += fmt::format(" (item {})", status.item);
    throw Error(fmt::format("{}: {}.", of.node_name(status.node), what));
  }
};

namespace {

std::size_t index_of(const std::vector<Port>& ports, std::string_view name, const char* what) {
  for (std::size_t i = 0; i < ports.size(); ++i)
    if (ports[i].name == name) return i;
  std::vector<std::string> known;
  for (const Port& port : ports) known.push_back(port.name);
  throw ConfigError({.operation = "executable",
                     .argument = fmt::format("the name of an {}", what),
                     .actual = fmt::format("'{}'", name),
                     .required = fmt::format("an {} of the graph", what),
                     .remedy = suggest(name, known)});
}

// The extents at which the symbolic shapes of `ports` are the shapes of `views`.
void learn_extents(const Graph& graph, const std::vector<Port>& ports, std::span<const View> views, Extents& extents) {
  for (std::size_t i = 0; i < std::min(views.size(), ports.size()); ++i) {
    const Shape& symbolic = graph.type(ports[i].value).shape;
    const Shape& actual = views[i].shape;
    for (std::size_t k = 0; k < std::min(symbolic.rank(), actual.rank()); ++k) {
      if (symbolic[k] == Dim::batch()) extents.batch = actual[k].factor();
      if (symbolic[k] == Dim::time()) extents.time = actual[k].factor();
    }
  }
}

void require_views(const Graph& graph, const std::vector<Port>& ports, std::span<const View> views,
                   const Extents& extents, const char* what) {
  if (views.size() != ports.size())
    throw ConfigError({.operation = "executable",
                       .argument = fmt::format("the number of {}s", what),
                       .actual = std::to_string(views.size()),
                       .required = std::to_string(ports.size()),
                       .remedy = ""});
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Type& type = graph.type(ports[i].value);
    if (views[i].dtype != type.dtype || !(views[i].shape == type.shape.at(extents)))
      throw ShapeError({.operation = "executable",
                        .argument = fmt::format("{} '{}'", what, ports[i].name),
                        .actual = ops::to_string(Type{views[i].dtype, views[i].shape}),
                        .required = ops::to_string(Type{type.dtype, type.shape.at(extents)}),
                        .remedy = ""});
  }
}

// By output: the input whose memory it is, −1 for none.
std::vector<std::int32_t> shared_inputs(const Graph& graph,
                                        const std::vector<std::pair<std::string, std::string>>& in_place) {
  std::vector<std::int32_t> shared(graph.outputs().size(), -1);
  for (const auto& [output, input] : in_place) {
    const std::size_t o = index_of(graph.outputs(), output, "output"), i = index_of(graph.inputs(), input, "input");
    const auto refuse = [&, &out = output, &in = input](const std::string& actual, const std::string& required) {
      throw ConfigError({.operation = "compile",
                         .argument = fmt::format("in_place: output '{}' over input '{}'", out, in),
                         .actual = actual,
                         .required = required,
                         .remedy = ""});
    };
    const Type &from = graph.type(graph.outputs()[o].value), &to = graph.type(graph.inputs()[i].value);
    if (!(from == to))
      refuse(fmt::format("{} over {}", ops::to_string(from), ops::to_string(to)), "the type of the input");
    const auto taken = std::find(shared.begin(), shared.end(), static_cast<std::int32_t>(i));
    if (shared[o] >= 0 || taken != shared.end()) refuse("given before", "every output and every input once");
    shared[o] = static_cast<std::int32_t>(i);
  }
  return shared;
}

// Of an array: more than machines hold, and so few that sums of sizes can be counted.
constexpr std::int64_t most_bytes = std::int64_t{1} << 52, most_extent = std::int64_t{1} << 40;

void check_sizes(const Graph& graph, const Extents& reserve) {
  for (ValueId value = 0; value < graph.value_count(); ++value) {
    const Type& type = graph.type(value);
    double bytes = static_cast<double>(size_of(type.dtype));
    for (const Dim& dim : type.shape)
      bytes *= static_cast<double>(dim.factor()) * (dim.uses_batch() ? static_cast<double>(reserve.batch) : 1) *
               (dim.uses_time() ? static_cast<double>(reserve.time) : 1) *
               (dim.uses_segments() ? static_cast<double>(reserve.segments) : 1);
    if (bytes >= static_cast<double>(most_bytes))
      throw ConfigError({.operation = "compile",
                         .argument = fmt::format("reserve: batch {}, time {}", reserve.batch, reserve.time),
                         .actual = fmt::format("more than there can be memory for: one array has {:.3g} bytes", bytes),
                         .required = "smaller extents",
                         .remedy = ""});
  }
  for (const Node& node : graph.nodes())
    if (const Scan* scan = as_scan(node)) check_sizes(scan->body(), reserve);
}

}  // namespace

Executable::Executable(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Executable::Executable(Executable&&) noexcept = default;
Executable& Executable::operator=(Executable&&) noexcept = default;
Executable::~Executable() = default;

std::unique_ptr<Executable::Implementation> Executable::plan(Graph graph, const CompileOptions& options) {
  const auto may_be = [](std::int64_t extent) { return extent >= 1 && extent <= most_extent; };
  if (!may_be(options.reserve.batch) || !may_be(options.reserve.time))
    throw ConfigError({.operation = "compile",
                       .argument = "reserve",
                       .actual = fmt::format("batch {}, time {}", options.reserve.batch, options.reserve.time),
                       .required = fmt::format("1 to {} of each", most_extent),
                       .remedy = ""});
  auto self = std::make_unique<Implementation>();
  self->options = options;
  self->segment_length = segment_length_of(graph);
  self->options.reserve = self->complete(options.reserve);
  check_sizes(graph, self->options.reserve);
  self->reports.swap(self->options.reports);
  self->graph = options.is_optimised
                    ? std::move(graph)
                    : optimise(std::move(graph), self->reports,
                               {.disable = options.disable,
                                .exactly = options.exact ? std::optional(self->options.reserve) : std::nullopt,
                                .fast_activations = options.fast_activations});
  // Again, for passes make arrays: what a loop does at each step becomes an operation over all of them.
  check_sizes(self->graph, self->options.reserve);
  self->kernels = ops::kernels_of(options.target);
  self->frame =
      std::make_unique<Frame>(self->graph, self->options.reserve, shared_inputs(self->graph, options.in_place));
  ensure(is_valid(self->frame->blocks(), self->frame->plan()), "values that live together overlap in the memory plan");
  return self;
}

Executable compile(Graph graph, const CompileOptions& options) {
  auto planned = Executable::plan(std::move(graph), options);
  planned->arena = AlignedBuffer::uninitialised(planned->frame->arena_bytes());
  planned->frame->settle(planned->arena.data());
  return Executable(std::move(planned));
}

std::size_t planned_arena_bytes(Graph graph, const CompileOptions& options) {
  return Executable::plan(std::move(graph), options)->frame->arena_bytes();
}

const std::vector<Port>& Executable::inputs() const { return implementation_->graph.inputs(); }
const std::vector<Port>& Executable::outputs() const { return implementation_->graph.outputs(); }
const Type& Executable::input_type(std::size_t index) const {
  return implementation_->graph.type(inputs()[index].value);
}
const Type& Executable::output_type(std::size_t index) const {
  return implementation_->graph.type(outputs()[index].value);
}
std::size_t Executable::input_index(std::string_view name) const { return index_of(inputs(), name, "input"); }
std::size_t Executable::output_index(std::string_view name) const { return index_of(outputs(), name, "output"); }

void Executable::bind_input(std::size_t index, const void* data) noexcept {
  implementation_->frame->set_input(index, data);
}
void Executable::bind_input(std::size_t index, const Tensor& tensor) noexcept {
  implementation_->frame->set_input(index, tensor.data(), true);
}
void Executable::bind_output(std::size_t index, void* data) noexcept {
  implementation_->frame->set_output(index, data);
}

Status Executable::prepare(const Extents& extents) noexcept {
  Implementation& self = *implementation_;
  const Extents& reserve = self.options.reserve;
  if (extents.batch > reserve.batch || extents.batch < 0 || (self.options.exact && extents.batch != reserve.batch))
    return {.code = Status::Code::extent_out_of_range, .node = -1, .item = extents.batch};
  if (extents.time > reserve.time || extents.time < 0 || (self.options.exact && extents.time != reserve.time))
    return {.code = Status::Code::extent_out_of_range, .node = -1, .item = extents.time};
  self.prepared = {.batch = -1, .time = -1, .segments = -1};
  const Extents all = self.complete(extents);
  const Status status = self.frame->prepare(all, self.kernels);
  if (status.ok()) self.prepared = all;
  return status;
}

void Executable::fix(const Extents& extents) {
  const Status status = prepare(extents);
  if (status.code == Status::Code::extent_out_of_range)
    throw ConfigError(
        {.operation = "executable",
         .argument = "what to fix",
         .actual = fmt::format("batch {}, time {}", extents.batch, extents.time),
         .required = fmt::format("{}batch {}, time {}", implementation_->options.exact ? "" : "at most ",
                                 implementation_->options.reserve.batch, implementation_->options.reserve.time),
         .remedy = ""});
  if (!status.ok()) implementation_->fail(*this, status);
  implementation_->frame->fix(implementation_->kernels);
}

Status Executable::run(const Extents& extents) noexcept {
  Implementation& self = *implementation_;
  if (extents.batch != self.prepared.batch || extents.time != self.prepared.time)
    if (const Status status = prepare(extents); !status.ok()) return status;
  return self.frame->run(self.kernels);
}

void Executable::operator()(std::span<const View> inputs, std::span<const View> outputs) {
  const Graph& graph = implementation_->graph;
  Extents extents = implementation_->usual();
  learn_extents(graph, graph.inputs(), inputs, extents);
  require_views(graph, graph.inputs(), inputs, extents, "input");
  require_views(graph, graph.outputs(), outputs, extents, "output");
  for (std::size_t i = 0; i < inputs.size(); ++i) bind_input(i, inputs[i].data);
  for (std::size_t i = 0; i < outputs.size(); ++i) bind_output(i, outputs[i].data);
  if (const Status status = run(extents); !status.ok()) implementation_->fail(*this, status);
}

std::vector<Tensor> Executable::operator()(std::span<const View> inputs) {
  const Graph& graph = implementation_->graph;
  Extents extents = implementation_->usual();
  learn_extents(graph, graph.inputs(), inputs, extents);
  extents = implementation_->complete(extents);
  std::vector<Tensor> tensors;
  std::vector<View> views;
  for (const Port& port : graph.outputs()) {
    const Type& type = graph.type(port.value);
    tensors.emplace_back(type.shape.at(extents), type.dtype);
  }
  for (const Tensor& tensor : tensors) views.push_back(tensor);
  (*this)(inputs, views);
  return tensors;
}

std::size_t Executable::arena_bytes() const { return implementation_->arena.bytes(); }

ops::Cost Executable::cost(const Extents& extents) const {
  ops::Cost total;
  const Graph& graph = implementation_->graph;
  for (const Node& node : graph.nodes()) {
    const ops::Cost one = node.operation->cost(graph.types_of(node.inputs), graph.types_of(node.outputs),
                                               implementation_->complete(extents));
    total.flop += one.flop;
    total.bytes += one.bytes;
  }
  return total;
}

std::string Executable::explain() const {
  const Implementation& self = *implementation_;
  const bool was_prepared = self.prepared.batch >= 0;
  const Extents& extents = was_prepared ? self.prepared : self.options.reserve;
  std::string text = fmt::format("kernels: {}, as for batch {}, time {}\n",
                                 kernels::instruction_set(self.options.target), extents.batch, extents.time);
  for (const PassReport& report : self.reports) {
    text += fmt::format("pass {}: {} nodes -> {}\n", report.pass, report.nodes_before, report.nodes_after);
    for (const std::string& note : report.notes) text += fmt::format("    {}\n", note);
  }
  NodeNotes notes;
  self.frame->describe_kernels(extents, self.kernels, notes);
  text += to_string(self.graph, notes);
  text += "memory: " + to_string(self.frame->blocks(), self.frame->plan());
  return text;
}

const Graph& Executable::graph() const { return implementation_->graph; }

std::string Executable::node_name(std::int32_t node) const {
  if (node < 0) return "executable";
  const Node& at = implementation_->graph.nodes().at(static_cast<std::size_t>(node));
  return at.scope.empty() ? std::string(at.operation->name()) : fmt::format("{}: {}", at.scope, at.operation->name());
}

}  // namespace elegans::graph
