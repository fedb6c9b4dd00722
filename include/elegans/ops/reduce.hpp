#pragma once
// Sums and maxima over neighbouring axes first … last − 1.
//
//     sum   y = Σ x over the axes, ascending; of none it is 0        max   y = the largest x; of none it is −∞
//
// Reduced axes stay with size 1 where `keep_dimensions`, else they go. y may not overlap x.

#include "elegans/ops/operation.hpp"

namespace elegans::ops {

struct ReduceOptions {
  enum class Kind : std::uint8_t { sum, max };
  Kind kind = Kind::sum;
  std::size_t first = 0;
  std::size_t last = 1;
  bool keep_dimensions = false;
  friend bool operator==(const ReduceOptions&, const ReduceOptions&) = default;
};

class Reduce final : public Operation {
 public:
  explicit Reduce(ReduceOptions options) : options_(options) {}

  const ReduceOptions& reduced() const { return options_; }

  std::string_view name() const override {
    return options_.kind == ReduceOptions::Kind::sum ? "reduce_sum" : "reduce_max";
  }
  std::string options() const override;
  bool same(const Operation& other) const override { return options_ == static_cast<const Reduce&>(other).options_; }
  std::vector<Type> infer(std::span<const Type> inputs) const override;
  Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const override;
  void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
               Sizes& sizes) const override;
  Status run(const Call& call) const noexcept override;
  OperationPtr stacked(std::span<const Type> inputs, std::span<const char> is_stacked, const Dim& steps) const override;

 private:
  ReduceOptions options_;
};

}  // namespace elegans::ops
