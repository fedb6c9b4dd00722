// Continuous-time cells: gradients of every solver and option, Δt of no and of very much time, first values, structure,
// configurations, and what they refuse. (Their numbers: ode_goldens.cpp.)

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elegans/graph/pipeline.hpp"
#include "elegans/graph/scan.hpp"
#include "elegans/nn/ctgru.hpp"
#include "elegans/nn/ctrnn.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/mixed_memory.hpp"
#include "elegans/nn/neural_ode.hpp"
#include "elegans/nn/registry.hpp"
#include "nn/sequence_cases.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::check_layer_gradient;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::message_of;
using testing::random_tensor;

PatternPtr some_pattern(std::int64_t units) {
  std::vector<wiring::Synapse> synapses;
  for (std::int32_t u = 0; u < units; ++u) synapses.push_back({u % 2, u, 1});
  return wiring::Pattern::from_synapses(synapses, 2, units);
}

struct Made {
  std::string name;
  std::function<std::shared_ptr<RNN>()> make;
};

// Every cell with every solver and option; two inputs.
std::vector<Made> all_layers() {
  std::vector<Made> all;
  const auto add = [&](std::string name, auto make) {
    all.push_back({std::move(name), [make]() -> std::shared_ptr<RNN> { return make(); }});
  };
  for (const Solver solver : {Solver::euler, Solver::heun, Solver::rk4, Solver::semi_implicit}) {
    const std::string suffix = "_" + std::string(name(solver));
    add("ctrnn" + suffix,
        [=] { return std::make_shared<CTRNN>(3, CTRNNCellOptions{.solver = solver, .ode_unfolds = 2, .tau = 0.7}); });
    add("ctrnn_wired" + suffix, [=] {
      return std::make_shared<CTRNN>(small_ncp(),
                                     CTRNNCellOptions{.solver = solver, .ode_unfolds = 2, .fix_tau = false});
    });
    for (const bool implicit : {true, false})
      add((implicit ? "ltc" : "ltc_explicit") + suffix, [=] {
        return std::make_shared<LTC>(
            small_ncp(), LTCOptions{.ode_unfolds = 2, .solver = solver, .implicit_param_constraints = implicit});
      });
    if (solver == Solver::semi_implicit) continue;
    for (const std::int64_t hidden : {0, 1, 2})
      add("neural_ode_" + std::to_string(hidden) + suffix, [=] {
        return std::make_shared<NeuralODE>(3, NeuralODECellOptions{.hidden_layers = hidden,
                                                                   .hidden_units = 2,
                                                                   .hidden_activation = "softplus",
                                                                   .solver = solver,
                                                                   .ode_unfolds = 2});
      });
  }
  for (const Decay decay : {Decay::before_event, Decay::after_event})
    add("ctgru_" + std::string(name(decay)),
        [=] { return std::make_shared<CTGRU>(2, CTGRUCellOptions{.scales = 3, .tau = 0.5, .decay = decay}); });
  add("ctrnn_bare_last_backwards", [] {
    return std::make_shared<CTRNN>(
        3,
        CTRNNCellOptions{.activation = "silu", .use_bias = false, .use_scale = false, .input_pattern = some_pattern(3)},
        RnnOptions{.return_sequences = false, .go_backwards = true});
  });
  add("ctrnn_signs_penalties", [] {
    return std::make_shared<CTRNN>(small_ncp(), CTRNNCellOptions{.polarity = Polarity::fixed_sign,
                                                                 .kernel_regulariser = l2(0.1),
                                                                 .recurrent_regulariser = l2(0.2),
                                                                 .bias_regulariser = l2(0.3)});
  });
  add("ctrnn_mixed_projected", [] {
    return std::make_shared<RNN>(
        std::make_shared<MixedMemory>(std::make_shared<CTRNNCell>(3, CTRNNCellOptions{.ode_unfolds = 1})),
        RnnOptions{.projection = 2, .checkpoint_every = 2});
  });
  add("ctgru_pattern_mixed", [] {
    return std::make_shared<RNN>(std::make_shared<MixedMemory>(std::make_shared<CTGRUCell>(
        2, CTGRUCellOptions{.scales = 2, .use_bias = false, .input_pattern = some_pattern(2)})));
  });
  add("neural_ode_pattern", [] {
    return std::make_shared<NeuralODE>(3, NeuralODECellOptions{.activation = "linear",
                                                               .hidden_layers = 1,
                                                               .hidden_units = 4,
                                                               .ode_unfolds = 1,
                                                               .use_bias = false,
                                                               .input_pattern = some_pattern(4)});
  });
  return all;
}

