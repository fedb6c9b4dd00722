#pragma once
// The smallest model of which an update can go wrong: a kernel [3, 4] and a bias [4], with flat gradients beside them.

#include <string>
#include <vector>

#include "elegans/nn/dense.hpp"
#include "train/update_step.hpp"

namespace elegans::train {

struct TwoWeights {
  explicit TwoWeights(Dtype dtype, nn::Constraint constraint = {}, std::vector<ParameterGroup> groups = {},
                      std::vector<std::string> frozen = {})
      : model({.dtype = dtype}) {
    model.add(nn::Dense({.units = 4, .kernel_constraint = std::move(constraint)}));
    model.build(3);
    layout = layout_of(model, groups, frozen);
    gradients = AlignedBuffer(layout.bytes());
  }
  Tensor& weight(std::size_t i) { return model.weights()[i]->value; }
  std::vector<double> all() {
    std::vector<double> all = weight(0).values();
    for (const double x : weight(1).values()) all.push_back(x);
    return all;
  }
  // Gradient of the weight called kernel or bias.
  void set_gradient(const std::string& name, std::span<const double> values) {
    for (const auto& entry : layout.entries)
      if (entry.weight->options.name == name)
        copy(Tensor::from(entry.weight->stored_shape(), values, layout.dtype),
             View{gradients.data() + layout.byte_offset(entry), layout.dtype, entry.weight->stored_shape()});
  }
  void set_gradients(std::span<const double> sixteen) {
    set_gradient("kernel", sixteen.first(12));
    set_gradient("bias", sixteen.last(4));
  }

  Sequential model;
  ParameterLayout layout;
  AlignedBuffer gradients;
};

}  // namespace elegans::train
