#include "elegans/nn/losses.hpp"

#include <fmt/format.h>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::nn {
namespace {

// Where nothing counts (normaliser 0) the mean is 0, not 0/0.
Value weighted_mean(Value each, const LossInputs& inputs) {
  const Value divisor = select(inputs.normaliser, inputs.normaliser, constant(inputs.normaliser, 1));
  return sum(each * inputs.weight) / divisor;
}

Value write_mean_squared_error(const LossInputs& in) {
  const auto width = static_cast<double>(in.prediction.shape().back().factor());
  const Value error = in.where_counted(in.prediction - in.target);
  return weighted_mean(reduce_sum(square(error), -1) / width, in);
}

Value write_categorical_crossentropy(const LossInputs& in) {
  const Value logits = in.where_counted(in.prediction);
  const Value shifted = logits - stop_gradient(reduce_max(logits, -1, graph::Keep::yes));
  const Value label = one_hot(in.target, in.prediction.shape().back().factor(), in.prediction.dtype());
  const Value own = reduce_sum(select(label, shifted, constant(shifted, 0)), -1);
  return weighted_mean(log(reduce_sum(exp(shifted), -1)) - own, in);
}

void require(const Loss& loss, const char* argument, Value value, const ops::Type& type) {
  if (value.dtype() != type.dtype)
    throw DtypeError({loss.name, argument, ops::to_string(value.type()), ops::to_string(type), ""});
  if (!(value.shape() == type.shape))
    throw ShapeError({loss.name, argument, to_string(value.shape()), to_string(type.shape), ""});
}

}  // namespace

Value LossInputs::where_counted(Value x) const {
  const Shape each = weight.shape();
  return select(reshape(weight, each.inserted(each.rank(), 1)), x, constant(x, 0));
}

Value Loss::operator()(const LossInputs& in) const {
  const ops::Type prediction = in.prediction.type();
  if (prediction.shape.rank() < 2 || !prediction.shape.back().is_constant())
    throw ShapeError({name, "prediction", to_string(prediction.shape), "[batch, ..., width]", ""});
  const Shape each = prediction.shape.removed(prediction.shape.rank() - 1);
  require(*this, "target", in.target, targets == Targets::classes ? ops::Type{Dtype::i32, each} : prediction);
  require(*this, "weight", in.weight, {prediction.dtype, each});
  require(*this, "normaliser", in.normaliser, {prediction.dtype, Shape{}});
  const Value loss = write(in);
  require(*this, "the result", loss, {prediction.dtype, Shape{}});
  return loss;
}

Loss mean_squared_error() { return {"mean_squared_error", Targets::numbers, write_mean_squared_error}; }
Loss categorical_crossentropy() {
  return {"categorical_crossentropy", Targets::classes, write_categorical_crossentropy};
}

Loss loss_named(std::string_view name) {
  if (name == "mean_squared_error" || name == "mse") return mean_squared_error();
  if (name == "categorical_crossentropy") return categorical_crossentropy();
  const std::vector<std::string> known{"mean_squared_error", "mse", "categorical_crossentropy"};
  throw ConfigError({"loss", "name", quote(name), "a known loss", suggest(name, known)});
}

}  // namespace elegans::nn