class OdeLayer : public ::testing::TestWithParam<Made> {};

TEST_P(OdeLayer, GradientsAgreeWithFiniteDifferences) {
  const auto layer = GetParam().make();
  layer->set_numbers(Dtype::f64, 11);
  check_layer_gradient(*layer, {.x = random_tensor({2, 3, 2}, 1),
                                .timespans = random_tensor({2, 3}, 2, 0.2, 1.2),
                                .lengths = Tensor::from({2}, {3, 2}, Dtype::i32)});
}

TEST_P(OdeLayer, ComesBackFromItsConfiguration) {
  const auto layer = GetParam().make();
  const Json config = Json::parse(to_config(*layer).dump());
  const LayerPtr again = make_layer(config, "test");
  EXPECT_EQ(to_config(*again), config);
  const Tensor x = random_tensor({2, 3, 2}, 1).to(Dtype::f32);
  EXPECT_EQ((*again)(x).values(), (*layer)(x).values());
  const Json cell = to_config(*layer->cell());
  EXPECT_EQ(to_config(*make_cell(cell)), cell);
}

// A sample alone has the bits it has in a batch of as many samples as units, each with a Δt of its own.
TEST_P(OdeLayer, TimesBelongToSamplesWhereBatchEqualsUnits) {
  const auto layer = GetParam().make();
  layer->set_numbers(Dtype::f64, 3);
  const auto units = layer->cell()->states()[0].shape[0].factor();
  const Tensor x = random_tensor({units, 3, 2}, 1), timespans = random_tensor({units, 3}, 2, 0.1, 1.5);
  const SequenceOutput together = (*layer)({.x = x, .timespans = timespans});
  for (std::int64_t b = 0; b < units; ++b)
    EXPECT_EQ(
        (*layer)({.x = cut(x, b, 3), .timespans = cut(timespans, b, 3)}).output.values(),
        layer->sequence().return_sequences ? cut(together.output, b, 3).values() : cut(together.output, b).values());
}

INSTANTIATE_TEST_SUITE_P(All, OdeLayer, ::testing::ValuesIn(all_layers()),
                         [](const auto& info) { return info.param.name; });

// The states after `steps` steps of Δt from states of ±0.5.
std::vector<double> states_after(const CellPtr& cell, double dt, int steps = 3) {
  cell->set_numbers(Dtype::f32, 5);
  const Tensor x = random_tensor({2, 2}, 1).to(Dtype::f32), gap = Tensor::from({2}, {dt, dt});
  std::vector<Tensor> state;
  for (const StateOptions& one : cell->states())
    state.push_back(random_tensor(one.shape.inserted(0, 2), 2, -0.5, 0.5).to(Dtype::f32));
  for (int i = 0; i < steps; ++i) state = (*cell)(x, state, gap).second;
  return state[0].values();
}

TEST(OdeCells, NoTimeLeavesStatesBitForBit) {
  const std::vector<double> start = random_tensor({2, 3}, 2, -0.5, 0.5).to(Dtype::f32).values();
  for (const Solver solver : {Solver::euler, Solver::heun, Solver::rk4, Solver::semi_implicit}) {
    EXPECT_EQ(states_after(std::make_shared<CTRNNCell>(3, CTRNNCellOptions{.solver = solver}), 0), start);
    if (solver != Solver::semi_implicit) {
      EXPECT_EQ(states_after(std::make_shared<NeuralODECell>(3, NeuralODECellOptions{.solver = solver}), 0), start);
    }
    const auto wiring = wiring::FullyConnected({.units = 3});
    for (const bool implicit : {false, true})
      EXPECT_EQ(states_after(std::make_shared<LTCCell>(
                                 wiring, LTCCellOptions{.solver = solver, .implicit_param_constraints = implicit}),
                             0),
                start);
  }
}

