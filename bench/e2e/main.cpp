// The benchmarks of whole steps, training steps and updates: bench_e2e --help.
//
// Serving: one line of JSON that says what is measured; then for each line "burst MILLISECONDS" on standard input one
// with the time of a call; "quit", or the end of the input, ends it.

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "e2e/case.hpp"
#include "e2e/ingredients.hpp"
#include "e2e/measure.hpp"
#include "e2e/outside_count.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/model/machine_kind.hpp"

namespace elegans::bench {
namespace {

using Json = nlohmann::ordered_json;

#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

struct Arguments {
  std::string case_name, series;
  std::int64_t bursts = 20, calls = 0, displaced = 0;
  bool list = false, json = false, serve = false, ingredients = false, help = false;
};

// Of bursts and calls.
constexpr std::int64_t most = 1'000'000'000;

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    const auto next = [&]() -> std::string {
      if (i + 1 == words.size()) throw ConfigError({"bench_e2e", word, "the last word", "a value behind it", ""});
      return words[++i];
    };
    const auto number = [&](std::int64_t least) {
      const std::string text = next();
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw ConfigError(
            {"bench_e2e", word, "'" + text + "'", fmt::format("a whole number from {} to {}", least, most), ""});
      return value;
    };
    if (word == "--help" || word == "-h")
      arguments.help = true;
    else if (word == "--list")
      arguments.list = true;
    else if (word == "--json")
      arguments.json = true;
    else if (word == "--serve")
      arguments.serve = true;
    else if (word == "--ingredients")
      arguments.ingredients = true;
    else if (word == "--case")
      arguments.case_name = next();
    else if (word == "--series")
      arguments.series = next();
    else if (word == "--bursts")
      arguments.bursts = number(1);
    else if (word == "--calls")
      arguments.calls = number(1);
    else if (word == "--displaced")
      arguments.displaced = number(0);
    else
      throw ConfigError({"bench_e2e", "argument", word,
                         "--list, --case, --series, --bursts, --calls, --displaced, --json, --serve, --ingredients or "
                         "--help",
                         ""});
  }
  if (arguments.case_name.empty() && !arguments.series.empty())
    throw ConfigError({"bench_e2e", "--series", "without --case", "a case as well", ""});
  if (arguments.serve && (arguments.case_name.empty() || arguments.series.empty()))
    throw ConfigError({"bench_e2e", "--serve", "without a case and a series", "--case and --series as well", ""});
  return arguments;
}

template <class Named>
const Named& find(const std::vector<Named>& all, const std::string& name, const char* argument) {
  std::vector<std::string> known;
  for (const Named& one : all) {
    if (one.name == name) return one;
    known.push_back(one.name);
  }
  throw ConfigError({"bench_e2e", argument, "'" + name + "'", "one that --list prints", suggest(name, known)});
}

Json to_json(const Counts& counts) {
  return {{"flop", counts.flop},
          {"sigmoids", counts.sigmoids},
          {"tanhs", counts.tanhs},
          {"bytes", counts.bytes},
          {"traffic", counts.traffic == Traffic::read ? "read" : "copy"},
          {"synapses", counts.synapses},
          {"memory", counts.memory}};
}

Json to_json(const std::vector<Bandwidth>& bandwidths) {
  Json result = Json::array();
  for (const Bandwidth& bandwidth : bandwidths) result.push_back({bandwidth.bytes, bandwidth.bytes_per_second});
  return result;
}

void print(const Json& line) { std::cout << line.dump() << std::endl; }

void print_ingredients() {
  const Ingredients rates = measure_ingredients();
  print({{"flop_per_second", rates.flop_per_second},
         {"sigmoid_ns", rates.sigmoid_ns},
         {"tanh_ns", rates.tanh_ns},
         {"read", to_json(rates.read)},
         {"copy", to_json(rates.copy)},
         {"kind", model::machine_kind()},
         {"compiler", compiler}});
}

void print_list(bool as_json) {
  for (const Case& one : cases()) {
    std::vector<std::string> names;
    for (const Series& series : one.series) names.push_back(series.name);
    if (as_json)
      print({{"case", one.name}, {"text", one.text}, {"series", names}});
    else
      fmt::print("{:28} {}: {}\n", one.name, one.text, fmt::join(names, ", "));
  }
}

