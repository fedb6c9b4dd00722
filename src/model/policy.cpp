#include "elegans/model/policy.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>
#include <cstring>

#include "elegans/base/text.hpp"
#include "elegans/model/forward.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/sporadic.hpp"
#include "elegans/model/step.hpp"

namespace elegans::model {

// What all streams of a policy share; it does not change.
struct Policy::Network {
  Preprocessing preprocessing;
  PolicyOptions options;
  Dtype dtype;
  std::size_t features;
  std::size_t inputs;   // features, and what tells of sporadic ones
  std::size_t outputs;  // of the network
  bool one_score;       // of two classes: the second one's, against 0 for the first
  std::vector<std::size_t> sporadic;
  Shape input_shape;
  bool has_time;
  Step step;
  std::vector<PolicyState> states;
  std::size_t network_states = 0;  // of them, the network's own
  std::size_t state_size = 0;      // of the network; that of sporadic features comes behind it
  Tensor first_state;              // all states, one after the other

  std::size_t answers() const { return one_score ? 2 : outputs; }
};

struct Policy::Stream {
  std::shared_ptr<const Network> network;
  graph::Executable executable;
  Tensor x;
  Tensor dt;
  Tensor y;
  Tensor state, next_state;                 // the present one, and the one that a step writes
  std::vector<double> memory, next_memory;  // of sporadic features, likewise

