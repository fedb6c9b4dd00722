#include "train/pass.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <numeric>

#include "elegans/base/text.hpp"
#include "elegans/graph/gradient.hpp"

namespace elegans::train {
namespace {

using graph::Graph;
using graph::Value;

constexpr std::size_t none = static_cast<std::size_t>(-1);

std::size_t find(const std::vector<graph::Port>& ports, std::string_view name) {
  const auto found =
      std::find_if(ports.begin(), ports.end(), [&](const graph::Port& port) { return port.name == name; });
  return found == ports.end() ? none : static_cast<std::size_t>(found - ports.begin());
}

Number number_of(Dtype dtype, double value) {
  Number number;
  if (dtype == Dtype::f32)
    number.f32 = static_cast<float>(value);
  else
    number.f64 = value;
  return number;
}

double value_of(Dtype dtype, const Number& number) { return dtype == Dtype::f32 ? number.f32 : number.f64; }

void write_gradients(nn::Context& context, const ParameterLayout& parameters, Value loss) {
  Graph& graph = context.graph();
  if (!context.losses().empty()) {
    Value penalties = context.losses().front();
    for (std::size_t i = 1; i < context.losses().size(); ++i) penalties = penalties + context.losses()[i];
    loss = loss + graph.input("penalty_share", {loss.dtype(), Shape{}}) * penalties;
  }
  if (!context.activity_losses().empty()) {
    Value activities = context.activity_losses().front();
    for (std::size_t i = 1; i < context.activity_losses().size(); ++i)
      activities = activities + context.activity_losses()[i];
    loss = loss + graph.input("activity_share", {loss.dtype(), Shape{}}) * activities;
  }
  graph.output("loss", loss);
  std::vector<Value> wrt;
  std::vector<std::string> names;
  for (const auto& [weight, value] : context.weights()) {
    const bool trained = std::any_of(parameters.entries.begin(), parameters.entries.end(),
                                     [&, w = weight](const auto& entry) { return entry.weight == w; });
    if (!trained) continue;
    wrt.push_back(value);
    names.push_back("gradient/" + weight->path);
  }
  const std::vector<Value> found = gradients(loss, wrt);
  for (std::size_t i = 0; i < found.size(); ++i) graph.output(names[i], found[i]);
}

}  // namespace

Graph write_pass(Sequential& model, const ParameterLayout& parameters, const PassOptions& options) {
  const bool training = options.kind == PassKind::gradients;
  Graph graph;
  nn::Context context(graph, {.mode = training ? nn::Mode::training : nn::Mode::inference,
                              .expose_states = options.carried != nullptr,
                              .seed = options.seed});
  const Value x = graph.input("x", {model.dtype(), model.input_shape()});
  if (options.timespans) context.timespans = graph.input("timespans", {model.dtype(), {Dim::batch(), Dim::time()}});
  if (options.lengths) context.lengths = graph.input("lengths", {Dtype::i32, {Dim::batch()}});
  if (options.carried) context.fresh = graph.input("fresh", {model.dtype(), {Dim::batch(), 1}});
  const Value y = model(context, x);
  const Shape each = y.shape().removed(y.shape().rank() - 1);
  const ops::Type target = options.layout.classes
                               ? ops::Type{Dtype::i32, each}
                               : ops::Type{y.dtype(), each.inserted(each.rank(), options.layout.targets)};
  const nn::LossInputs inputs{.prediction = y,
                              .target = graph.input("target", target),
                              .weight = graph.input("weight", {y.dtype(), each}),
                              .normaliser = graph.input("normaliser", {y.dtype(), Shape{}})};
  Value loss;
  {
    const graph::Scope scope(graph, "loss");
    loss = options.loss(inputs);
  }
  if (training) {
    write_gradients(context, parameters, loss);
  } else {
    graph.output("loss", loss);
    graph.output("y", y);
  }
  return graph;
}

Pass::Pass(Sequential& model, const ParameterLayout& parameters, const Workers& workers, PassOptions options)
    : options_(std::move(options)), workers_(&workers), parameters_(parameters.size) {
  const auto rows = static_cast<std::size_t>(options_.layout.rows);
  const std::size_t shards = (options_.batch_size + rows - 1) / rows;
  const Graph graph = write_pass(model, parameters, options_);
  for (std::size_t worker = 0; worker < std::min(workers.count(), shards); ++worker)
    instances_.push_back(instantiate(graph, model, parameters));
  const ShardLayout& layout = options_.layout;
  const std::int64_t answers = layout.outputs * layout.rows * (layout.answers_every_step ? layout.longest : 1);
  for (std::size_t s = 0; s < shards; ++s) {
    shards_.emplace_back(layout);
    if (options_.carried) states_.emplace_back(*options_.carried, rows, layout.dtype);
    if (options_.kind == PassKind::gradients)
      gradients_.emplace_back(parameters.bytes());
    else
      answers_.emplace_back(static_cast<std::size_t>(answers) * size_of(layout.dtype));
  }
  if (options_.accumulates) accumulated_ = AlignedBuffer(parameters.bytes());
  scalars_.resize(shards);
  segments_.reserve(options_.batch_size);
}

Pass::Instance Pass::instantiate(const Graph& graph, Sequential& model, const ParameterLayout& parameters) const {
  Instance made{.executable =
                    graph::compile(graph, {.target = options_.target,
                                           .reserve = {.batch = options_.layout.rows, .time = options_.layout.longest},
                                           .disable = options_.disable})};
  const auto& inputs = made.executable.inputs();
  const auto& outputs = made.executable.outputs();
  made.x = find(inputs, "x");
  made.target = find(inputs, "target");
  made.weight = find(inputs, "weight");
  made.normaliser = find(inputs, "normaliser");
  made.timespans = find(inputs, "timespans");
  made.lengths = find(inputs, "lengths");
  made.penalty_share = find(inputs, "penalty_share");
  made.activity_share = find(inputs, "activity_share");
  made.step = find(inputs, "step");
  made.fresh = find(inputs, "fresh");
  made.loss = find(outputs, "loss");
  made.y = find(outputs, "y");
  for (const nn::WeightPtr& weight : model.weights())
    if (const std::size_t input = find(inputs, "weight/" + weight->path); input != none)
      made.weights.emplace_back(weight, input);
  if (options_.carried)
    for (const CarriedStates::State& state : options_.carried->states())
      made.states.emplace_back(find(inputs, "state/" + state.path), find(outputs, "next/" + state.path));
  for (const auto& entry : parameters.entries)
    if (const std::size_t output = find(outputs, "gradient/" + entry.weight->path); output != none)
      made.gradients.emplace_back(output, parameters.byte_offset(entry));
  return made;
}

// What the places of a segment count together.
double Pass::counted_of(const Dataset& data, const Segment& segment) const noexcept {
  const auto [first, count] = target_rows(data, segment);
  const auto all = data.weights(segment.sequence), weights = all.empty() ? all : all.subspan(first, count);
  if (options_.loss.weighs_labels()) {
    const auto labels = data.labels(segment.sequence).subspan(first, count);
    double counted = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      counted += (weights.empty() ? 1 : weights[i]) * options_.loss.weight_of(labels[i]);
    return counted;
  }
  return all.empty() ? static_cast<double>(count) : std::accumulate(weights.begin(), weights.end(), 0.0);
}

double Pass::counted(const Dataset& data, std::span<const Segment> segments) const noexcept {
  double counted = 0;
  for (const Segment& segment : segments) counted += counted_of(data, segment);
  return counted;
}

double Pass::mean_of(double loss, double counted) const noexcept {
  return options_.loss.reduction == nn::Reduction::sum && counted > 0 ? loss / counted : loss;
}

std::span<const Segment> Pass::part(std::span<const Segment> segments, std::size_t shard) const noexcept {
  const auto rows = static_cast<std::size_t>(options_.layout.rows);
  return segments.subspan(shard * rows, std::min(rows, segments.size() - shard * rows));
}

std::span<const Segment> Pass::by_length(std::span<const Segment> segments) noexcept {
  segments_.assign(segments.begin(), segments.end());
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.steps != b.steps ? a.steps > b.steps : a.row < b.row; });
  return segments_;
}