// What the headers promise for gaps without end, and what explicit solvers do instead.
TEST(OdeCells, LongGapsStayWithinBounds) {
  for (const double dt : {1e3, 1e6, 1e12}) {
    // |h| ≤ τ |scale| (the scale is 1), or where it began.
    for (const double h : states_after(std::make_shared<CTRNNCell>(3, CTRNNCellOptions{.tau = 2}), dt))
      EXPECT_LE(std::abs(h), 2 * (1 + 1e-6)) << dt;
    for (const double h : states_after(std::make_shared<CTGRUCell>(3), dt)) EXPECT_LE(std::abs(h), 1) << dt;
    // Between the potentials that pull: vleak within ±0.2 and erev of ±1.
    for (const double v :
         states_after(std::make_shared<LTCCell>(small_ncp(), LTCCellOptions{.implicit_param_constraints = true}), dt))
      EXPECT_LE(std::abs(v), 1 + 1e-5) << dt;
    // At most Δt a step.
    for (const Solver solver : {Solver::euler, Solver::heun, Solver::rk4})
      for (const double h :
           states_after(std::make_shared<NeuralODECell>(3, NeuralODECellOptions{.solver = solver}), dt))
        EXPECT_LE(std::abs(h), 0.5 + 3 * dt * (1 + 1e-5)) << dt;
  }
  for (const Solver solver : {Solver::euler, Solver::heun, Solver::rk4}) {
    const auto largest = [&](const CellPtr& cell) {
      double most = 0;
      for (const double h : states_after(cell, 1e6)) most = std::isfinite(h) ? std::max(most, std::abs(h)) : 1e30;
      return most;
    };
    EXPECT_GE(largest(std::make_shared<CTRNNCell>(3, CTRNNCellOptions{.solver = solver})), 1e20);
    EXPECT_GE(largest(std::make_shared<LTCCell>(small_ncp(), LTCCellOptions{.solver = solver})), 1e20);
  }
}

// In the loop over time no product reads x: those with the inputs of all steps are one, before it.
TEST(OdeCells, ProductsWithInputsLeaveTheLoop) {
  struct Wanted {
    LayerPtr layer;
    std::size_t outside;  // products with inputs
    std::size_t inside;   // products with states, written once a rate
  };
  const std::vector<Wanted> all{{std::make_shared<CTRNN>(4), 1, 1},
                                {std::make_shared<CTRNN>(4, CTRNNCellOptions{.solver = Solver::rk4}), 1, 4},
                                {std::make_shared<CTGRU>(4), 3, 3},
                                {std::make_shared<NeuralODE>(4, NeuralODECellOptions{.hidden_layers = 1}), 1, 8},
                                {std::make_shared<NeuralODE>(4, NeuralODECellOptions{.solver = Solver::heun}), 1, 2}};
  const auto is_product = [](const graph::Node& node) {
    const std::string_view name = node.operation->name();
    return name == "matmul" || name == "sparse_matmul" || name == "packed_matmul" || name == "product_chain";
  };
  for (const auto& [layer, outside, inside] : all) {
    graph::Graph graph;
    Context context(graph);
    context.timespans = graph.input("dt", {Dtype::f32, Shape{Dim::batch(), Dim::time()}});
    graph.output("y", (*layer)(context, graph.input("x", {Dtype::f32, Shape{Dim::batch(), Dim::time(), 3}})));
    std::vector<graph::PassReport> reports;
    const std::vector<std::string> apart{"merge"};  // products of one operand would be counted as one
    const graph::Graph optimised = graph::optimise(std::move(graph), reports, {.disable = apart});
    std::size_t before = 0, within = 0;
    const std::function<void(const graph::Graph&, std::size_t&)> count = [&](const graph::Graph& of,
                                                                             std::size_t& into) {
      for (const graph::Node& node : of.nodes()) {
        into += is_product(node) ? 1 : 0;
        if (const graph::Scan* scan = graph::as_scan(node)) count(scan->body(), within);
      }
    };
    count(optimised, before);
    EXPECT_EQ(before, outside) << layer->type();
    EXPECT_EQ(within, inside) << layer->type();
  }
}

