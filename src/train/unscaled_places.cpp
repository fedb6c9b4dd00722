#include "train/unscaled_places.hpp"

#include "elegans/ops/operation.hpp"

namespace elegans::train {
namespace {

std::size_t places_of(const ShardLayout& layout) {
  return static_cast<std::size_t>(layout.rows * (layout.answers_every_step ? layout.longest : 1));
}

// The rows of `from` in the units of the data, in `memory`; with an empty scaling the numbers as they are.
View unscale(const model::Scaling& scaling, const View& from, AlignedBuffer& memory) {
  const View to{memory.data(), Dtype::f64, from.shape};
  const std::span<double> numbers = to.as<double>();
  ops::with_floating(from.dtype, [&]<class T>(T) {
    const std::span<const T> all = from.as<T>();
    const std::size_t width = scaling.empty() ? all.size() : scaling.columns();
    for (std::size_t at = 0; at < all.size(); at += width)
      model::unstandardise<T, double>(scaling, all.subspan(at, width), numbers.subspan(at, width));
  });
  return to;
}

}  // namespace

UnscaledPlaces::UnscaledPlaces(const ShardLayout& layout)
    : answers_(places_of(layout) * static_cast<std::size_t>(layout.targets) * sizeof(double)),
      targets_(answers_.bytes()),
      weights_(places_of(layout) * sizeof(double)) {}

Places UnscaledPlaces::of(const model::Scaling& scaling, const Places& scaled) {
  return {unscale(scaling, scaled.answers, answers_), unscale(scaling, scaled.targets, targets_),
          unscale({}, scaled.weights, weights_)};
}

}  // namespace elegans::train
