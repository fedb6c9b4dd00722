#include "elegans/graph/functions.hpp"
#include "elegans/ops/gather.hpp"
#include "elegans/ops/sampled_product.hpp"
#include "elegans/ops/scatter_sum.hpp"
#include "elegans/ops/sparse_matmul.hpp"
#include "gradient_rules.hpp"

namespace elegans::graph {

void gradient_of_matmul(const GradientCall& call) {
  const ops::MatmulOptions& transposed = static_cast<const ops::Matmul&>(call.operation).transposed();
  const Value a = call.x[0], b = call.x[1], g = *call.g[0];
  if (transposed.transpose_a) {  // y = a' b:  da = b g',  db = a g
    if (call.wanted[0]) call.dx[0] = matmul(b, g, {.transpose_b = true});
    if (call.wanted[1]) call.dx[1] = matmul(a, g);
  } else if (transposed.transpose_b) {  // y = a b':  da = g b,  db = g' a
    if (call.wanted[0]) call.dx[0] = matmul(g, b);
    if (call.wanted[1]) call.dx[1] = matmul(g, a, {.transpose_a = true});
  } else {  // y = a b:  da = g b',  db = a' g
    if (call.wanted[0]) call.dx[0] = matmul(g, b, {.transpose_b = true});
    if (call.wanted[1]) call.dx[1] = matmul(a, g, {.transpose_a = true});
  }
}

void gradient_of_sparse_matmul(const GradientCall& call) {
  const auto& operation = static_cast<const ops::SparseMatmul&>(call.operation);
  const Value x = call.x[0], w = call.x[1], g = *call.g[0];
  const bool to_target = operation.to() == ops::End::target;
  if (call.wanted[0]) call.dx[0] = sparse_matmul(g, w, operation.connections(), opposite(operation.to()));
  if (call.wanted[1])
    call.dx[1] =
        to_target ? sampled_product(x, g, operation.connections()) : sampled_product(g, x, operation.connections());
}

void gradient_of_sampled_product(const GradientCall& call) {
  const auto& operation = static_cast<const ops::SampledProduct&>(call.operation);
  const Value x = call.x[0], d = call.x[1], g = *call.g[0];
  if (call.wanted[0]) call.dx[0] = sparse_matmul(d, g, operation.connections(), ops::End::source);
  if (call.wanted[1]) call.dx[1] = sparse_matmul(x, g, operation.connections(), ops::End::target);
}

void gradient_of_gather(const GradientCall& call) {
  const auto& operation = static_cast<const ops::Gather&>(call.operation);
  call.dx[0] = scatter_sum(*call.g[0], operation.connections(), operation.by());
}

void gradient_of_scatter_sum(const GradientCall& call) {
  const auto& operation = static_cast<const ops::ScatterSum&>(call.operation);
  call.dx[0] = gather(*call.g[0], operation.connections(), operation.by());
}

}  // namespace elegans::graph
