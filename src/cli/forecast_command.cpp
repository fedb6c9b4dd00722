// elegans forecast: how a recording goes on, by a model that foresees its next row.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/aligned.hpp"
#include "cli/answer_digits.hpp"
#include "cli/columns.hpp"
#include "cli/command.hpp"
#include "cli/data_file.hpp"
#include "cli/exit_codes.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/roll_out.hpp"
#include "elegans/train/csv.hpp"
#include "elegans/train/time_stamps.hpp"
#include "elegans/train/timespans.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans train engine.csv --time t --horizon 1 --out engine.safetensors\n"
    "  elegans forecast engine.safetensors engine.csv --steps 20               the next 20 rows, as CSV\n"
    "  elegans forecast engine.safetensors engine.csv --steps 20 --hold-back   how far off it would have been\n"
    "\nThe model reads every row of a recording, as `run` does; from the last one on its answers are its next rows, a\n"
    "median Δt apart. Features that it does not foresee keep their last value.\n";

constexpr std::int64_t most_steps = 10'000'000;  // more are a slip of the keyboard

struct ForecastCommand {
  std::string model, data;
  ColumnOptions columns;
  std::int64_t steps = 1;
  bool hold_back = false;
  bool json = false;
};

// How one recording goes on.
struct Future {
  const train::Recording* recording;
  std::size_t known;            // rows that the model has read
  double dt;                    // seconds from row to row
  std::vector<double> answers;  // [steps, targets]
};

// Of one target, root mean squares over the recordings.
struct Errors {
  std::vector<double> model, last_row;  // a step ahead each
  double model_of_all = 0, last_row_of_all = 0;
};

void require_horizon(const model::Preprocessing& p, const std::string& file) {
  constexpr const char* remedy = "Train one: elegans train DATA --horizon 1.";
  if (p.horizon == 0)
    throw ConfigError(Complaint{file, "the model", "none that foresees features", "a horizon of 1", remedy});
  if (p.horizon > 1)
    throw ConfigError(Complaint{file, "the horizon of the model", fmt::format("{}", p.horizon),
                                "1, for what it foresees is its next row", remedy});
}

train::Dataset read(const ForecastCommand& c, const model::Preprocessing& p, model::Columns& columns) {
  const DataFormat format = format_of(c.data);
  if (format == DataFormat::ts)
    throw ConfigError(Complaint{"forecast", "the data", c.data, "a CSV, .npy or .npz file", ""});
  require_names(p, c.model);
  if (format == DataFormat::csv) require_time(p, !columns.time.empty(), c.model);
  if (format == DataFormat::arrays) columns.group.clear();
  train::Dataset data = read_as_trained(p, c.columns, [&] {
    return read_data(c.data, {},
                     {.time = columns.time,
                      .features = p.features,
                      .group = columns.group,
                      .missing = columns.missing,
                      .sporadic = columns.sporadic,
                      .first_dt = columns.first_dt});
  });
  if (format == DataFormat::arrays) require_time(p, data, c.data);
  return data;
}

// How the file writes time, so that the rows foreseen can stand below it. Rows that are dropped may lack it.
train::TimeStampKind time_kind(const std::string& file, const std::string& column) {
  std::ifstream in(file, std::ios::binary);
  train::CsvReader rows(in, file);
  const std::size_t time = rows.find(column, "time column");
  while (rows.next())
    if (const auto stamp = train::parse_time_stamp(rows.field(time))) return stamp->kind;
  return train::TimeStampKind::number;
}

void require_ok(const Status& status, const Policy& policy, const std::string& place) {
  if (!status) throw FormatError(fmt::format("{}: {}.", place, policy.describe(status)));
}

