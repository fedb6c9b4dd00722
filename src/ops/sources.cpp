#include "elegans/ops/sources.hpp"

#include <fmt/format.h>
#include <cstring>

namespace elegans::ops {

// Constant

std::string Constant::options() const {
  return value_.elements() == 1 ? fmt::format("{}", value_.values()[0])
                                : to_string(Type{value_.dtype(), value_.shape()});
}

bool Constant::same(const Operation& other) const {
  const Tensor& that = static_cast<const Constant&>(other).value_;
  return value_.dtype() == that.dtype() && value_.shape() == that.shape() &&
         std::memcmp(value_.data(), that.data(), value_.bytes()) == 0;
}

std::vector<Type> Constant::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 0);
  return {{value_.dtype(), value_.shape()}};
}

Status Constant::run(const Call& call) const noexcept {
  std::memcpy(call.outputs[0], value_.data(), value_.bytes());
  return {};
}

// OneHot

std::string OneHot::options() const { return fmt::format("{} classes", classes_); }

bool OneHot::same(const Operation& other) const {
  const auto& that = static_cast<const OneHot&>(other);
  return classes_ == that.classes_ && dtype_ == that.dtype_;
}

namespace {

void require_integers(const Operation& operation, const Type& type, const char* argument) {
  if (type.dtype != Dtype::i32)
    throw DtypeError({.operation = std::string(operation.name()),
                      .argument = argument,
                      .actual = to_string(type),
                      .required = "i32",
                      .remedy = ""});
}

}  // namespace

std::vector<Type> OneHot::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_integers(*this, inputs[0], "label");
  const Shape& labels = inputs[0].shape;
  return {{dtype_, labels.inserted(labels.rank(), classes_)}};
}

void OneHot::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  sizes[0] = static_cast<std::size_t>(inputs[0].shape.elements(at));
}

Status OneHot::run(const Call& call) const noexcept {
  std::size_t done = 0;
  with_floating(dtype_, [&](auto zero) {
    using T = decltype(zero);
    done = call.kernels.table<T>().one_hot(call.in<std::int32_t>(0), call.out<T>(0), call.sizes[0],
                                           static_cast<std::size_t>(classes_));
  });
  if (done == call.sizes[0]) return {};
  return {.code = Status::Code::index_out_of_range, .node = -1, .item = static_cast<std::int64_t>(done)};
}

// LabelNumber

std::string LabelNumber::options() const {
  return fmt::format("{} classes{}", classes_, ignored_ ? fmt::format(", {} ignored", *ignored_) : "");
}

bool LabelNumber::same(const Operation& other) const {
  const auto& that = static_cast<const LabelNumber&>(other);
  return classes_ == that.classes_ && ignored_ == that.ignored_;
}

std::vector<Type> LabelNumber::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 2);
  require_integers(*this, inputs[0], "label");
  require_floating(*this, inputs.subspan(1));
  if (!(inputs[1].shape == inputs[0].shape))
    shape_error(*this, "weight", inputs[1].shape, to_string(inputs[0].shape) + ", for so many are the labels");
  return {inputs[1]};
}

void LabelNumber::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  sizes[0] = static_cast<std::size_t>(inputs[0].shape.elements(at));
}

Status LabelNumber::run(const Call& call) const noexcept {
  return with_floating(call.dtype, [&]<class T>(T) -> Status {
    const auto* label = call.in<std::int32_t>(0);
    const T* weight = call.in<T>(1);
    T* y = call.out<T>(0);
    for (std::size_t i = 0; i < call.sizes[0]; ++i) {
      y[i] = -1;
      if (weight[i] == 0 || label[i] == ignored_) continue;
      if (label[i] < 0 || label[i] >= classes_)
        return {.code = Status::Code::index_out_of_range, .node = -1, .item = static_cast<std::int64_t>(i)};
      y[i] = static_cast<T>(label[i]);
    }
    return {};
  });
}

// SequenceMask

