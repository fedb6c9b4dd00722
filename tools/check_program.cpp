#include "check_program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"

namespace elegans::golden {
namespace {

using nlohmann::json;

struct Arguments {
  std::string file;
  Dtype dtype = Dtype::f64;
  kernels::Target target = kernels::Target::best;
};

std::string usage(const CheckProgram& program) {
  return fmt::format(
      "usage: {} FILE [--dtype f32|f64] [--target scalar|best]\n\n"
      "Runs every case of a golden file of {} and compares values and gradients.\n"
      "  --dtype    the numbers to compute in (f64)\n"
      "  --target   the kernels: plain C or the widest instruction set of this machine (best)\n"
      "Exit status: 0 all within the bounds, 1 a bound is broken or a case cannot be run, 2 FILE cannot be read.\n",
      program.name, program.about);
}

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

struct Tally {
  std::size_t good = 0, missing = 0, cases = 0;
  double value = 0, gradient = 0;  // the largest errors
};

// The errors of a case as text; names of what breaks its bound are appended to `broken`.
std::string describe(const CaseResult& result, const Bounds& bounds, Tally& tally, std::string& broken) {
  std::string text;
  bool gradients = false;
  for (const Comparison& one : result.comparisons) {
    if (one.is_gradient && !gradients) text += "; gradients:";
    gradients = one.is_gradient;
    text += fmt::format("{} {} {:.1e}", text.empty() || text.back() == ':' ? "" : ",", one.name, one.error);
    double& most = one.is_gradient ? tally.gradient : tally.value;
    most = std::max(most, one.error);
    const double bound = one.is_gradient ? bounds.gradient : bounds.value;
    if (!(one.error <= bound)) broken += fmt::format("{}{} (bound {:g})", broken.empty() ? "" : ", ", one.name, bound);
  }
  if (!result.not_compared.empty())
    text += fmt::format("; no gradient in the file: {}", fmt::join(result.not_compared, ", "));
  return text;
}

// Prints the line of a case.
void check(const json& golden, const CheckProgram::Cases& cases, std::size_t number, const Arguments& arguments,
           Tally& tally) {
  const std::string name = golden.is_object() && golden.contains("name") && golden["name"].is_string()
                               ? golden["name"].get<std::string>()
                               : fmt::format("{} {}", cases.key, number);
  ++tally.cases;
  std::string text, broken;
  try {
    const CaseResult result = cases.run(golden, arguments.dtype, arguments.target);
    text = describe(result, bounds_of(arguments.dtype), tally, broken);
  } catch (const Missing& missing) {
    ++tally.missing;
    fmt::print("missing {}: elegans has no {}\n", name, missing.what());
    return;
  } catch (const json::exception& error) {
    broken = fmt::format("the case cannot be read: {}", error.what());
  } catch (const std::exception& error) {
    broken = error.what();
  }
  if (broken.empty()) {
    ++tally.good;
    fmt::print("OK   {}:{}\n", name, text);
  } else {
    fmt::print("FAIL {}:{}{} {}\n", name, text, text.empty() ? "" : "; broken:", broken);
  }
}

int run(const CheckProgram& program, const Arguments& arguments) {
  const json file = parse_json(read_file(arguments.file, std::uint64_t{1} << 30), arguments.file);
  const auto has = [&](const char* key) {
    return file.is_object() && file.contains(key) && file[key].is_array() && !file[key].empty();
  };
  const char* required = program.cases.front().key;
  if (!has(required))
    throw FormatError({.operation = arguments.file,
                       .argument = fmt::format("key '{}'", required),
                       .actual = "missing, empty or no list",
                       .required = "a list of cases",
                       .remedy = ""});
  Tally tally;
  for (const CheckProgram::Cases& cases : program.cases) {
    if (!has(cases.key)) continue;
    std::size_t number = 0;
    for (const json& golden : file[cases.key]) check(golden, cases, number++, arguments, tally);
  }
  const Bounds bounds = bounds_of(arguments.dtype);
  fmt::print(
      "maximum: values {:.1e} (bound {:g}), gradients {:.1e} (bound {:g}); {} of {} cases hold, {} missing, {} with {} "
      "kernels\n",
      tally.value, bounds.value, tally.gradient, bounds.gradient, tally.good, tally.cases, tally.missing,
      to_string(arguments.dtype), kernels::instruction_set(arguments.target));
  return tally.good + tally.missing == tally.cases ? 0 : 1;
}

}  // namespace

int run_check_program(const CheckProgram& program, int argc, char** argv) {
  Arguments arguments;
  if (const std::string complaint = parse(argc, argv, arguments); !complaint.empty()) {
    fmt::print(stderr, "{}: {}\n\n{}", program.name, complaint, usage(program));
    return 2;
  }
  try {
    return run(program, arguments);
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", program.name, error.what());
    return 2;
  }
}

}  // namespace elegans::golden
