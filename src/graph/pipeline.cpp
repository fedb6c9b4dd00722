#include "elegans/graph/pipeline.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "elegans/base/suggest.hpp"
#include "elegans/graph/passes/accumulate.hpp"
#include "elegans/graph/passes/affine.hpp"
#include "elegans/graph/passes/circuits.hpp"
#include "elegans/graph/passes/defer.hpp"
#include "elegans/graph/passes/exact.hpp"
#include "elegans/graph/passes/fast.hpp"
#include "elegans/graph/passes/fold.hpp"
#include "elegans/graph/passes/fuse.hpp"
#include "elegans/graph/passes/hoist.hpp"
#include "elegans/graph/passes/layout.hpp"
#include "elegans/graph/passes/merge.hpp"
#include "elegans/graph/passes/order.hpp"
#include "elegans/graph/passes/outer.hpp"
#include "elegans/graph/passes/pack.hpp"
#include "elegans/graph/passes/pick.hpp"
#include "elegans/graph/passes/rows.hpp"
#include "elegans/graph/passes/signs.hpp"
#include "elegans/graph/passes/simplify.hpp"

namespace elegans::graph {
namespace {

const std::vector<PassRow> pipeline{
    {"simplify", simplify},
    {"fold", nullptr, nullptr, fold},  // while a sum and all its terms stand in one loop
    {"hoist", hoist},
    {"signs", signs},        // those of what stays in loops
    {"simplify", simplify},  // what hoisting left behind
    {"pack", pack},
    {"merge", merge},
    {"affine", affine},  // while a matrix and its product stand in one loop
    {"hoist", hoist},    // packed matrices leave the loops
    {"layout", layout},
    {"defer", defer},
    {"order", order},
    {"hoist", hoist},  // what is brought into order leaves them too
    {"exact", nullptr, exact},
    {"simplify", simplify},
    {"affine", affine},  // of a step that is written out
    {"outer", outer},
    {"accumulate", accumulate},
    {"pick", pick},
    {.name = "fast", .run = fast, .if_fast = true},
    {"rows", rows},
    {"fuse", fuse},
    {"circuits", circuits},
};

std::vector<std::string> names_of_passes() {
  std::vector<std::string> names;
  for (const PassRow& row : pipeline)
    if (std::find(names.begin(), names.end(), row.name) == names.end()) names.emplace_back(row.name);
  return names;
}

void require_passes(std::span<const std::string> names, const char* argument) {
  const std::vector<std::string> known = names_of_passes();
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw ConfigError({.operation = "compile",
                         .argument = argument,
                         .actual = "'" + name + "'",
                         .required = "the name of a pass",
                         .remedy = suggest(name, known)});
}

std::vector<std::string> disabled(std::span<const std::string> disable) {
  require_passes(disable, "a disabled pass");
  std::vector<std::string> names = disabled_by_environment();
  names.insert(names.end(), disable.begin(), disable.end());
  return names;
}

}  // namespace

std::span<const PassRow> passes() { return pipeline; }

std::vector<std::string> disabled_by_environment() {
  std::vector<std::string> names;
  if (const char* variable = std::getenv("ELEGANS_DISABLE")) {
    std::istringstream list(variable);
    for (std::string name; std::getline(list, name, ',');) {
      std::erase(name, ' ');
      if (!name.empty()) names.push_back(name);
    }
  }
  require_passes(names, "a pass that the environment variable ELEGANS_DISABLE names");
  return names;
}

Graph optimise(Graph graph, std::vector<PassReport>& reports, const OptimiseOptions& options) {
  const std::vector<std::string> off = disabled(options.disable);
  check(graph);
  for (const PassRow& row : pipeline) {
    PassReport report{.pass = std::string(row.name),
                      .nodes_before = graph.nodes().size(),
                      .nodes_after = graph.nodes().size(),
                      .notes = {}};
    if (std::find(off.begin(), off.end(), row.name) != off.end()) {
      report.notes.push_back("switched off");
    } else if (row.run_at && !options.exactly) {
      report.notes.push_back("extents may change from run to run");
    } else if (row.run_knowing && options.known.empty()) {
      report.notes.push_back("any input may change from run to run");
    } else if (row.if_fast && !options.fast_activations) {
      report.notes.push_back("not asked for");
    } else {
      graph = row.run_at        ? row.run_at(graph, *options.exactly, report)
              : row.run_knowing ? row.run_knowing(graph, options.known, report)
                                : row.run(graph, report);
      check(graph);
      report.nodes_after = graph.nodes().size();
    }
    reports.push_back(std::move(report));
    if (std::getenv("ELEGANS_PRINT_PASSES") != nullptr)
      std::fputs(fmt::format("after {}:\n{}\n", row.name, to_string(graph)).c_str(), stderr);
  }
  return graph;
}

}  // namespace elegans::graph
