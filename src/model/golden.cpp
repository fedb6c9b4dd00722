#include "elegans/model/golden.hpp"

#include <fmt/format.h>
#include <array>
#include <cmath>

#include "elegans/base/philox.hpp"
#include "elegans/model/policy.hpp"
#include "elegans/model/sporadic.hpp"

namespace elegans::model {
namespace {

// In time units: gaps of several lengths, and none.
constexpr std::array<double, 4> gaps{1, 0.25, 0, 1.75};

std::int64_t feature_count(const Sequential& network, const Preprocessing& preprocessing) {
  return network.features() - 2 * static_cast<std::int64_t>(preprocessing.columns.sporadic.size());
}

// Within two standard deviations of the mean, whatever the features are. A sporadic one is there and not there, in
// turns, the others of them the other way round: so each case is met at the first step, and later.
std::vector<double> draw_observations(const Sequential& network, const Preprocessing& preprocessing) {
  const Scaling& scaling = preprocessing.inputs;
  const auto features = static_cast<std::size_t>(feature_count(network, preprocessing));
  std::vector<double> values(gaps.size() * features);
  const PhiloxKey key = philox_key(network.seed());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = philox(key, philox_counter(i, 0x676f6c64656eULL));  // a stream of its own: "golden"
    const double z = 4 * uniform_f64(words[0], words[1]) - 2;
    const std::size_t column = i % features;
    values[i] = scaling.empty() ? z : z * scaling.std[column] + scaling.mean[column];
  }
  const std::vector<std::size_t> sporadic = sporadic_features(preprocessing);
  for (std::size_t k = 0; k < gaps.size(); ++k)
    for (std::size_t i = 0; i < sporadic.size(); ++i)
      if ((k + i) % 2 == 0) values[k * features + sporadic[i]] = std::numeric_limits<double>::quiet_NaN();
  return values;
}

Shape rows_of(std::int64_t rows, const Shape& row) { return row.inserted(0, rows); }

// A tensor being filled row by row.
class Rows {
 public:
  explicit Rows(Tensor& tensor)
      : tensor_(tensor), size_(tensor.elements() / static_cast<std::size_t>(tensor.shape()[0].factor())) {}
  void put(std::size_t row, std::span<const double> values) const {
    ops::with_floating(tensor_.dtype(), [&]<class T>(T) {
      const auto out = tensor_.as<T>().subspan(row * size_, size_);
      for (std::size_t i = 0; i < size_; ++i) out[i] = static_cast<T>(values[i]);
    });
  }

