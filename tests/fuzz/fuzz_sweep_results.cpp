// Any text as the results file of a sweep: an elegans::Error, or results that are written and read again alike.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/sweep_results.hpp"
#include "elegans/base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  using namespace elegans;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const cli::SweepLines lines = cli::read_sweep_lines(text, "fuzz.jsonl");
    if (lines.bytes > size) std::abort();
    const cli::SweepLines again = cli::read_sweep_lines(text.substr(0, lines.bytes), "fuzz.jsonl");
    if (again.runs.size() != lines.runs.size() || again.bytes != lines.bytes) std::abort();
    for (const auto& [key, run] : lines.runs)
      if (cli::to_json(run) != cli::to_json(again.runs.at(key))) std::abort();
  } catch (const InternalError&) {
    std::abort();
  }
  return 0;
} catch (const elegans::Error&) {
  return 0;
}