Future foresee(Policy& policy, const train::Recording& recording, std::size_t steps, std::size_t held_back) {
  if (recording.steps() <= held_back)
    throw ConfigError(Complaint{"forecast", fmt::format("recording '{}'", recording.name),
                                fmt::format("of {} rows", recording.steps()),
                                fmt::format("more than the {} that are held back", held_back), "Take fewer --steps."});
  const model::Preprocessing& p = policy.preprocessing();
  const std::size_t inputs = policy.observation_size(), outputs = policy.action_size();
  Future made{.recording = &recording, .known = recording.steps() - held_back, .dt = 0, .answers = {}};
  made.answers.resize(steps * outputs);
  std::vector<double> gaps(recording.dt.begin() + 1, recording.dt.begin() + static_cast<std::ptrdiff_t>(made.known));
  made.dt = gaps.empty() ? p.columns.median_dt.value_or(p.time_unit) : train::median(gaps);

  policy.reset();
  const std::span<double> answers(made.answers), first = answers.first(outputs);
  const std::span<const double> features(recording.features);
  for (std::size_t t = 0; t + 1 < made.known; ++t)
    require_ok(policy.step(features.subspan(t * inputs, inputs), recording.dt[t], first), policy, recording.place(t));
  const auto last = features.subspan((made.known - 1) * inputs, inputs);
  std::vector<double> observation(last.begin(), last.end());
  // The last row has a Δt of its own; those behind it are the model's.
  require_ok(model::roll_out(policy, observation, {.steps = 1, .dt = recording.dt[made.known - 1]}, first), policy,
             recording.place(made.known - 1));
  require_ok(model::roll_out(policy, observation, {.steps = steps - 1, .dt = made.dt}, answers.subspan(outputs)),
             policy, fmt::format("{}, rows that are foreseen", recording.name));
  return made;
}

Errors errors_of(const std::vector<Future>& futures, const model::Preprocessing& p, std::size_t target,
                 std::size_t steps) {
  const std::size_t inputs = p.features.size(), outputs = p.targets.size();
  const auto feature =
      static_cast<std::size_t>(std::find(p.features.begin(), p.features.end(), p.targets[target]) - p.features.begin());
  Errors made;
  const auto n = static_cast<double>(futures.size());
  for (std::size_t k = 0; k < steps; ++k) {
    double model = 0, last_row = 0;
    for (const Future& future : futures) {
      const auto row = [&](std::size_t t) { return future.recording->features[t * inputs + feature]; };
      model += std::pow(future.answers[k * outputs + target] - row(future.known + k), 2);
      last_row += std::pow(row(future.known - 1) - row(future.known + k), 2);
    }
    made.model.push_back(std::sqrt(model / n));
    made.last_row.push_back(std::sqrt(last_row / n));
    made.model_of_all += model / (n * static_cast<double>(steps));
    made.last_row_of_all += last_row / (n * static_cast<double>(steps));
  }
  made.model_of_all = std::sqrt(made.model_of_all);
  made.last_row_of_all = std::sqrt(made.last_row_of_all);
  return made;
}

void print_errors(const std::vector<Future>& futures, const model::Preprocessing& p, std::size_t steps) {
  std::vector<std::vector<std::string>> rows{{"target", "steps ahead", "RMSE", "as the last row"}};
  const auto add = [&](const std::string& target, std::string ahead, double model, double last_row) {
    rows.push_back({target, std::move(ahead), fmt::format("{:.4g}", model), fmt::format("{:.4g}", last_row)});
  };
  for (std::size_t target = 0; target < p.targets.size(); ++target) {
    const Errors errors = errors_of(futures, p, target, steps);
    for (std::size_t k = 0; k < steps; ++k)
      add(p.targets[target], fmt::format("{}", k + 1), errors.model[k], errors.last_row[k]);
    if (steps > 1) add(p.targets[target], fmt::format("1 to {}", steps), errors.model_of_all, errors.last_row_of_all);
  }
  std::cout << fmt::format("the last {} row{} of {} recording{}, held back\n\n{}", steps, steps == 1 ? "" : "s",
                           futures.size(), futures.size() == 1 ? "" : "s", aligned(rows, 1));
}

nlohmann::json errors_json(const std::vector<Future>& futures, const model::Preprocessing& p, std::size_t steps) {
  nlohmann::json made = nlohmann::json::object();
  for (std::size_t target = 0; target < p.targets.size(); ++target) {
    const Errors errors = errors_of(futures, p, target, steps);
    made[p.targets[target]] = {{"model", errors.model},
                               {"last_row", errors.last_row},
                               {"model_of_all", errors.model_of_all},
                               {"last_row_of_all", errors.last_row_of_all}};
  }
  return made;
}