 private:
  Tensor& tensor_;
  std::size_t size_;
};

[[noreturn]] void refuse(const Sequential& network, std::size_t step, const std::string& why) {
  throw ConfigError({network.name() + ", golden vectors", fmt::format("step {}", step), "refused, for " + why,
                     "finite numbers", "The weights have diverged, or the preprocessing does not fit."});
}

// Row `row` of every state, one after the other, as a policy keeps them.
std::vector<double> state_row(const GoldenVectors& golden, std::size_t row) {
  std::vector<double> joined;
  for (const auto& [path, tensor] : golden.states) {
    const std::vector<double> values = tensor.values();
    const std::size_t size = values.size() / static_cast<std::size_t>(tensor.shape()[0].factor());
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * size);
    joined.insert(joined.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  return joined;
}

void put_state(GoldenVectors& golden, std::size_t row, const Policy& policy, std::span<const double> state) {
  for (std::size_t i = 0; i < golden.states.size(); ++i) {
    const PolicyState& part = policy.states()[i];
    if (part.size != 0) Rows(golden.states[i].second).put(row, state.subspan(part.offset, part.size));
  }
}

GoldenVectors stepwise(const GoldenVectors& given, Sequential& network, const Preprocessing& preprocessing,
                       kernels::Target target) {
  Policy policy(network, preprocessing, {.scores = Scores::logits, .target = target});
  const auto steps = static_cast<std::size_t>(given.timespans.elements());
  const Dtype dtype = network.dtype();
  GoldenVectors result{given.observations,
                       given.timespans,
                       Tensor(Shape{static_cast<std::int64_t>(steps), network.outputs()}, dtype),
                       {}};
  for (const PolicyState& part : policy.states()) {
    result.states.emplace_back(part.path, Tensor(rows_of(static_cast<std::int64_t>(steps) + 1, part.shape), dtype));
  }
  const std::vector<double> observations = given.observations.values();
  const std::vector<double> seconds = given.timespans.values();
  std::vector<double> answer(policy.action_size());
  std::vector<double> state(policy.state_size());
  policy.get_state(state);
  put_state(result, 0, policy, state);
  for (std::size_t k = 0; k < steps; ++k) {
    Status status;
    if (!given.states.empty()) status = policy.set_state(std::span<const double>(state_row(given, k)));
    if (status) {
      const std::size_t width = policy.observation_size();
      status = policy.step(std::span(observations).subspan(k * width, width), seconds[k], answer);
    }
    if (!status) refuse(network, k, policy.describe(status));
    Rows(result.answers).put(k, answer);
    policy.get_state(state);
    put_state(result, k + 1, policy, state);
  }
  return result;
}

GoldenVectors at_once(const GoldenVectors& given, Sequential& network, const Preprocessing& preprocessing) {
  const Dtype dtype = network.dtype();
  const std::int64_t steps = given.timespans.shape()[0].factor();
  Tensor x(Shape{1, steps, network.features()}, dtype);
  Tensor dt(Shape{1, steps}, dtype);
  const auto inputs = static_cast<std::size_t>(network.features());
  const auto features = static_cast<std::size_t>(feature_count(network, preprocessing));
  const std::vector<std::size_t> sporadic = sporadic_features(preprocessing);
  std::vector<double> memory(2 * sporadic.size());
  ops::with_floating(dtype, [&]<class T>(T) {
    const std::span<const T> observations = given.observations.as<T>();
    for (std::size_t t = 0; t < static_cast<std::size_t>(steps); ++t) {
      const double tau = static_cast<double>(given.timespans.as<T>()[t]) / preprocessing.time_unit;
      observe(preprocessing.inputs, std::span(sporadic), observations.subspan(t * features, features), tau,
              std::span(memory), x.as<T>().subspan(t * inputs, inputs));
      dt.as<T>()[t] = static_cast<T>(tau);
    }
  });
  const Tensor y = network.predict(x, {.timespans = dt});
  const auto outputs = static_cast<std::size_t>(network.outputs());
  const std::size_t rows = y.elements() / outputs;
  GoldenVectors result{given.observations,
                       given.timespans,
                       Tensor(Shape{static_cast<std::int64_t>(rows), network.outputs()}, dtype),
                       {}};
  const std::vector<double> raw = y.values();
  std::vector<double> answer(outputs);
  for (std::size_t t = 0; t < rows; ++t) {
    unstandardise(preprocessing.outputs, std::span(raw).subspan(t * outputs, outputs), std::span(answer));
    for (const double value : answer) {
      if (!std::isfinite(value)) refuse(network, t, "an answer is NaN or infinite");
    }
    Rows(result.answers).put(t, answer);
  }
  return result;
}

}  // namespace

GoldenVectors recompute(const GoldenVectors& given, Sequential& network, const Preprocessing& preprocessing,
                        kernels::Target target) {
  return network.streams() ? stepwise(given, network, preprocessing, target) : at_once(given, network, preprocessing);
}

GoldenVectors make_golden(Sequential& network, const Preprocessing& preprocessing, kernels::Target target) {
  const auto steps = static_cast<std::int64_t>(gaps.size());
  std::vector<double> seconds;
  for (const double gap : gaps) seconds.push_back(gap * preprocessing.time_unit);
  const Dtype dtype = network.dtype();
  const GoldenVectors given{
      Tensor::from({steps, feature_count(network, preprocessing)}, draw_observations(network, preprocessing), dtype),
      Tensor::from({steps}, seconds, dtype),
      {},
      {}};
  return recompute(given, network, preprocessing, target);
}

double golden_bound(Dtype dtype, double flop, double scale) {
  const double rounding = dtype == Dtype::f64 ? 0x1p-53 : 0x1p-24;
  return 32 * rounding * std::sqrt(flop) * scale;
}

}  // namespace elegans::model
