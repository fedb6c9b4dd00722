// The LTC cell against its equations written out, and what users ask of a trained one.

#include "elegans/nn/ltc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "elegans/nn/registry.hpp"
#include "elegans/wiring/config.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

wiring::Wiring small_ncp() { return wiring::AutoNCP({.units = 9, .output_size = 2, .sparsity_level = 0.3, .seed = 4}); }

double softplus_of(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// One step of one sample as the reference writes it: full matrices, the quotient of circuits.md, cm divided by the
// time.
class PlainLTC {
 public:
  PlainLTC(const LTCCell& cell, std::int64_t inputs) : cell_(cell), wiring_(cell.wiring().built(inputs)) {
    for (const WeightPtr& weight : cell.weights()) weights_[weight->options.name] = weight;
  }

  std::vector<double> step(std::vector<double> v, std::vector<double> x, double dt) const {
    x = mapped(x);
    const std::size_t units = v.size();
    for (std::int64_t k = 0; k < cell_.options().ode_unfolds; ++k) {
      const auto [conductance, current] = sums(v, x);
      for (std::size_t i = 0; i < units; ++i) {
        const double c = positive(number("cm", i)) / (dt / static_cast<double>(cell_.options().ode_unfolds));
        const double gleak = positive(number("gleak", i));
        v[i] = (c * v[i] + gleak * number("vleak", i) + current[i]) /
               (c + gleak + conductance[i] + cell_.options().epsilon);
      }
    }
    return v;
  }

  std::vector<double> time_constants(const std::vector<double>& v, const std::vector<double>& x) const {
    const auto conductance = sums(v, mapped(x)).first;
    std::vector<double> tau(v.size());
    for (std::size_t i = 0; i < v.size(); ++i)
      tau[i] = positive(number("cm", i)) / (positive(number("gleak", i)) + conductance[i]);
    return tau;
  }

 private:
  double number(const std::string& name, std::size_t i) const { return weights_.at(name)->value.values()[i]; }
  double positive(double x) const { return cell_.options().implicit_param_constraints ? softplus_of(x) : x; }
  std::vector<double> mapped(std::vector<double> x) const {
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = x[j] * number("input_w", j) + number("input_b", j);
    return x;
  }

  // What all synapses of each neuron let through, sensory ones too.
  std::pair<std::vector<double>, std::vector<double>> sums(const std::vector<double>& v,
                                                           const std::vector<double>& x) const {
    std::vector<double> conductance(v.size()), current(v.size());
    const auto add = [&](const std::string& prefix, const wiring::SynapseMatrix& matrix,
                         const std::vector<double>& from) {
      std::size_t s = 0;
      for (const wiring::Synapse& synapse : matrix.list()) {
        const auto source = static_cast<std::size_t>(synapse.source), target = static_cast<std::size_t>(synapse.target);
        const double a = positive(number(prefix + "w", s)) *
                         sigmoid_of(number(prefix + "sigma", s) * (from[source] - number(prefix + "mu", s)));
        conductance[target] += a;
        current[target] += a * number(prefix + "erev", s);
        ++s;
      }
    };
    add("", wiring_.adjacency(), v);
    add("sensory_", wiring_.sensory(), x);
    return {conductance, current};
  }

  const LTCCell& cell_;
  wiring::Wiring wiring_;
  std::map<std::string, WeightPtr> weights_;
};

std::vector<double> row(const Tensor& tensor, std::size_t r) {
  const std::vector<double> values = tensor.values();
  const auto width = static_cast<std::size_t>(tensor.shape().back().factor());
  return {values.begin() + static_cast<std::ptrdiff_t>(r * width),
          values.begin() + static_cast<std::ptrdiff_t>((r + 1) * width)};
}

class LTCCellTest : public ::testing::TestWithParam<bool> {};

TEST_P(LTCCellTest, StepsAndTimeConstantsFollowTheEquations) {
  LTCCell cell(small_ncp(), {.ode_unfolds = 4, .implicit_param_constraints = GetParam()});
  cell.set_numbers(Dtype::f64, 3);
  const Tensor x = random_tensor({3, 2}, 1), v = random_tensor({3, 9}, 2), dt = random_tensor({3}, 3, 0.1, 4);
  const auto [y, next] = cell(x, std::vector{v}, dt);
  const Tensor tau = cell.time_constants(v, x);
  const PlainLTC plain(cell, 2);
  for (std::size_t b = 0; b < 3; ++b) {
    const std::vector<double> expected = plain.step(row(v, b), row(x, b), dt.values()[b]);
    const std::vector<double> constants = plain.time_constants(row(v, b), row(x, b));
    for (std::size_t i = 0; i < 9; ++i) {
      // Some hundred operations on numbers around 1.
      EXPECT_NEAR(row(next[0], b)[i], expected[i], 1e-13) << "sample " << b << ", neuron " << i;
      EXPECT_NEAR(row(tau, b)[i], constants[i], 1e-13) << "sample " << b << ", neuron " << i;
    }
    const std::vector<double> all = row(next[0], b);
    EXPECT_EQ(row(y, b), (std::vector{all[0], all[1]}));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, LTCCellTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Implicit" : "Explicit"; });

TEST(LTCCell, NoTimeLeavesTheStateBitForBit) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f64})
    for (const bool implicit : {true, false}) {
      LTCCell cell(small_ncp(), {.implicit_param_constraints = implicit});
      cell.set_numbers(dtype, 5);
      const Tensor x = random_tensor({4, 3}, 1, -50, 50).to(dtype), v = random_tensor({4, 9}, 2, -3, 3).to(dtype);
      cell.build(x.shape());
      if (!implicit)  // as clipping may leave it
        for (const WeightPtr& weight : cell.weights())
          if (weight->options.name == "cm") weight->value = Tensor(weight->value.shape(), dtype);
      const auto [y, next] = cell(x, std::vector{v}, Tensor({4}, dtype));
      EXPECT_EQ(next[0].values(), v.values()) << to_string(dtype) << (implicit ? " implicit" : " explicit");
    }
}