  explicit Stream(std::shared_ptr<const Network> shared);
  template <class T, class Number>
  Status step(std::span<const Number> observation, Number seconds, std::span<Number> action) noexcept;
  template <class Number>
  Status step(std::span<const Number> observation, std::optional<Number> seconds, std::span<Number> action) noexcept;
  template <class Number>
  Status get_state(std::span<Number> out) const noexcept;
  template <class Number>
  Status set_state(std::span<const Number> from) noexcept;
};

namespace {

// The first element that is not finite; −1 where all are. Block by block: without a branch inside, a block is a few
// vector instructions, and a step of a small network would spend a tenth of its time here else.
template <class T>
std::int64_t first_not_finite(std::span<const T> values) noexcept {
  constexpr std::size_t block = 8;
  std::size_t i = 0;
  for (; i + block <= values.size(); i += block) {
    int odd = 0;
    for (std::size_t k = 0; k < block; ++k) odd |= std::isfinite(values[i + k]) ? 0 : 1;
    if (odd != 0) break;
  }
  for (; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return static_cast<std::int64_t>(i);
  return -1;
}

// Which of the answers is none in the caller's units and type, though the network's number is finite.
template <class Number, class T>
std::int64_t first_not_finite_as(const Scaling& units, std::span<const T> answer) noexcept {
  if (units.empty() && sizeof(Number) >= sizeof(T)) return -1;
  for (std::size_t i = 0; i < answer.size(); ++i)
    if (!std::isfinite(unstandardised<Number>(units, i, answer[i]))) return static_cast<std::int64_t>(i);
  return -1;
}

constexpr Status not_finite(std::int64_t item) noexcept { return {Status::Code::not_finite, -1, item}; }

Tensor joined(const std::vector<Tensor>& parts, std::size_t elements, Dtype dtype) {
  Tensor all(Shape{static_cast<std::int64_t>(elements)}, dtype);
  auto* to = static_cast<std::byte*>(all.data());
  for (const Tensor& part : parts) {
    if (part.bytes() == 0) continue;
    std::memcpy(to, part.data(), part.bytes());
    to += part.bytes();
  }
  return all;
}

// Δt of every step in time units, where it is fixed.
std::optional<double> fixed_timespan(const PolicyOptions& options, double time_unit, Dtype dtype,
                                     const std::string& operation) {
  if (!options.fixed_dt) return std::nullopt;
  const double seconds = *options.fixed_dt, tau = seconds / time_unit;
  const auto refuse = [&](std::string required, std::string remedy) {
    throw ConfigError({operation, "fixed_dt", fmt::format("{}", seconds), std::move(required), std::move(remedy)});
  };
  if (!std::isfinite(seconds) || seconds < 0)
    refuse("seconds, finite and at least 0", "Leave it out where each step is given its own Δt.");
  if (!ops::with_floating(dtype, [&]<class T>(T) { return std::isfinite(static_cast<T>(tau)); }))
    refuse(fmt::format("seconds whose number of time units ({}) is finite in {}", time_unit, to_string(dtype)), "");
  return tau;
}

}  // namespace

Policy::Stream::Stream(std::shared_ptr<const Network> shared)
    : network(std::move(shared)),
      executable(network->step.compile(network->options.target)),
      x(network->input_shape.at({}), network->dtype),
      dt(Shape{1, 1}, network->dtype),
      y(Shape{static_cast<std::int64_t>(network->outputs)}, network->dtype),
      state(network->first_state),
      next_state(network->first_state),
      memory(2 * network->sporadic.size(), 0),
      next_memory(memory) {
  const auto numbers = [](const graph::Type& type) { return type.shape.elements(Extents{}); };
  ensure(numbers(executable.input_type(executable.input_index("x"))) == static_cast<std::int64_t>(x.elements()) &&
             numbers(executable.output_type(executable.output_index("y"))) == static_cast<std::int64_t>(y.elements()),
         "a step of a policy reads or answers another number of numbers than the network");
  executable.bind_input(executable.input_index("x"), x);
  if (network->has_time) executable.bind_input(executable.input_index("timespans"), dt);
  executable.bind_output(executable.output_index("y"), y.data());
  for (const PolicyState& part : std::span(network->states).first(network->network_states)) {
    const std::size_t byte = part.offset * size_of(network->dtype);
    executable.bind_input(executable.input_index("state/" + part.path), static_cast<std::byte*>(state.data()) + byte);
    executable.bind_output(executable.output_index("next/" + part.path),
                           static_cast<std::byte*>(next_state.data()) + byte);
  }
  executable.fix({});
}

template <class T, class Number>
Status Policy::Stream::step(std::span<const Number> observation, Number seconds, std::span<Number> action) noexcept {
  const Network& net = *network;
  const Preprocessing& units = net.preprocessing;
  if (observation.size() != net.features || action.size() != net.answers()) return {Status::Code::wrong_size};
  if (!std::isfinite(seconds)) return not_finite(-1);
  if (seconds < 0) return {Status::Code::negative_time};
  const std::optional<double> fixed = net.options.fixed_dt;
  if (fixed && seconds != static_cast<Number>(*fixed)) return {Status::Code::other_time};

  const double tau = fixed.value_or(static_cast<double>(seconds)) / units.time_unit;
  const std::span<T> row(static_cast<T*>(x.data()), net.inputs);
  std::copy(memory.begin(), memory.end(), next_memory.begin());
  observe(units.inputs, std::span(net.sporadic), observation, tau, std::span(next_memory), row);
  if (const auto item = first_not_finite<T>(row); item >= 0) return not_finite(item);
  const T span = static_cast<T>(tau);
  if (!std::isfinite(span)) return not_finite(-1);
  *static_cast<T*>(dt.data()) = span;

  if (const Status status = executable.run({}); !status) return status;
  const std::span<const T> answer(static_cast<const T*>(y.data()), net.outputs);
  auto item = first_not_finite(answer);
  if (item < 0) item = first_not_finite_as<Number>(units.outputs, answer);
  if (item >= 0) return {Status::Code::result_not_finite, -1, net.one_score ? 1 : item};
  const std::span<const T> next(static_cast<const T*>(next_state.data()), net.state_size);
  if (first_not_finite(next) >= 0) return {Status::Code::result_not_finite};

  std::copy(next.begin(), next.end(), static_cast<T*>(state.data()));
  memory.swap(next_memory);
  if (net.one_score) action[0] = 0;
  unstandardise(units.outputs, answer, action.last(net.outputs));
  if (units.task == Task::classification && net.options.scores == Scores::probabilities) softmax(action);
  return {};
}

template <class Number>
Status Policy::Stream::step(std::span<const Number> observation, std::optional<Number> seconds,
                            std::span<Number> action) noexcept {
  if (!seconds && network->options.fixed_dt) seconds = static_cast<Number>(*network->options.fixed_dt);
  if (!seconds) return {Status::Code::other_time};
  return network->dtype == Dtype::f32 ? step<float>(observation, *seconds, action)
                                      : step<double>(observation, *seconds, action);
}

template <class Number>
Status Policy::Stream::get_state(std::span<Number> out) const noexcept {
  const std::size_t own = network->state_size;
  if (out.size() != own + memory.size()) return {Status::Code::wrong_size};
  ops::with_floating(network->dtype, [&]<class T>(T) {
    const T* from = static_cast<const T*>(state.data());
    for (std::size_t i = 0; i < own; ++i) out[i] = static_cast<Number>(from[i]);
  });
  for (std::size_t i = 0; i < memory.size(); ++i) out[own + i] = static_cast<Number>(memory[i]);
  return {};
}

template <class Number>
Status Policy::Stream::set_state(std::span<const Number> from) noexcept {
  const std::size_t own = network->state_size;
  if (from.size() != own + memory.size()) return {Status::Code::wrong_size};
  return ops::with_floating(network->dtype, [&]<class T>(T) -> Status {
    // A number may be finite as a double and infinite as a float: look before anything is overwritten.
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (!std::isfinite(static_cast<T>(from[i])))
        return {Status::Code::state_not_finite, -1, static_cast<std::int64_t>(i)};
    }
    T* to = static_cast<T*>(state.data());
    for (std::size_t i = 0; i < own; ++i) to[i] = static_cast<T>(from[i]);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<double>(static_cast<T>(from[own + i]));
    return {};
  });
}

Policy::Policy(const std::filesystem::path& file, const PolicyOptions& options) {
  LoadedModel model = load_model(file, {.target = options.target});
  *this = Policy(model.network, std::move(model.preprocessing), options);
}

Policy::Policy(Sequential& network, Preprocessing preprocessing, const PolicyOptions& options) {
  const std::string operation = network.name() + ", Policy";
  validate(preprocessing, network.features(), network.outputs(), operation);
  const std::optional<double> timespan = fixed_timespan(options, preprocessing.time_unit, network.dtype(), operation);
  Step step = write_step(
      network, {.target = options.target, .timespan = timespan, .fast_activations = options.fast_activations});
  const std::vector<Tensor> first = first_states(network, options.target);

  auto shared = std::make_shared<Network>();
  shared->preprocessing = std::move(preprocessing);
  shared->sporadic = sporadic_features(shared->preprocessing);
  shared->options = options;
  shared->dtype = network.dtype();
  shared->inputs = static_cast<std::size_t>(network.features());
  shared->features = shared->inputs - 2 * shared->sporadic.size();
  shared->outputs = static_cast<std::size_t>(network.outputs());
  shared->one_score = shared->outputs == 1 && shared->preprocessing.task == Task::classification;
  shared->input_shape = network.input_shape();
  shared->has_time = network.has_time() && !timespan;
  for (const auto& [path, type] : step.states) {
    if (type.dtype != shared->dtype) {
      throw ConfigError({operation, "state " + quote(path), std::string(to_string(type.dtype)),
                         std::string(to_string(shared->dtype)) + ", as the network is", ""});
    }
    const auto size = static_cast<std::size_t>(type.shape.elements(Extents{}));
    shared->states.push_back({path, type.shape.removed(0), shared->state_size, size});
    shared->state_size += size;
  }
  shared->network_states = shared->states.size();
  if (const std::size_t m = shared->sporadic.size(); m > 0) {
    const Shape shape{static_cast<std::int64_t>(m)};
    shared->states.push_back({"sporadic/value", shape, shared->state_size, m});
    shared->states.push_back({"sporadic/elapsed", shape, shared->state_size + m, m});
  }
  shared->step = std::move(step);
  shared->first_state = joined(first, shared->state_size, shared->dtype);
  stream_ = std::make_unique<Stream>(std::move(shared));
}

Policy::Policy(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
Policy::~Policy() = default;
Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;

Policy Policy::clone() const {
  auto stream = std::make_unique<Stream>(stream_->network);
  copy(stream_->state, stream->state);
  stream->memory = stream_->memory;
  return Policy(std::move(stream));
}

std::size_t Policy::observation_size() const noexcept { return stream_->network->features; }
std::size_t Policy::action_size() const noexcept { return stream_->network->answers(); }
const Preprocessing& Policy::preprocessing() const noexcept { return stream_->network->preprocessing; }
std::size_t Policy::state_size() const noexcept {
  return stream_->network->state_size + 2 * stream_->network->sporadic.size();
}
const std::vector<PolicyState>& Policy::states() const noexcept { return stream_->network->states; }

Status Policy::step(std::span<const float> observation, float dt, std::span<float> action) noexcept {
  return stream_->step(observation, std::optional(dt), action);
}
Status Policy::step(std::span<const double> observation, double dt, std::span<double> action) noexcept {
  return stream_->step(observation, std::optional(dt), action);
}
Status Policy::step(std::span<const float> observation, std::span<float> action) noexcept {
  return stream_->step(observation, std::optional<float>(), action);
}
Status Policy::step(std::span<const double> observation, std::span<double> action) noexcept {
  return stream_->step(observation, std::optional<double>(), action);
}

Status Policy::get_state(std::span<float> out) const noexcept { return stream_->get_state(out); }
Status Policy::get_state(std::span<double> out) const noexcept { return stream_->get_state(out); }
Status Policy::set_state(std::span<const float> state) noexcept { return stream_->set_state(state); }
Status Policy::set_state(std::span<const double> state) noexcept { return stream_->set_state(state); }

void Policy::reset() noexcept {
  const Tensor& first = stream_->network->first_state;
  if (first.bytes() != 0) std::memcpy(stream_->state.data(), first.data(), first.bytes());
  std::fill(stream_->memory.begin(), stream_->memory.end(), 0);
}

std::string Policy::describe(const Status& status) const {
  const Network& net = *stream_->network;
  const auto named = [&](const char* what, const std::vector<std::string>& names) {
    const auto item = static_cast<std::size_t>(status.item);
    return item < names.size() ? fmt::format("{} {} ({})", what, item, quote(names[item]))
                               : fmt::format("{} {}", what, item);
  };
  const std::string not_finite_text = fmt::format(" is NaN, infinite or too large for {}", to_string(net.dtype));
  switch (status.code) {
    case Status::Code::wrong_size:
      return fmt::format("a span has the wrong size: observations have {} numbers, actions {}, states {}", net.features,
                         net.answers(), state_size());
    case Status::Code::not_finite:
      return (status.item < 0 ? "Δt" : named("observation", input_names(net.preprocessing))) + not_finite_text;
    case Status::Code::state_not_finite:
      return named("state", {}) + not_finite_text;
    case Status::Code::negative_time:
      return "Δt is negative";
    case Status::Code::other_time:
      return net.options.fixed_dt ? fmt::format("Δt is not {} s, which was fixed", *net.options.fixed_dt)
                                  : "no Δt is given, and none was fixed";
    case Status::Code::result_not_finite: {
      const bool classifies = net.preprocessing.task == Task::classification;
      return status.item < 0 ? "the next state is NaN or infinite"
                             : named("answer", classifies ? net.preprocessing.classes : net.preprocessing.targets) +
                                   " is NaN or infinite";
    }
    default:
      break;
  }
  if (status.node < 0) return elegans::describe(status.code);
  return fmt::format("{} (in {}, item {})", elegans::describe(status.code), stream_->executable.node_name(status.node),
                     status.item);
}

std::string Policy::explain() const { return stream_->executable.explain(); }
std::size_t Policy::arena_bytes() const { return stream_->executable.arena_bytes(); }
double Policy::flop_per_step() const { return stream_->executable.cost({}).flop; }

}  // namespace elegans::model
