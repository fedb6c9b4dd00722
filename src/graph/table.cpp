#include "elegans/graph/table.hpp"

#include <array>

#include "elegans/ops/elementwise.hpp"
#include "gradient_rules.hpp"

namespace elegans::graph {
namespace {

constexpr std::array rows{
    TableRow{"elementwise", gradient_of_elementwise},
    TableRow{"matmul", gradient_of_matmul},
    TableRow{"sparse_matmul", gradient_of_sparse_matmul},
    TableRow{"sampled_product", gradient_of_sampled_product},
    TableRow{"gather", gradient_of_gather},
    TableRow{"scatter_sum", gradient_of_scatter_sum},
    TableRow{"reduce_sum", gradient_of_reduce},
    TableRow{"reduce_max", gradient_of_reduce},
    TableRow{"reshape", gradient_of_reshape},
    TableRow{"leading", gradient_of_leading},
    TableRow{"transpose", gradient_of_transpose},
    TableRow{"broadcast_to", gradient_of_broadcast_to},
    TableRow{"slice", gradient_of_slice},
    TableRow{"pad", gradient_of_pad},
    TableRow{"concat", gradient_of_concat},
    TableRow{"replace_slice", gradient_of_replace_slice},
    TableRow{"reverse_sequence", gradient_of_reverse_sequence},
    TableRow{"custom_gradient", gradient_of_custom},
    TableRow{"stop_gradient", nullptr},
    TableRow{"constant", nullptr},
    TableRow{"one_hot", nullptr},
    TableRow{"label_number", nullptr},
    TableRow{"sequence_mask", nullptr},
    TableRow{"positions", nullptr},
    TableRow{"random_uniform", nullptr},
};

}  // namespace

const TableRow& row_of(const ops::Operation& operation) {
  const bool elementwise = dynamic_cast<const ops::Elementwise*>(&operation) != nullptr;
  const std::string_view name = elementwise ? "elementwise" : operation.name();
  for (const TableRow& row : rows)
    if (row.name == name) return row;
  throw ConfigError({.operation = "gradient",
                     .argument = "an operation on the way",
                     .actual = "'" + std::string(name) + "', which has no row in the table of operations",
                     .required = "an operation of graph/table.hpp",
                     .remedy = "Differentiate before the passes run, or add its row."});
}

}  // namespace elegans::graph
