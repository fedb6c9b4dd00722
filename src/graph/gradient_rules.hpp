#pragma once
// The gradient rules that rows of the table point to. In each, x are inputs, y outputs, g the gradient of y.

#include "elegans/graph/table.hpp"

namespace elegans::graph {

void gradient_of_elementwise(const GradientCall& call);
void gradient_of_matmul(const GradientCall& call);
void gradient_of_sparse_matmul(const GradientCall& call);
void gradient_of_sampled_product(const GradientCall& call);
void gradient_of_gather(const GradientCall& call);
void gradient_of_scatter_sum(const GradientCall& call);
void gradient_of_reduce(const GradientCall& call);
void gradient_of_reshape(const GradientCall& call);
void gradient_of_leading(const GradientCall& call);
void gradient_of_transpose(const GradientCall& call);
void gradient_of_broadcast_to(const GradientCall& call);
void gradient_of_slice(const GradientCall& call);
void gradient_of_pad(const GradientCall& call);
void gradient_of_concat(const GradientCall& call);
void gradient_of_replace_slice(const GradientCall& call);
void gradient_of_reverse_sequence(const GradientCall& call);
void gradient_of_custom(const GradientCall& call);

}  // namespace elegans::graph
