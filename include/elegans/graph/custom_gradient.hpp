#pragma once
// A value with a gradient rule of its own (with_gradient of graph/functions.hpp): the identity on y whose gradient goes
// to x. What the rule returns is of x's type.

#include <functional>

#include "elegans/graph/graph.hpp"

namespace elegans::graph {

class CustomGradient final : public ops::Operation {
 public:
  using Rule = std::function<Value(Value x, Value y, Value g)>;
  explicit CustomGradient(Rule rule) : rule_(std::move(rule)) {}
  const Rule& rule() const { return rule_; }

  std::string_view name() const override { return "custom_gradient"; }
  bool same(const Operation& other) const override { return this == &other; }
  std::vector<Type> infer(std::span<const Type> inputs) const override {
    ops::require_inputs(*this, inputs, 2);
    return {inputs[0]};
  }
  std::int64_t alias_offset(std::span<const Type>) const override { return 0; }
  void prepare(std::span<const Type>, std::span<const Type>, const Extents&, ops::Sizes&) const override {}
  Status run(const ops::Call&) const noexcept override { return {}; }

 private:
  Rule rule_;
};

}  // namespace elegans::graph
