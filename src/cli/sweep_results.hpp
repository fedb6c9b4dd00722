#pragma once
// The results file of a sweep: one line of JSON for each run that is over, so that a sweep which was killed goes on
// where it was.
//
//     {"elegans_sweep":1,"run":{"data_checksum":"1c291ca3","figures":{"accuracy":0.97,"loss":0.08},"part":"test",…}}
//
// A run is known again by its settings (but for `threads`, which change no bit), its fold and the checksum of its data.
// Lines of other runs stay and do not count. A last line that is not whole is of a killed sweep: it is cut off before
// the next one is written.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/sweep_plan.hpp"
#include "elegans/train/history.hpp"

namespace elegans::cli {

// What a run ended with.
struct RunResult {
  std::string part = {};                                // that was judged: "test" or "validation"
  std::vector<train::Evaluation::Figure> figures = {};  // NaN where one is not defined
  std::int64_t epochs = 0;
  std::optional<std::uint64_t> best_epoch = {};
  double seconds = 0;
  std::string machine_kind = {};
  std::string error = {};  // why it failed; then there are no figures
};

// The results of whole lines, by what a run is known again by, and how many bytes these lines have.
struct SweepLines {
  std::map<std::string, RunResult> runs;
  std::uintmax_t bytes = 0;
};
// FormatError, beginning with `source`, with the line.
SweepLines read_sweep_lines(std::string_view text, const std::string& source);

class SweepResults {
 public:
  // Reads `file` where it is there. FormatError with the line for a file of something else, or a damaged one; FileError
  // where it cannot be read or written.
  explicit SweepResults(std::filesystem::path file);

  // Nothing where the run was not done yet.
  const RunResult* find(const SweepRun& run);
  // Appends a whole line. FileError, also where another program has written to the file since.
  void add(const SweepRun& run, const RunResult& result);

  const std::filesystem::path& file() const { return file_; }

 private:
  nlohmann::json identity_of(const SweepRun& run);

  std::filesystem::path file_;
  std::uintmax_t bytes_ = 0;  // of the file as it was left
  SweepLines done_;
  std::map<std::string, std::string> checksums_;  // of the files that settings name
};

nlohmann::json to_json(const RunResult& result);

}  // namespace elegans::cli
