#include "e2e/cfc_by_user.hpp"

#include "elegans/nn/connections_of.hpp"
#include "elegans/wiring/config.hpp"

namespace elegans::bench {

using nn::Value;

std::vector<nn::StateOptions> CfCByUser::states() const {
  std::vector<nn::StateOptions> states;
  for (const auto& neurons : wiring_.layers())
    states.push_back(
        {.name = "h" + std::to_string(states.size()), .shape = {static_cast<std::int64_t>(neurons.size())}});
  return states;
}

void CfCByUser::on_build(const Shape& input) {
  std::int64_t reads = input.back().factor();
  wiring_.build(reads);
  for (std::size_t l = 0; l < wiring_.layers().size(); ++l) {
    const auto& neurons = wiring_.layers()[l];
    const nn::PatternPtr pattern =
        l == 0 ? wiring_.sensory_pattern_to(neurons) : wiring_.pattern_between(wiring_.layers()[l - 1], neurons);
    const auto units = static_cast<std::int64_t>(neurons.size());
    const auto head = [&](const std::string& name, const nn::PatternPtr& synapses) {
      const std::string path = "layer" + std::to_string(l) + "_" + name;
      const Shape kernel = synapses ? Shape{} : Shape{reads, units};
      return Head{add_weight({.name = path + "_kernel", .shape = kernel, .pattern = synapses}),
                  add_weight({.name = path + "_recurrent_kernel", .shape = {units, units}}),
                  add_weight({.name = path + "_bias", .shape = {units}, .initialiser = nn::Zeros{}})};
    };
    layers_.push_back({.synapses = nn::connections_of(pattern),
                       .f1 = head("f1", pattern),
                       .f2 = head("f2", pattern),
                       .a = head("a", nullptr),
                       .b = head("b", nullptr)});
    reads = units;
  }
}

nn::CellOutput CfCByUser::step(nn::Context& context, Value x, const std::vector<Value>& state, Value dt) {
  nn::CellOutput result{.output = x, .state = {}};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const Value in = result.output, h = state[l];
    const auto rest = [&](const Head& head) {
      return matmul(h, context.weight(head.recurrent_kernel)) + context.weight(head.bias);
    };
    const auto wired = [&](const Head& head) {
      return sparse_matmul(in, context.weight(head.kernel), layer.synapses) + rest(head);
    };
    const auto full = [&](const Head& head) { return matmul(in, context.weight(head.kernel)) + rest(head); };
    const Value f1 = tanh(wired(layer.f1)), f2 = tanh(wired(layer.f2));
    const Value gate = sigmoid(full(layer.a) * dt + full(layer.b));
    result.output = f1 * (1.0 - gate) + gate * f2;
    result.state.push_back(result.output);
  }
  return result;
}

nn::Json CfCByUser::config() const { return wiring::to_config(wiring_); }

}  // namespace elegans::bench