// Where a row stands in time: text of the file's kind, or how many steps ahead it is.
std::string place_of(const Future& future, std::size_t step, train::TimeStampKind kind) {
  const std::vector<double>& time = future.recording->time;
  if (time.empty()) return fmt::format("{}", step + 1);
  return train::time_text(kind, time[future.known - 1] + static_cast<double>(step + 1) * future.dt);
}

struct Report {
  std::string time, group;  // names of columns; empty: none
  train::TimeStampKind kind = train::TimeStampKind::number;
};

void print_rows(const std::vector<Future>& futures, const model::Preprocessing& p, const Report& report) {
  std::string text = report.group.empty() ? "" : train::csv_field(report.group) + ",";
  text += report.time.empty() ? "step" : train::csv_field(report.time);
  for (const std::string& target : p.targets) text += "," + train::csv_field(target);
  const std::vector<int> digits = answer_digits(p.outputs, p.targets.size());
  for (const Future& future : futures)
    for (std::size_t k = 0; k * p.targets.size() < future.answers.size(); ++k) {
      text += '\n';
      if (!report.group.empty()) text += train::csv_field(future.recording->name) + ",";
      text += place_of(future, k, report.kind);
      for (std::size_t i = 0; i < p.targets.size(); ++i)
        text += fmt::format(",{:.{}g}", future.answers[k * p.targets.size() + i], digits[i]);
    }
  std::cout << text << '\n';
}

nlohmann::json rows_json(const std::vector<Future>& futures, const model::Preprocessing& p, const Report& report) {
  nlohmann::json made = nlohmann::json::array();
  for (const Future& future : futures) {
    nlohmann::json rows = nlohmann::json::array();
    for (std::size_t k = 0; k * p.targets.size() < future.answers.size(); ++k) {
      nlohmann::json row{{"step", k + 1}, {"answer", nlohmann::json::object()}};
      if (!report.time.empty()) row["time"] = place_of(future, k, report.kind);
      for (std::size_t i = 0; i < p.targets.size(); ++i)
        row["answer"][p.targets[i]] = future.answers[k * p.targets.size() + i];
      rows.push_back(std::move(row));
    }
    made.push_back({{"recording", future.recording->name}, {"dt", future.dt}, {"rows", std::move(rows)}});
  }
  return made;
}

int forecast(const ForecastCommand& c) {
  Policy policy(c.model);
  const model::Preprocessing& p = policy.preprocessing();
  require_horizon(p, c.model);
  model::Columns columns = columns_for(p, c.columns);
  const train::Dataset data = read(c, p, columns);
  const auto steps = static_cast<std::size_t>(c.steps);
  std::vector<Future> futures;
  for (const train::Recording& recording : data.recordings)
    futures.push_back(foresee(policy, recording, steps, c.hold_back ? steps : 0));

  const bool has_stamps = !data.recordings.empty() && !data.recordings[0].time.empty();
  Report report{.time = has_stamps ? time_column(data, columns.time) : "", .group = columns.group};
  if (report.group.empty() && futures.size() > 1) report.group = "recording";
  if (has_stamps && format_of(c.data) == DataFormat::csv) report.kind = time_kind(c.data, columns.time);
  if (c.json) {
    nlohmann::json made{{"model", c.model}, {"data", c.data}, {"forecasts", rows_json(futures, p, report)}};
    if (c.hold_back) made["rmse"] = errors_json(futures, p, steps);
    std::cout << to_json_text(made, 2) << '\n';
  } else if (c.hold_back) {
    print_errors(futures, p, steps);
  } else {
    print_rows(futures, p, report);
  }
  return success;
}

}  // namespace

Action add_forecast(CLI::App& program) {
  CLI::App& app =
      add_command(program, "forecast", "Go on with a recording, by a model that foresees its next row", examples);
  const auto c = std::make_shared<ForecastCommand>();
  app.add_option("model", c->model, "model file, trained with --horizon 1")->required();
  app.add_option("data", c->data, "CSV file with the model's features, .npy or .npz file, or folder")->required();
  app.add_option("--steps", c->steps, "rows to foresee")->required()->check(between(1, most_steps));
  app.add_flag("--hold-back", c->hold_back,
               "foresee the last --steps rows of the file, and print the error beside that of their last row before");
  add_column_options(app, c->columns);
  app.add_flag("--json", c->json, "the result as JSON");
  return [c] { return forecast(*c); };
}

}  // namespace elegans::cli
