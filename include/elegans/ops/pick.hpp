#pragma once
// One number of each row, named by a label; x [..., n], label [..., 1].
//
//     pick      y[…, 0] = x[…, label[…]]                                    y [..., 1]
//     add_at    y[…, i] = x[…, i], and x[…, i] + value[…] at i = label[…]   value [..., 1] or one number   y [..., n]
//
// A label is a floating number, as label_number (ops/sources.hpp) makes them: where it is none of 0 … n − 1 (−1, 2.5,
// NaN), pick gives 0 and add_at adds nothing. pick gives 0 for −0, too: it is the sum of the number and zeros.
//
// add_at may overwrite x. No gradient passes them: graph/passes/pick.hpp writes them, after gradients are.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

// The place that a label names among n; n where it names none.
template <class T>
std::size_t place_of(T label, std::size_t n) noexcept {
  if (!(label >= 0 && label < static_cast<T>(n))) return n;
  const auto place = static_cast<std::size_t>(label);
  return static_cast<T>(place) == label ? place : n;
}

class Pick final : public Operation {
 public:
  std::string_view name() const override { return "pick"; }
  bool same(const Operation&) const override { return true; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  // Of the row one number is read.
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
};

class AddAt final : public Operation {
 public:
  std::string_view name() const override { return "add_at"; }
  bool same(const Operation&) const override { return true; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  bool may_overwrite(std::size_t, std::size_t input, std::span<const Type>) const override { return input == 0; }
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
};

}  // namespace elegans::ops
