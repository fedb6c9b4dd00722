#include "elegans/nn/loss.hpp"

#include <fmt/format.h>

#include "elegans/base/error.hpp"

namespace elegans::nn {
namespace {

// l · w of every place, and w.
struct Counted {
  Value loss;
  Value weight;
};

Shape with_one(const Shape& each) { return each.inserted(each.rank(), 1); }
Value column(Value each) { return reshape(each, with_one(each.shape())); }

void require(const Loss& loss, const char* argument, Value value, const ops::Type& type, std::string remedy = {}) {
  if (value.dtype() != type.dtype)
    throw DtypeError({loss.name, argument, ops::to_string(value.type()), ops::to_string(type), std::move(remedy)});
  if (!(value.shape() == type.shape))
    throw ShapeError({loss.name, argument, to_string(value.shape()), to_string(type.shape), std::move(remedy)});
}

// The shape of the places, once everything is known to fit.
Shape places_of(const Loss& loss, Value prediction, Value target) {
  const ops::Type type = prediction.type();
  const bool takes_labels =
      loss.targets == Targets::classes || (loss.targets == Targets::either && target.dtype() == Dtype::i32);
  if (!is_floating(type.dtype)) throw DtypeError({loss.name, "prediction", ops::to_string(type), "f32 or f64", ""});
  if (type.shape.rank() < 2 || !type.shape.back().is_constant())
    throw ShapeError({loss.name, "prediction", to_string(type.shape), "[batch, ..., width]", ""});
  const Shape each = type.shape.removed(type.shape.rank() - 1);
  if (takes_labels) {
    require(loss, "target", target, {Dtype::i32, each});
    return each;
  }
  const std::int64_t width = type.shape.back().factor();
  if (width % loss.outputs_per_target != 0)
    throw ShapeError({loss.name, "prediction", to_string(type.shape),
                      fmt::format("{} numbers for each target", loss.outputs_per_target), ""});
  require(loss, "target", target, {type.dtype, each.inserted(each.rank(), width / loss.outputs_per_target)});
  if (loss.weighs_labels())
    throw ConfigError({loss.name, "a class weight or ignored label", "given", "none, for targets are numbers", ""});
  return each;
}

// The weight of each place by its label, and the labels as numbers that predictions are compared with.
Counted count_labels(const Loss& loss, Value prediction, Value labels, Value weight) {
  const std::int64_t width = prediction.shape().back().factor(), classes = width == 1 ? 2 : width;
  const std::size_t weights = loss.class_weight.size();
  if (weights > 0 && weights != static_cast<std::size_t>(classes))
    throw ConfigError({loss.name, "the number of class weights", fmt::format("{}", weights),
                       fmt::format("{}, one a class", classes), ""});
  const Value number = label_number(labels, weight, classes, loss.ignore_index);
  const Value nothing = constant(weight, 0);
  if (loss.ignore_index) weight = select(less(number, nothing), nothing, weight);
  if (width == 1) {
    if (weights > 0)
      weight = weight * select(number, constant(weight, loss.class_weight[1]), constant(weight, loss.class_weight[0]));
    return {column(number), weight};
  }
  const Value one_hot = equal(column(number), positions(*number.graph, classes, number.dtype()));
  if (weights > 0) {
    const Value of_class = constant(*number.graph, Tensor::from(Shape{classes}, loss.class_weight, number.dtype()));
    weight = weight * reduce_sum(one_hot * of_class, -1);
  }
  return {one_hot, weight};
}

Counted count(const Loss& loss, Value prediction, Value target, Value weight, const Shape& each) {
  if (target.dtype() == Dtype::i32) {
    const Counted labels = count_labels(loss, prediction, target, weight);
    target = labels.loss;
    weight = labels.weight;
  }
  // A product with 0 would keep a NaN: of the loss in what follows, and of its slope on the way back.
  const Value counts = column(weight), nothing = constant(weight, 0);
  const Value l = loss.write(select(counts, prediction, nothing), select(counts, target, nothing));
  require(loss, "the result", l, {prediction.dtype(), each}, "A loss writes one number a place.");
  return {select(weight, l, nothing) * weight, weight};
}

// Where nothing counts the mean is 0, not 0/0.
Value divided(Value loss, Value normaliser) {
  return sum(loss) / select(normaliser, normaliser, constant(normaliser, 1));
}

// A weight of a prefix of the places, for each of them.
Value spread(const Loss& loss, const char* argument, Value weight, Dtype dtype, const Shape& each) {
  const Shape& given = weight.shape();
  bool is_prefix = given.rank() <= each.rank();
  for (std::size_t axis = 0; is_prefix && axis < given.rank(); ++axis) is_prefix = given[axis] == each[axis];
  if (!is_prefix)
    throw ShapeError({loss.name, argument, to_string(given), to_string(each) + ", or its first axes", ""});
  require(loss, argument, weight, {dtype, given});
  Shape shape = given;
  while (shape.rank() < each.rank()) shape = with_one(shape);
  return broadcast_to(reshape(weight, shape), each);
}

}  // namespace

Value Loss::operator()(Value prediction, Value target, const LossWeights& weights) const {
  const Shape each = places_of(*this, prediction, target);
  const Dtype dtype = prediction.dtype();
  Value weight = weights.sample_weight ? spread(*this, "sample_weight", *weights.sample_weight, dtype, each)
                                       : full(prediction, each, 1);
  if (weights.mask) weight = select(spread(*this, "mask", *weights.mask, dtype, each), weight, constant(weight, 0));
  const Counted counted = count(*this, prediction, target, weight, each);
  if (reduction == Reduction::none) return counted.loss;
  return reduction == Reduction::sum ? sum(counted.loss) : divided(counted.loss, sum(counted.weight));
}

Value Loss::operator()(const LossInputs& in) const {
  const Shape each = places_of(*this, in.prediction, in.target);
  require(*this, "weight", in.weight, {in.prediction.dtype(), each});
  require(*this, "normaliser", in.normaliser, {in.prediction.dtype(), Shape{}});
  const Counted counted = count(*this, in.prediction, in.target, in.weight, each);
  return reduction == Reduction::none ? counted.loss : divided(counted.loss, in.normaliser);
}

double Loss::weight_of(std::int32_t label) const noexcept {
  if (label == ignore_index) return 0;
  const auto at = static_cast<std::size_t>(label);
  return class_weight.empty() ? 1 : label >= 0 && at < class_weight.size() ? class_weight[at] : 0;
}

}  // namespace elegans::nn