TEST(LTCCell, StartsFromTheReferencesRanges) {
  LTCCell cell(small_ncp());
  cell.set_numbers(Dtype::f64, 1);
  cell.build({1, 3});
  const std::map<std::string, std::pair<double, double>> ranges{
      {"gleak", {0.001, 1}},      {"vleak", {-0.2, 0.2}}, {"cm", {0.4, 0.6}},        {"w", {0.001, 1}},
      {"sigma", {3, 8}},          {"mu", {0.3, 0.8}},     {"sensory_w", {0.001, 1}}, {"sensory_sigma", {3, 8}},
      {"sensory_mu", {0.3, 0.8}}, {"input_w", {1, 1}},    {"input_b", {0, 0}},       {"output_w", {1, 1}},
      {"output_b", {0, 0}}};
  for (const WeightPtr& weight : cell.weights()) {
    const std::string& name = weight->options.name;
    const std::vector<double> values = weight->value.values();
    EXPECT_EQ(weight->options.constraint.name,
              name == "w" || name == "sensory_w" || name == "cm" || name == "gleak" ? "non_negative" : "")
        << name;
    if (name.ends_with("erev")) {
      for (std::size_t s = 0; s < values.size(); ++s) EXPECT_EQ(values[s], weight->options.pattern->polarity()[s]);
      continue;
    }
    const auto [low, high] = ranges.at(name);
    for (const double value : values) {
      EXPECT_GE(value, low) << name;
      EXPECT_LE(value, high) << name;
    }
  }
}

TEST(LTCCell, StoresExistingSynapsesOnly) {
  LTCCell cell(small_ncp());
  cell.build({1, 3});
  const wiring::Wiring wiring = small_ncp().built(3);
  for (const WeightPtr& weight : cell.weights()) {
    const std::string& name = weight->options.name;
    if (name != "w" && name != "sensory_w") continue;
    EXPECT_EQ(weight->value.elements(), name == "w" ? wiring.synapse_count() : wiring.sensory_synapse_count());
  }
}

TEST(LTCCell, RunsWithoutAnySynapse) {
  wiring::Wiring lonely(2);
  lonely.build(1);
  LTCCell cell(lonely,
               {.input_mapping = Mapping::none, .output_mapping = Mapping::none, .ode_unfolds = 1, .epsilon = 0});
  cell.set_numbers(Dtype::f64, 1);
  cell.build({1, 1});
  for (const WeightPtr& weight : cell.weights())
    weight->value = Tensor::from({2}, weight->options.name == "vleak" ? std::vector{1.0, -1.0} : std::vector{0.5, 0.25},
                                 Dtype::f64);
  // (cm v + Δt gleak vleak) / (cm + Δt gleak) with cm = gleak and Δt = 1: the mean of v and vleak.
  const auto [y, next] = cell(Tensor({1, 1}, Dtype::f64), std::vector{Tensor::from({1, 2}, {0.5, 0}, Dtype::f64)},
                              Tensor::from({1}, {1}, Dtype::f64));
  EXPECT_EQ(next[0].values(), (std::vector{0.75, -0.5}));
}

