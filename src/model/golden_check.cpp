#include "model/golden_check.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "elegans/base/text.hpp"
#include "elegans/model/forward.hpp"
#include "model/model_file.hpp"

namespace elegans::model {
namespace {

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// FLOP of one step from the states before it.
double flop_of(Sequential& network) {
  ForwardGraph written = write_forward(network, {.timespans = network.has_time(), .expose_states = true});
  return graph::compile(std::move(written.graph), {}).cost({}).flop;
}

}  // namespace

void check_golden(const GoldenVectors& stored, const GoldenVectors& computed, LoadedModel& model, bool same_kind,
                  const std::string& source) {
  const double flop = same_kind ? 0 : flop_of(model.network);
  const auto compare = [&](const std::string& name, const Tensor& expected, const Tensor& actual, double scale) {
    const std::vector<double> a = expected.values();
    const std::vector<double> b = actual.values();
    const double bound = same_kind ? 0 : golden_bound(model.network.dtype(), flop, std::max(scale, largest(a)));
    for (std::size_t i = 0; i < a.size(); ++i) {
      // Not `>`: a NaN is no match.
      if (std::abs(a[i] - b[i]) <= bound) continue;
      throw FormatError(Complaint{
          fmt::format("{}, tensor {}", source, quote(name)), fmt::format("element {}", i), fmt::format("{}", a[i]),
          same_kind ? fmt::format("{}, which this machine computes", b[i])
                    : fmt::format("{} ± {:.2g}, which this machine computes", b[i], bound),
          "The file was edited, or it is used with layers that compute something else: save the model again."});
    }
  };
  const std::vector<double>& deviations = model.preprocessing.outputs.std;
  const double answer_scale = deviations.empty() ? 1 : largest(deviations);
  compare(tensor::golden_answer, stored.answers, computed.answers, answer_scale);
  for (std::size_t i = 0; i < stored.states.size(); ++i) {
    compare(tensor::golden_state + stored.states[i].first, stored.states[i].second, computed.states[i].second, 1);
  }
}

}  // namespace elegans::model