void Pass::run(const Dataset& data, std::span<const Segment> batch, std::uint64_t number, const Whole& whole) {
  const auto rows = static_cast<std::size_t>(options_.layout.rows);
  const Dtype dtype = options_.layout.dtype;
  used_ = (batch.size() + rows - 1) / rows;
  ensure(used_ <= shards_.size(), "a batch is larger than its pass");
  const std::span<const Segment> segments = by_length(batch);
  normaliser_ = number_of(dtype, options_.loss.reduction == nn::Reduction::sum ? 1 : whole.counted);
  activity_share_ = number_of(dtype, 1 / static_cast<double>(whole.segments));
  for (std::size_t s = 0; s < used_; ++s) {
    scalars_[s].step.i32 = static_cast<std::int32_t>(static_cast<std::uint32_t>(number * shards_.size() + s));
    scalars_[s].penalty_share = number_of(dtype, whole.begins && s == 0 ? 1 : 0);
  }

  workers_->run(used_, [&](std::size_t s, std::size_t worker) noexcept {
    shards_[s].pack(data, part(segments, s));
    if (options_.carried) states_[s].take(*options_.carried, part(segments, s));
    scalars_[s].status = run_shard(s, instances_[worker]);
  });
  for (std::size_t s = 0; s < used_; ++s)
    if (!scalars_[s].status.ok()) fail(s, data, segments);
  for (std::size_t s = 0; s < states_.size() && s < used_; ++s) states_[s].give(*options_.carried, part(segments, s));
  if (options_.kind == PassKind::gradients) add_gradients(whole.begins);
}

