// check_cells FILE [--dtype f32|f64] [--target scalar|best]: runs every case of a golden file of cells and compares
// values and gradients with those of the reference (tools/golden_cells.hpp says what the file holds).
//
// Prints one line a case with the largest errors of output, state, loss and every gradient, and a last line with the
// maximum. Errors are absolute, relative for numbers above 1 (of the loss, a sum: for summands above 1 together).
// Bounds: f64 1e-10 for values and 1e-8 for gradients, f32
// 2e-6 and 1e-4.
//
// Exit status: 0 all within the bounds, 1 a bound is broken or a case cannot be run, 2 the file cannot be read or the
// program was called wrongly.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "golden_cells.hpp"

namespace {

using namespace elegans;
using nlohmann::json;

constexpr const char* usage =
    "usage: check_cells FILE [--dtype f32|f64] [--target scalar|best]\n\n"
    "Runs every case of a golden file of recurrent cells and compares values and gradients.\n"
    "  --dtype    the numbers to compute in (f64)\n"
    "  --target   the kernels: plain C or the widest instruction set of this machine (best)\n"
    "Exit status: 0 all within the bounds, 1 a bound is broken or a case cannot be run, 2 FILE cannot be read.\n";

struct Arguments {
  std::string file;
  Dtype dtype = Dtype::f64;
  kernels::Target target = kernels::Target::best;
};

// What could not be understood of the command line, or nothing.
std::string parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--dtype") {
      if (value != "f32" && value != "f64") return fmt::format("--dtype is '{}'; expected f32 or f64.", value);
      arguments.dtype = value == "f32" ? Dtype::f32 : Dtype::f64;
      ++i;
    } else if (argument == "--target") {
      if (value != "scalar" && value != "best") return fmt::format("--target is '{}'; expected scalar or best.", value);
      arguments.target = value == "scalar" ? kernels::Target::scalar : kernels::Target::best;
      ++i;
    } else if (argument.starts_with("-")) {
      return fmt::format("'{}' is no option; expected --dtype or --target.", argument);
    } else if (!arguments.file.empty()) {
      return fmt::format("'{}' is a second file; expected one.", argument);
    } else {
      arguments.file = argument;
    }
  }
  return arguments.file.empty() ? "the file is missing." : "";
}

struct Largest {
  double value = 0;
  double gradient = 0;
};

// Prints the line of a case; true where every bound holds.
bool check(const json& golden, std::size_t number, const Arguments& arguments, Largest& largest) {
  const std::string name = golden.is_object() && golden.contains("name") && golden["name"].is_string()
                               ? golden["name"].get<std::string>()
                               : fmt::format("case {}", number);
  const golden::Bounds bounds = golden::bounds_of(arguments.dtype);
  std::string text, broken;
  try {
    bool gradients = false;
    const golden::CaseResult result = golden::run_case(golden, arguments.dtype, arguments.target);
    for (const golden::Comparison& one : result.comparisons) {
      if (one.is_gradient && !gradients) text += "; gradients:";
      gradients = one.is_gradient;
      text += fmt::format("{} {} {:.1e}", text.empty() || text.back() == ':' ? "" : ",", one.name, one.error);
      double& most = one.is_gradient ? largest.gradient : largest.value;
      most = std::max(most, one.error);
      const double bound = one.is_gradient ? bounds.gradient : bounds.value;
      if (!(one.error <= bound))
        broken += fmt::format("{}{} (bound {:g})", broken.empty() ? "" : ", ", one.name, bound);
    }
    if (!result.not_compared.empty())
      text += fmt::format("; no gradient in the file: {}", fmt::join(result.not_compared, ", "));
  } catch (const Error& error) {
    broken = error.what();
  } catch (const json::exception& error) {
    broken = fmt::format("the case cannot be read: {}", error.what());
  } catch (const std::exception& error) {
    broken = error.what();
  }
  if (broken.empty())
    fmt::print("OK   {}:{}\n", name, text);
  else
    fmt::print("FAIL {}:{}{} {}\n", name, text, text.empty() ? "" : "; broken:", broken);
  return broken.empty();
}

int run(const Arguments& arguments) {
  const json file = parse_json(read_file(arguments.file, std::uint64_t{1} << 30), arguments.file);
  if (!file.is_object() || !file.contains("cases") || !file["cases"].is_array() || file["cases"].empty())
    throw FormatError({.operation = arguments.file,
                       .argument = "key 'cases'",
                       .actual = "missing, empty or no list",
                       .required = "a list of cases",
                       .remedy = ""});
  std::size_t good = 0;
  Largest largest;
  for (std::size_t i = 0; i < file["cases"].size(); ++i) good += check(file["cases"][i], i, arguments, largest) ? 1 : 0;
  const golden::Bounds bounds = golden::bounds_of(arguments.dtype);
  fmt::print(
      "maximum: values {:.1e} (bound {:g}), gradients {:.1e} (bound {:g}); {} of {} cases hold, {} with {} kernels\n",
      largest.value, bounds.value, largest.gradient, bounds.gradient, good, file["cases"].size(),
      to_string(arguments.dtype), kernels::instruction_set(arguments.target));
  return good == file["cases"].size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (const std::string complaint = parse(argc, argv, arguments); !complaint.empty()) {
    fmt::print(stderr, "check_cells: {}\n\n{}", complaint, usage);
    return 2;
  }
  try {
    return run(arguments);
  } catch (const Error& error) {
    fmt::print(stderr, "check_cells: {}\n", error.what());
    return 2;
  }
}
