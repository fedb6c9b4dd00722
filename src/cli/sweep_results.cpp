#include "cli/sweep_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "elegans/base/atomic_file.hpp"
#include "elegans/base/crc32.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/read_file.hpp"
#include "elegans/base/version.hpp"

namespace elegans::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
constexpr std::string_view line_start = R"({"elegans_sweep":1,"run":)";

// Bytes of a file, or of the files of a folder in the order of their names.
std::uint32_t checksum_of(const fs::path& path) {
  std::vector<fs::path> files{path};
  if (fs::is_directory(path)) {
    files.clear();
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  }
  std::string sums;
  for (const fs::path& file : files) {
    FileReader reader(file);
    std::vector<std::byte> bytes(reader.size());
    reader.read(bytes);
    sums += fmt::format("{:08x}", crc32(bytes));
  }
  return crc32(std::as_bytes(std::span(sums)));
}

// A figure that is not defined has no number in JSON.
json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

RunResult result_of(const JsonObject& run) {
  RunResult made{
      .seconds = run.number("seconds"), .machine_kind = run.text("machine_kind"), .error = run.text("error", "")};
  if (!made.error.empty()) return made;
  made.part = run.choice("part", {"test", "validation"});
  made.epochs = run.integer("epochs", {.at_least = 1});
  if (run.has("best_epoch")) made.best_epoch = static_cast<std::uint64_t>(run.integer("best_epoch", {.at_least = 1}));
  const json& figures = run.at("figures");
  if (!figures.is_object()) throw run.error("figures", "an object");
  for (const auto& [name, value] : figures.items()) {
    if (!value.is_number() && !value.is_null()) throw run.error("figures", "numbers, or null");
    made.figures.push_back({name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>()});
  }
  return made;
}

std::string key_of(const json& settings, const json& fold, const json& checksum) {
  json known = settings;
  known.erase("threads");
  return to_json_text({known, fold, checksum});
}

// Of a line that a killed sweep did not end.
bool may_be_torn(std::string_view line) { return line.starts_with(line_start) || line_start.starts_with(line); }

}  // namespace

json to_json(const RunResult& result) {
  json made{{"seconds", std::round(result.seconds * 1000) / 1000}, {"machine_kind", result.machine_kind}};
  if (!result.error.empty()) {
    made["error"] = result.error;
    return made;
  }
  made["part"] = result.part;
  made["epochs"] = result.epochs;
  if (result.best_epoch) made["best_epoch"] = *result.best_epoch;
  made["figures"] = json::object();
  for (const auto& figure : result.figures) made["figures"][figure.name] = number_or_null(figure.value);
  return made;
}

SweepLines read_sweep_lines(std::string_view text, const std::string& source) {
  SweepLines done;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string where = fmt::format("{}, line {}", source, number);
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == text.npos && may_be_torn(line)) break;
    if (end == text.npos || !line.starts_with(line_start))
      throw FormatError(Complaint{where, "this", "no line of a sweep's results",
                                  "one that begins with \"elegans_sweep\"", "--results names another file."});
    const json whole = parse_json(line, where);
    const JsonObject run = JsonObject(whole, where, {"elegans_sweep", "run"})
                               .object("run", {"settings", "fold", "data_checksum", "part", "figures", "epochs",
                                               "best_epoch", "seconds", "machine_kind", "elegans_version", "error"});
    done.runs[key_of(run.at("settings"), run.at("fold"), run.at("data_checksum"))] = result_of(run);
    done.bytes += line.size() + 1;
    text.remove_prefix(line.size() + 1);
  }
  return done;
}

SweepResults::SweepResults(fs::path file) : file_(std::move(file)) {
  if (!fs::exists(file_)) {
    require_writable(file_);
    return;
  }
  const std::string text = read_file(file_, most_bytes);
  bytes_ = text.size();
  done_ = read_sweep_lines(text, file_.string());
}

json SweepResults::identity_of(const SweepRun& run) {
  const TrainSettings& s = run.settings;
  std::vector<std::string> files{s.data};
  files.insert(files.end(), s.merge.begin(), s.merge.end());
  if (s.wiring.starts_with('@')) files.push_back(s.wiring.substr(1));
  std::string sums;
  for (const std::string& file : files) {
    const auto [known, is_new] = checksums_.try_emplace(file);
    if (is_new) known->second = fmt::format("{:08x}", checksum_of(file));
    sums += known->second;
  }
  json fold;
  if (run.fold) fold = {{"by", name_of(run.fold->by)}, {"number", run.fold->number}, {"of", run.fold->of}};
  return {{"settings", run.values}, {"fold", fold}, {"data_checksum", sums}};
}

const RunResult* SweepResults::find(const SweepRun& run) {
  const json identity = identity_of(run);
  const auto found = done_.runs.find(key_of(identity["settings"], identity["fold"], identity["data_checksum"]));
  return found == done_.runs.end() ? nullptr : &found->second;
}

void SweepResults::add(const SweepRun& run, const RunResult& result) {
  json all = identity_of(run);
  const std::string key = key_of(all["settings"], all["fold"], all["data_checksum"]);
  all.update(to_json(result));
  all["elegans_version"] = std::string(version);
  const std::string line = fmt::format("{}{}}}\n", line_start, to_json_text(all));
  std::error_code error;
  const bool is_there = fs::exists(file_);
  if ((is_there ? fs::file_size(file_, error) : 0) != bytes_ && !error)
    throw FileError(Complaint{file_.string(), "the results", "changed by another program", "one sweep at a time",
                              "What it holds stays. Run the sweep again: it goes on from there."});
  if (is_there && !error) fs::resize_file(file_, done_.bytes, error);
  std::ofstream out(file_, std::ios::app | std::ios::binary);
  if (error || !(out << line << std::flush)) {
    out.close();
    fs::resize_file(file_, done_.bytes, error);
    throw FileError(Complaint{file_.string(), "the results", "not writable any more", "room for a line a run",
                              "It holds the runs before. Check the free space, and whether the file was removed."});
  }
  bytes_ = done_.bytes += line.size();
  done_.runs[key] = result;
}

}  // namespace elegans::cli