TEST(LTCCell, RefusesOptionsOutOfRange) {
  EXPECT_THAT(message_of<ConfigError>([] { LTCCell(small_ncp(), {.ode_unfolds = 0}); }),
              HasSubstr("LTCCell: ode_unfolds is 0; expected 1 to 1000."));
  EXPECT_THAT(message_of<ConfigError>([] { LTCCell(small_ncp(), {.epsilon = -1}); }), HasSubstr("epsilon is -1"));
  EXPECT_THAT(message_of<ConfigError>([] { mapping_named("afine"); }), HasSubstr("Did you mean 'affine'?"));
}

TEST(LTC, TableOfSynapsesSaysWhatIsInUse) {
  LTC layer(small_ncp());
  layer.set_numbers(Dtype::f64, 1);
  EXPECT_THAT(message_of<ConfigError>([&] { layer.synapses(); }), HasSubstr("not built"));
  layer.build({1, 1, 3});
  const wiring::Wiring wiring = small_ncp().built(3);
  const SynapseValues table = layer.synapses();
  ASSERT_EQ(table.rows.size(), wiring.synapse_count() + wiring.sensory_synapse_count());
  const wiring::Synapse first = wiring.sensory().list().front();
  EXPECT_EQ(table.rows[0].synapse.source, first.source);
  EXPECT_EQ(table.rows[0].synapse.target, first.target);
  EXPECT_EQ(table.rows[0].erev, first.polarity);
  for (const WeightPtr& weight : layer.weights()) {
    if (weight->options.name == "sensory_w") {
      EXPECT_NEAR(table.rows[0].w, softplus_of(weight->value.values()[0]), 1e-15);
    }
    if (weight->options.name == "mu") {
      EXPECT_EQ(table.rows[static_cast<std::size_t>(wiring.sensory_synapse_count())].mu, weight->value.values()[0]);
    }
  }
  const std::string text = to_string(table);
  EXPECT_THAT(text, HasSubstr("source     target     polarity  w           mu          sigma       erev"));
  EXPECT_THAT(text, HasSubstr("sensory 0"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(table.rows.size()) + 1);
}

TEST(LTC, ComesBackFromItsConfiguration) {
  const LTC layer(small_ncp(), {.return_sequences = false,
                                .mixed_memory = true,
                                .input_mapping = Mapping::linear,
                                .output_mapping = Mapping::none,
                                .ode_unfolds = 3,
                                .epsilon = 1e-6,
                                .implicit_param_constraints = false,
                                .proj_size = 2,
                                .go_backwards = true,
                                .checkpoint_every = 4});
  const Json config = to_config(layer);
  const auto again = std::dynamic_pointer_cast<LTC>(make_layer(config));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->options(), layer.options());
  EXPECT_EQ(again->ltc_cell().wiring(), layer.ltc_cell().wiring());
  EXPECT_EQ(to_config(*again), config);
  EXPECT_EQ(to_config(*make_cell(to_config(static_cast<const Cell&>(layer.ltc_cell())))),
            to_config(static_cast<const Cell&>(layer.ltc_cell())));
}

struct GradientOf {
  const char* name;
  LTCOptions options;
};

class LTCGradient : public ::testing::TestWithParam<GradientOf> {};

TEST_P(LTCGradient, AgreesWithFiniteDifferences) {
  LTC layer(wiring::AutoNCP({.units = 6, .output_size = 2, .seed = 2}), GetParam().options);
  layer.set_numbers(Dtype::f64, 11);
  check_layer_gradient(layer, {.x = random_tensor({2, 3, 2}, 1), .timespans = random_tensor({2, 3}, 2, 0.2, 2)});
}

INSTANTIATE_TEST_SUITE_P(
    Options, LTCGradient,
    ::testing::Values(GradientOf{"Implicit", {.ode_unfolds = 2}},
                      GradientOf{"Explicit", {.ode_unfolds = 2, .implicit_param_constraints = false}},
                      GradientOf{"Unmapped",
                                 {.input_mapping = Mapping::none, .output_mapping = Mapping::linear, .ode_unfolds = 1}},
                      GradientOf{"Mixed", {.mixed_memory = true, .ode_unfolds = 2}},
                      GradientOf{"LastBackwards", {.return_sequences = false, .ode_unfolds = 2, .go_backwards = true}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace elegans::nn
