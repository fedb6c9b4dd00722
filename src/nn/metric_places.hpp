#pragma once
// The places of a batch, one by one.

#include <algorithm>
#include <string>
#include <vector>

#include "elegans/nn/metrics.hpp"

namespace elegans::nn {

// ShapeError, DtypeError in the name of `what` where predictions [..., C], targets and weights [...] do not fit together.
void check_places(const std::string& what, Targets kind, const View& predictions, const View& targets,
                  const View& weights);

// Calls visit(place) for each whose weight is not 0. `prediction` and `target` have room for the numbers of one.
template <class Visit>
void for_each_place(Targets kind, const View& predictions, const View& targets, const View& weights,
                    std::span<double> prediction, std::span<double> target, Visit&& visit) {
  ops::with_floating(predictions.dtype, [&]<class T>(T) {
    const std::span<const T> p = predictions.as<T>(), w = weights.as<T>();
    const auto widen = [](std::span<const T> from, std::size_t place, std::span<double> to) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(place * to.size()), to.size(), to.begin());
    };
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w[i] == 0) continue;
      widen(p, i, prediction);
      MetricPlace place{.prediction = prediction, .weight = static_cast<double>(w[i])};
      if (kind == Targets::classes) {
        place.label = targets.as<std::int32_t>()[i];
      } else {
        widen(targets.as<T>(), i, target);
        place.target = target;
      }
      visit(place);
    }
  });
}

}  // namespace elegans::nn