void print_help() {
  std::cout << R"(bench_e2e --list                                   every case with its series
bench_e2e --case step/cfc-ncp                      medians and quartiles of all its series
bench_e2e --case step/cfc-ncp --series run --json --bursts 50
bench_e2e --case step/cfc-ncp --series run --calls 1000    just so many calls, for counters from outside
bench_e2e --case step/cfc-ncp --series run --serve         bursts on request, for scripts/bench
bench_e2e --case step/cfc-ncp --displaced 3        with memory elsewhere: a step may take a tenth more or less
bench_e2e --ingredients                            what floors are made of
)";
}

void serve(const Case& one, const Series& series) {
  const std::size_t before = resident_bytes();
  Measured measured(series.prepare());
  const auto added = [before] { return peak_resident_bytes() - std::min(before, peak_resident_bytes()); };
  print({{"case", one.name},
         {"series", series.name},
         {"counts", to_json(measured.work().counts)},
         {"version", measured.work().version.empty() ? Json() : Json(measured.work().version)},
         {"peak_bytes", added()}});
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string word;
    double milliseconds = 0;
    if (!(words >> word >> milliseconds) || word != "burst" || !(milliseconds > 0 && milliseconds <= 60000))
      throw ConfigError({"bench_e2e --serve", "line", line, "'burst MILLISECONDS', at most 60000, or 'quit'", ""});
    const Burst burst = measured.burst(milliseconds);
    print({{"calls", burst.calls}, {"ns", burst.ns}, {"cpu_ns", burst.cpu_ns}, {"peak_bytes", added()}});
  }
}

// Counters from outside take the difference between two numbers of calls, or what lies between the marks.
void run_calls(const Series& series, std::int64_t calls) {
  const Work work = series.prepare();
  const auto run = [&work](std::int64_t times) {
    if (!work.before) return work.run(times);
    for (std::int64_t i = 0; i < times; ++i) {
      work.before();
      work.run(1);
    }
  };
  run(1);
  begin_outside_count();
  run(calls);
  end_outside_count();
  Json line{{"series", series.name}, {"calls", calls}};
  if (work.checksum) line["checksum"] = work.checksum();
  print(line);
}

void measure(const Case& one, const Series& series, const Arguments& arguments) {
  Measured measured(series.prepare());
  std::vector<double> times;
  for (std::int64_t i = 0; i < arguments.bursts; ++i) times.push_back(measured.burst(20).ns);
  std::sort(times.begin(), times.end());
  const auto quantile = [&times](double q) {
    return times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))];
  };
  if (arguments.json)
    print({{"case", one.name},
           {"series", series.name},
           {"ns", quantile(0.5)},
           {"quartiles", {quantile(0.25), quantile(0.75)}},
           {"counts", to_json(measured.work().counts)}});
  else
    fmt::print("{:28} {:28} {:14.0f} ns ({:.0f} … {:.0f})\n", one.name, series.name, quantile(0.5), quantile(0.25),
               quantile(0.75));
}

void run(const Arguments& arguments) {
  // What is allocated from here on lies so many times 208 bytes further on.
  static std::vector<std::byte> before;
  before.resize(static_cast<std::size_t>(arguments.displaced) * 208);
  if (arguments.help) return print_help();
  if (arguments.ingredients) return print_ingredients();
  if (arguments.list || arguments.case_name.empty()) return print_list(arguments.json);
  const std::vector<Case> all = cases();
  const Case& one = find(all, arguments.case_name, "case");
  std::vector<Series> chosen = one.series;
  if (!arguments.series.empty()) chosen = {find(one.series, arguments.series, "series")};
  for (const Series& series : chosen) {
    if (arguments.serve)
      serve(one, series);
    else if (arguments.calls > 0)
      run_calls(series, arguments.calls);
    else
      measure(one, series, arguments);
  }
}

}  // namespace
}  // namespace elegans::bench

int main(int count, char** words) {
  try {
    elegans::bench::run(elegans::bench::parse({words, static_cast<std::size_t>(count)}));
    std::cout.flush();
    if (std::fflush(stdout) != 0 || !std::cout) throw std::runtime_error("standard output cannot be written");
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