bool SequenceMask::same(const Operation& other) const {
  const auto& that = static_cast<const SequenceMask&>(other);
  return steps_ == that.steps_ && dtype_ == that.dtype_;
}

std::vector<Type> SequenceMask::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 1);
  require_integers(*this, inputs[0], "lengths");
  if (inputs[0].shape.rank() != 1) shape_error(*this, "lengths", inputs[0].shape, "[batch]");
  return {{dtype_, Shape{steps_, inputs[0].shape[0]}}};
}

void SequenceMask::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  sizes[0] = static_cast<std::size_t>(steps_.value(at));
  sizes[1] = static_cast<std::size_t>(inputs[0].shape[0].value(at));
}

Status SequenceMask::run(const Call& call) const noexcept {
  with_floating(dtype_, [&](auto zero) {
    using T = decltype(zero);
    call.kernels.table<T>().sequence_mask(call.in<std::int32_t>(0), call.out<T>(0), call.sizes[0], call.sizes[1]);
  });
  return {};
}

// Positions

bool Positions::same(const Operation& other) const {
  const auto& that = static_cast<const Positions&>(other);
  return steps_ == that.steps_ && dtype_ == that.dtype_;
}

std::vector<Type> Positions::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, 0);
  return {{dtype_, Shape{steps_}}};
}

void Positions::prepare(std::span<const Type>, std::span<const Type>, const Extents& at, Sizes& sizes) const {
  sizes[0] = static_cast<std::size_t>(steps_.value(at));
}

Status Positions::run(const Call& call) const noexcept {
  with_floating(dtype_, [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < call.sizes[0]; ++i) call.out<T>(0)[i] = static_cast<T>(i);
  });
  return {};
}

// RandomUniform

constexpr double position_end = 4294967296;  // 2^32

std::string RandomUniform::options() const { return fmt::format("{}, key {}", elegans::to_string(shape_), key_); }

bool RandomUniform::same(const Operation& other) const {
  const auto& that = static_cast<const RandomUniform&>(other);
  return shape_ == that.shape_ && dtype_ == that.dtype_ && key_ == that.key_;
}

std::vector<Type> RandomUniform::infer(std::span<const Type> inputs) const {
  require_inputs(*this, inputs, inputs.size() == 2 ? 2 : 1);
  require_integers(*this, inputs[0], "counter");
  if (inputs[0].shape.elements() != Dim(1)) shape_error(*this, "counter", inputs[0].shape, "[1]");
  if (inputs.size() == 2) {
    if (inputs[1].dtype != dtype_)
      throw DtypeError({.operation = std::string(name()),
                        .argument = "position",
                        .actual = to_string(inputs[1]),
                        .required = fmt::format("{}, as the numbers", elegans::to_string(dtype_)),
                        .remedy = ""});
    if (inputs[1].shape.elements() != Dim(1)) shape_error(*this, "position", inputs[1].shape, "[]");
  }
  return {{dtype_, shape_}};
}

void RandomUniform::prepare(std::span<const Type> inputs, std::span<const Type>, const Extents& at,
                            Sizes& sizes) const {
  sizes[0] = static_cast<std::size_t>(shape_.elements(at));
  sizes[1] = inputs.size() == 2 ? 1 : 0;
}

Status RandomUniform::run(const Call& call) const noexcept {
  return with_floating(dtype_, [&](auto zero) -> Status {
    using T = decltype(zero);
    auto counter = static_cast<std::uint64_t>(static_cast<std::uint32_t>(call.in<std::int32_t>(0)[0]));
    if (call.sizes[1] != 0) {
      const T position = call.in<T>(1)[0];
      if (!(position >= 0 && position < T(position_end))) return {.code = Status::Code::index_out_of_range};
      counter += static_cast<std::uint64_t>(position) << 32;
    }
    call.kernels.table<T>().random_uniform(key_, counter, call.out<T>(0), call.sizes[0]);
    return {};
  });
}

}  // namespace elegans::ops