Status Pass::run_shard(std::size_t s, Instance& instance) noexcept {
  graph::Executable& executable = instance.executable;
  const auto input = [&](std::size_t index, const void* data) {
    if (index != none) executable.bind_input(index, data);
  };
  const Shard& shard = shards_[s];
  Scalars& scalars = scalars_[s];
  input(instance.x, shard.x());
  input(instance.target, shard.target());
  input(instance.weight, shard.weight());
  input(instance.timespans, shard.timespans());
  input(instance.lengths, shard.lengths());
  input(instance.normaliser, &normaliser_);
  input(instance.penalty_share, &scalars.penalty_share);
  input(instance.activity_share, &activity_share_);
  input(instance.step, &scalars.step);
  if (options_.carried) {
    ShardStates& states = states_[s];
    input(instance.fresh, states.fresh());
    for (std::size_t i = 0; i < instance.states.size(); ++i) {
      input(instance.states[i].first, states.before(i));
      executable.bind_output(instance.states[i].second, states.after(i));
    }
  }
  // A weight's tensor may have been replaced since the last run.
  for (const auto& [weight, index] : instance.weights) input(index, weight->value.data());
  executable.bind_output(instance.loss, &scalars.loss);
  if (instance.y != none) executable.bind_output(instance.y, answers_[s].data());
  for (const auto& [output, offset] : instance.gradients) executable.bind_output(output, gradients_[s].data() + offset);
  return executable.run(shard.extents());
}

void Pass::add_gradients(bool begins) noexcept {
  ops::with_floating(options_.layout.dtype, [&]<class T>(T) {
    const auto add = kernels::table<T>(options_.target).binary[static_cast<std::size_t>(kernels::Binary::add)];
    T* const total = reinterpret_cast<T*>(gradients());
    std::size_t first = 0;
    if (begins) {
      first = 1;
      if (options_.accumulates) std::memcpy(total, gradients_.front().data(), parameters_ * sizeof(T));
    }
    for (std::size_t s = first; s < used_; ++s)
      add(total, 1, reinterpret_cast<const T*>(gradients_[s].data()), 1, total, parameters_);
  });
}

double Pass::loss() const {
  double loss = 0;
  for (std::size_t s = 0; s < used_; ++s) loss += value_of(options_.layout.dtype, scalars_[s].loss);
  return loss;
}

View Pass::answers(std::size_t shard) const {
  return {const_cast<std::byte*>(answers_[shard].data()), options_.layout.dtype, shards_[shard].answers()};
}

void Pass::fail(std::size_t shard, const Dataset& data, std::span<const Segment> segments) const {
  const Status& status = scalars_[shard].status;
  const std::size_t s = part(segments, shard).front().sequence;
  throw Error(fmt::format("{}: {} (item {}), in the {} sequences of the batch from number {} on (recording {}).",
                          status.node >= 0 ? instances_.front().executable.node_name(status.node) : "training",
                          describe(status.code), status.item, shards_[shard].extents().batch, s,
                          quote(data.recordings[data.sequences[s].recording].name)));
}

std::size_t Pass::bytes() const {
  std::size_t bytes = 0;
  for (const Instance& instance : instances_) bytes += instance.executable.arena_bytes();
  for (const Shard& shard : shards_) bytes += shard.bytes();
  for (const ShardStates& states : states_) bytes += states.bytes();
  for (const AlignedBuffer& buffer : gradients_) bytes += buffer.bytes();
  for (const AlignedBuffer& buffer : answers_) bytes += buffer.bytes();
  return bytes + accumulated_.bytes();
}

}  // namespace elegans::train
