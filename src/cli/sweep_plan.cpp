#include "cli/sweep_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "cli/data_file.hpp"
#include "cli/settings.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/train/settings_file.hpp"

namespace elegans::cli {
namespace {

using nlohmann::json;

constexpr std::size_t most_runs = 10'000;  // more are a slip of the keyboard

// What [repeat] says.
struct Repeats {
  std::vector<std::int64_t> seeds;  // of settings.seed, where it is a number: offsets from it
  bool are_offsets = true;
  std::size_t folds = 0;
  FoldBy fold_by = FoldBy::recording;
};

struct Read {
  TrainSettings settings;
  json values;
};

// Settings from values of a file, each of its kind and in its range.
Read read_settings(const json& values, const std::string& source) {
  CLI::App nobody;
  Settings options(nobody);
  Read made;
  add_settings(options, made.settings);
  options.read(values, source);
  made.values = options.values();
  return made;
}

std::string in_table(const std::string& file, const char* table) { return fmt::format("{}, [{}]", file, table); }

[[noreturn]] void refuse(const std::string& source, const std::string& key, std::string actual, std::string required,
                         std::string remedy = {}) {
  throw ConfigError(Complaint{source, "key " + quote(key), std::move(actual), std::move(required), std::move(remedy)});
}

// Every run would write the same file, or the key belongs to another table.
void check_key(const std::string& source, const std::string& key, const Repeats& repeats, bool is_swept) {
  for (const char* output : {"out", "history", "checkpoint"})
    if (key == output)
      refuse(source, key, "given", "nothing, for every run would write the same file",
             "Train the best combination again with elegans train.");
  if (is_swept && key == "seed") refuse(source, key, "given", "it in [repeat]", "seeds = [1, 2, 3] repeats all runs.");
  if (repeats.folds == 0) return;
  for (const char* split : {"split", "test", "test_groups", "validation_groups"})
    if (key == split) refuse(source, key, "given beside folds, where it would change nothing", "folds alone");
}

void check_values(const std::string& source, const std::string& key, const json& values) {
  if (!values.is_array() || values.empty())
    refuse(source, key, values.is_array() ? "an empty list" : to_json_text(values), "a list of values",
           fmt::format("{} = [{}]", key, values.is_array() ? "…" : to_json_text(values)));
  std::set<json> seen;
  for (const json& value : values) {
    read_settings({{key, value}}, source);
    if (!seen.insert(value).second) refuse(source, key, to_json_text(value) + " twice", "distinct values");
  }
}

// All combinations of one grid; the last key changes fastest.
std::vector<json> product(const json& grid) {
  std::vector<json> made{json::object()};
  for (const auto& [key, values] : grid.items()) {
    std::vector<json> longer;
    if (made.size() * values.size() > most_runs) return {};
    for (const json& start : made)
      for (const json& value : values) {
        longer.push_back(start);
        longer.back()[key] = value;
      }
    made = std::move(longer);
  }
  return made;
}

std::vector<json> grids_of(const json& whole, const std::string& file) {
  if (!whole.contains("grid")) return {json::object()};
  const json& grid = whole.at("grid");
  const bool all_tables = grid.is_array() && !grid.empty() &&
                          std::all_of(grid.begin(), grid.end(), [](const json& one) { return one.is_object(); });
  if (!grid.is_object() && !all_tables) refuse(file, "grid", to_json_text(grid), "a table, or several ([[grid]])");
  return grid.is_object() ? std::vector<json>{grid} : grid.get<std::vector<json>>();
}

Repeats repeats_of(const json& whole, const std::string& file) {
  Repeats made;
  const json none = json::object();
  const std::string source = in_table(file, "repeat");
  const JsonObject repeat(whole.contains("repeat") ? whole.at("repeat") : none, source, {"seeds", "folds", "fold_by"});
  made.are_offsets = !repeat.has("seeds") || !repeat.at("seeds").is_array();
  if (made.are_offsets) {
    const std::int64_t count = repeat.integer("seeds", {.at_least = 1, .at_most = 10'000}, 1);
    for (std::int64_t i = 0; i < count; ++i) made.seeds.push_back(i);
  } else {
    made.seeds = repeat.integers("seeds", {.at_least = 0});
    const std::set<std::int64_t> distinct(made.seeds.begin(), made.seeds.end());
    if (made.seeds.empty() || distinct.size() != made.seeds.size())
      throw repeat.error("seeds", "distinct seeds, or how many");
  }
  made.folds = static_cast<std::size_t>(repeat.integer("folds", {.at_least = 0, .at_most = 10'000}, 0));
  if (made.folds == 1) throw repeat.error("folds", "2 or more, or 0 for the split of the settings");
  const std::vector<std::string> ways{"recording", "time", "window"};
  const std::string by = repeat.choice("fold_by", ways, "recording");
  made.fold_by = static_cast<FoldBy>(std::find(ways.begin(), ways.end(), by) - ways.begin());
  if (made.folds == 0 && repeat.has("fold_by")) throw repeat.error("fold_by", "nothing without folds");
  return made;
}

// Folds are a split: checks of what goes together see the nearest way to split.
void split_as_folds(json& settings, FoldBy by) {
  settings["split"] = by == FoldBy::time ? "time" : by == FoldBy::window ? "random" : "group";
  settings["test"] = 0.0;
}

void check_combination(const TrainSettings& s, const Repeats& repeats) {
  const bool has_names = !s.group.empty() || names_recordings(s.data);
  if (repeats.folds > 0 && repeats.fold_by == FoldBy::recording && !has_names)
    throw ConfigError(Complaint{"fold_by", "\"recording\"", "given without recordings that have names",
                                "the column that names them (group)", "Or take fold_by = \"time\" or \"window\"."});
  if (repeats.folds > 0 && repeats.fold_by == FoldBy::window && copies_windows(s))
    refuse_copies("fold_by = \"window\"", "recording or time");
  check_settings(s);
  if (repeats.folds == 0 && s.test == 0 && s.test_groups.empty() && s.validation == 0 && s.validation_groups.empty())
    throw ConfigError(Complaint{"sweep", "the test part and the validation part", "empty",
                                "one of the two, or folds, to compare by", ""});
}

void add_runs(SweepPlan& plan, std::size_t number, const Repeats& repeats) {
  const Combination& combination = plan.combinations[number];
  const auto first = combination.settings.at("seed").get<std::int64_t>();
  constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
  if (const std::int64_t last = repeats.seeds.back(); repeats.are_offsets && first > greatest - last)
    refuse(in_table(plan.file, "settings"), "seed", fmt::format("{}, the first of {} seeds", first, last + 1),
           fmt::format("at most {}, so that the last is below 2^63", greatest - last));
  for (const std::int64_t seed : repeats.seeds) {
    json values = combination.settings;
    values["seed"] = repeats.are_offsets ? first + seed : seed;
    const Read read = read_settings(values, plan.file);
    for (std::size_t fold = repeats.folds == 0 ? 0 : 1; fold <= repeats.folds; ++fold) {
      SweepRun& run = plan.runs.emplace_back(SweepRun{number, read.settings, read.values, std::nullopt});
      if (fold > 0) run.fold = Fold{.by = repeats.fold_by, .number = fold, .of = repeats.folds};
    }
  }
}

}  // namespace

std::string value_text(const json& value) {
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : printable(to_json_text(value));
}

std::string name_of(FoldBy by) {
  if (by == FoldBy::time) return "time";
  return by == FoldBy::window ? "window" : "recording";
}

std::string Combination::name() const {
  std::vector<std::string> parts;
  for (const auto& [key, value] : swept.items()) parts.push_back(fmt::format("{} = {}", key, value_text(value)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string SweepRun::name() const {
  const std::string text = fmt::format("seed {}", settings.seed);
  return fold ? fmt::format("{}, fold {} of {}", text, fold->number, fold->of) : text;
}

void in_the_name_of(const Combination& combination, const std::string& file, const std::function<void()>& work) {
  const std::string name = combination.name();
  const std::string start = name.empty() ? file + ": " : fmt::format("{}, {}: ", file, name);
  try {
    work();
  } catch (const ConfigError& error) {
    throw ConfigError(start + error.what());
  } catch (const ShapeError& error) {
    throw ShapeError(start + error.what());
  } catch (const FormatError& error) {
    throw FormatError(start + error.what());
  }
}

SweepPlan read_sweep(const std::filesystem::path& path) {
  const json whole = train::read_settings(path);
  SweepPlan plan{.file = path.string(), .keys = {}, .combinations = {}, .runs = {}};
  const JsonObject file(whole, plan.file, {"settings", "grid", "repeat"});
  const std::string settings_source = in_table(plan.file, "settings"), grid_source = in_table(plan.file, "grid");
  const json& settings = file.at("settings");
  const Repeats repeats = repeats_of(whole, plan.file);
  read_settings(settings, settings_source);
  for (const auto& item : settings.items()) check_key(settings_source, item.key(), repeats, false);

  std::set<std::string> keys;
  std::set<json> seen;
  for (const json& grid : grids_of(whole, plan.file)) {
    for (const auto& [key, values] : grid.items()) {
      check_values(grid_source, key, values);
      check_key(grid_source, key, repeats, true);
      if (settings.contains(key)) refuse(grid_source, key, "in [settings], too", "one of the two");
      keys.insert(key);
    }
    const std::vector<json> all = product(grid);
    if (all.empty() ||
        (plan.combinations.size() + all.size()) * repeats.seeds.size() * std::max<std::size_t>(repeats.folds, 1) >
            most_runs)
      throw ConfigError(Complaint{plan.file, "the number of runs", fmt::format("more than {}", most_runs), "fewer",
                                  "It is combinations × seeds × folds."});
    for (const json& swept : all) {
      json values = settings;
      values.update(swept);
      if (repeats.folds > 0) split_as_folds(values, repeats.fold_by);
      Combination combination{.swept = swept, .settings = {}};
      in_the_name_of(combination, plan.file, [&] {
        const Read read = read_settings(values, settings_source);
        check_combination(read.settings, repeats);
        combination.settings = read.values;
        if (!seen.insert(read.values).second)
          throw ConfigError(Complaint{"sweep", "the combination", "there twice", "each once", ""});
      });
      plan.combinations.push_back(std::move(combination));
    }
  }
  plan.keys.assign(keys.begin(), keys.end());
  for (std::size_t i = 0; i < plan.combinations.size(); ++i) add_runs(plan, i, repeats);
  return plan;
}

}  // namespace elegans::cli