TEST(OdeCells, RefuseWhatTheyCannotDo) {
  EXPECT_EQ(message_of<ConfigError>([] { NeuralODE(3, {.solver = Solver::semi_implicit}); }),
            "NeuralODECell: solver is 'semi_implicit'; expected 'euler', 'heun' or 'rk4'. The semi-implicit step needs "
            "a rate that is linear in its state, as an LTC or a CTRNN has (integrate_linear).");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(3, {.ode_unfolds = 0}); }),
            "CTRNNCell: ode_unfolds is 0; expected 1 to 1000. 6 is usual.");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(3, {.tau = 0}); }),
            "CTRNNCell: tau is 0; expected a number above 0. It is the time constant, in units of Δt.");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(0, {}); }), "CTRNNCell: units is 0; expected 1 … 2^20.");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(3, {.polarity = Polarity::fixed_sign}); }),
            "CTRNNCell: polarity is fixed_sign; expected ignored. Signs come from a circuit: pass a wiring.");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(small_ncp(), {.input_pattern = some_pattern(7)}); }),
            "CTRNNCell: input_pattern is set; expected to be left out where there is a wiring. The wiring says which "
            "inputs feed which unit.");
  EXPECT_EQ(message_of<ConfigError>([] { CTRNN(4, {.input_pattern = some_pattern(3)}); }),
            "CTRNNCell: input_pattern is for 3 units; expected for 4, as the kernel has.");
  EXPECT_EQ(message_of<ConfigError>([] { CTGRU(4, {.scales = 65}); }),
            "CTGRUCell: scales is 65; expected 1 to 64. 8 are usual.");
  EXPECT_THAT(message_of<ConfigError>([] { CTGRU(4, {.ratio = 1}); }),
              HasSubstr("CTGRUCell: ratio is 1; expected a number above 1."));
  EXPECT_EQ(message_of<ConfigError>([] { CTGRU(4, {.scales = 64, .ratio = 1e10}); }),
            "CTGRUCell: ratio is 10000000000; expected such that the longest of 64 time constants is finite.");
  EXPECT_THAT(message_of<ConfigError>([] { CTGRU(4, {.tau = std::nan("")}); }), HasSubstr("CTGRUCell: tau is nan"));
  EXPECT_THAT(message_of<ConfigError>([] { decay_named("after_events"); }), HasSubstr("Did you mean 'after_event'?"));
  EXPECT_EQ(message_of<ConfigError>([] { NeuralODE(4, {.hidden_layers = -1}); }),
            "NeuralODECell: hidden_layers is -1; expected 0 to 64.");
  EXPECT_EQ(message_of<ConfigError>([] { NeuralODE(4, {.hidden_layers = 1, .hidden_units = 0}); }),
            "NeuralODECell: hidden_units is 0; expected 1 … 2^20. Without hidden layers, set hidden_layers to 0.");
  EXPECT_EQ(message_of<ConfigError>(
                [] { NeuralODE(4, {.hidden_layers = 1, .hidden_units = 5, .input_pattern = some_pattern(4)}); }),
            "NeuralODECell: input_pattern is for 4 units; expected for 5, as the kernel has.");
  NeuralODE layer(4, {.input_pattern = some_pattern(4)});
  EXPECT_THAT(message_of<ShapeError>([&] {
                layer(Tensor({2, 3, 7}));
              }),
              HasSubstr("input is [2, 7]; expected [batch, 2], for the input pattern has 2 rows."));
}

TEST(OdeCells, RefuseConfigurationsThatAreNotTheirs) {
  const auto message = [](const char* type, const Json& config) {
    return message_of<Error>([&] { make_layer({{"type", type}, {"config", config}}, "m.json"); });
  };
  EXPECT_THAT(message("CTRNN", {{"units", 3}, {"solvr", "rk4"}}),
              HasSubstr("m.json: CTRNN: key 'solvr' is unknown; expected a known key. Did you mean 'solver'?"));
  EXPECT_THAT(message("CTRNN", {{"solver", "rk4"}}), HasSubstr("expected either 'units' or 'wiring'"));
  EXPECT_THAT(message("CTRNN", {{"units", 3}, {"solver", "rk5"}}), HasSubstr("Did you mean 'rk4'?"));
  EXPECT_THAT(message("CTGRU", {{"units", 3}, {"scales", 0}}), HasSubstr("m.json: CTGRU: key 'scales' is 0"));
  EXPECT_THAT(message("CTGRU", {{"units", 3}, {"ratio", 1}}), HasSubstr("key 'ratio' is 1"));
  EXPECT_THAT(message("NeuralODE", {{"units", 3}, {"checkpoint_every", -1}}),
              HasSubstr("key 'checkpoint_every' is -1"));
  EXPECT_THAT(message("NeuralODE", {{"units", 3}, {"solver", "semi_implicit"}}),
              HasSubstr("solver is 'semi_implicit'"));
}

// An LTC of a file that says nothing of solvers.
TEST(LTC, WithoutASolverInItsConfigurationIsSemiImplicit) {
  LTC layer(small_ncp(), {.solver = Solver::heun});
  Json config = to_config(layer);
  EXPECT_EQ(config["config"]["solver"], "heun");
  config["config"].erase("solver");
  EXPECT_EQ(std::dynamic_pointer_cast<LTC>(make_layer(config))->options().solver, Solver::semi_implicit);
}

}  // namespace
}  // namespace elegans::nn
