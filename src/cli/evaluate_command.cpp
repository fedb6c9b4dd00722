// elegans evaluate: how good a saved model is on a file.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/columns.hpp"
#include "cli/command.hpp"
#include "cli/counted.hpp"
#include "cli/data_file.hpp"
#include "cli/exit_codes.hpp"
#include "cli/figures.hpp"
#include "cli/merging.hpp"
#include "cli/settings.hpp"
#include "cli/training_data.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/model/load.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/forecast.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/trainer.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

constexpr const char* examples =
    "  elegans evaluate policy.safetensors tomorrow.csv                 columns as in training\n"
    "  elegans evaluate policy.safetensors tomorrow.csv --window 64     cut as in training\n"
    "  elegans evaluate alarm.safetensors tomorrow.csv --metrics f1,precision,recall,roc_auc\n"
    "  elegans evaluate gestures.safetensors more.csv --time clock --group person --json\n";

struct EvaluateCommand {
  std::string model, data;
  ColumnOptions columns;
  MergingOptions merging;
  std::string answer;
  std::vector<std::string> metrics;
  std::int64_t window = 0, stride = 0, threads = 0;
  bool json = false;
};

train::Dataset read(const EvaluateCommand& c, const model::Preprocessing& p) {
  const bool classifies = p.task == model::Task::classification;
  const DataFormat format = format_of(c.data);
  if (format == DataFormat::ts && (c.columns.time || c.columns.group || !c.answer.empty()))
    throw ConfigError(Complaint{"evaluate", "one of --time, --group, --answer", "given beside a .ts file", "a CSV file",
                                "A .ts file says itself what its columns are."});
  if (p.horizon > 0 && !c.answer.empty() && c.answer != "every-step")
    throw ConfigError(
        Complaint{"evaluate", "--answer", c.answer, "every-step, for the model foresees at every step", ""});
  if (format == DataFormat::csv) require_names(p, c.model);
  model::Columns columns = columns_for(p, c.columns);
  if (format == DataFormat::csv) require_time(p, !columns.time.empty(), c.model);
  check_merging("evaluate", c.merging, format, columns);
  // Arrays have no groups, and time stamps of their own under the name "t", if any.
  if (format == DataFormat::arrays) columns.group.clear();
  const train::Roles roles{.time = columns.time,
                           .targets = p.horizon > 0 ? std::vector<std::string>{} : p.targets,
                           .features = p.features,
                           .group = columns.group,
                           .target_kind = classifies ? train::TargetKind::classes : train::TargetKind::numbers,
                           .target_at = c.answer.empty() ? target_at(p.answer_at) : target_at_named(c.answer),
                           .missing = columns.missing,
                           .sporadic = columns.sporadic,
                           .first_dt = columns.first_dt,
                           .channel = c.merging.channel,
                           .value = c.merging.value,
                           .tolerance = c.merging.tolerance};
  const Rows rows = c.merging.events ? Rows::events : Rows::samples;
  train::Dataset data = read_as_trained(p, c.columns, [&] { return read_data(c.data, c.merging.merge, roles, rows); });
  if (format != DataFormat::csv) require_time(p, data, c.data);
  if (p.horizon > 0) data = train::forecast(data, {.features = p.targets, .horizon = p.horizon});
  if (classifies) train::relabel(data, p.classes);
  data.schema.sporadic = p.columns.sporadic;
  prepare(p, data);
  data = train::missing_as_inputs(std::move(data));
  if (c.window > 0)
    data = train::windows(std::move(data),
                          {.length = static_cast<std::size_t>(c.window), .stride = static_cast<std::size_t>(c.stride)});
  return data;
}

// What `loss` is here: a model file does not tell what loss it was trained with.
std::string loss_name(const model::Preprocessing& p) {
  if (p.task == model::Task::classification) return "cross-entropy";
  return p.outputs.empty() ? "mean squared error" : "mean squared error of standardised targets";
}

int evaluate(const EvaluateCommand& c) {
  if (c.stride > 0 && c.window == 0)
    throw ConfigError(Complaint{"evaluate", "--stride", "given without --window", "both or none",
                                "Say how long a window is: --window 64."});
  model::LoadedModel model = model::load_model(c.model);
  const model::Preprocessing& p = model.preprocessing;
  const train::Dataset data = read(c, p);
  train::TrainerOptions options{.threads = static_cast<std::size_t>(c.threads), .target_scaling = p.outputs};
  for (const std::string& name : c.metrics) options.metrics.push_back(nn::Metric::named(name, p.classes));
  train::Trainer trainer(model.network, std::move(options));
  const train::Evaluation figures = trainer.evaluate(data);
  std::size_t steps = 0;
  for (const train::Sequence& sequence : data.sequences) steps += sequence.steps;
  if (c.json) {
    nlohmann::json made{{"model", c.model},
                        {"data", c.data},
                        {"sequences", data.size()},
                        {"steps", steps},
                        {"figures", to_json(figures)}};
    if (figures.confusion) made["confusion_matrix"] = to_json(*figures.confusion, p.classes);
    std::cout << to_json_text(made, 2) << '\n';
  } else {
    std::cout << fmt::format("{}: {}, {}\n{}\n", c.data, counted(data.size(), "sequence"), counted(steps, "step"),
                             to_text(figures, loss_name(p)));
    if (figures.confusion) std::cout << to_text(*figures.confusion, p.classes) << '\n';
  }
  return success;
}

}  // namespace

Action add_evaluate(CLI::App& program) {
  CLI::App& app = add_command(program, "evaluate", "Judge a saved model on a file", examples);
  const auto c = std::make_shared<EvaluateCommand>();
  app.add_option("model", c->model, "model file")->required();
  app.add_option("data", c->data, "CSV file with the model's features and targets, .ts, .npy or .npz file, or folder")
      ->required();
  add_column_options(app, c->columns);
  app.add_option("--merge", c->merging.merge, "other CSV files, with commas between, whose rows are merged by time")
      ->delimiter(',');
  app.add_option("--channel", c->merging.channel, "long format: the column that names the channel of a row's value");
  app.add_option("--value", c->merging.value, "and the column of the value");
  app.add_flag("--events", c->merging.events, "with --channel: each row is an event of its channel");
  app.add_option("--tolerance", c->merging.tolerance, "merging: seconds within which rows become one step");
  app.add_option("--answer", c->answer, "every-step | last-step | recording (default: as trained)");
  app.add_option_function<std::string>(
      "--metrics", [c](const std::string& names) { c->metrics = split_names(names); },
      "names with commas between, as for train (default: accuracy or rmse)");
  app.add_option("--window", c->window, "steps of a sequence; 0: whole recordings")
      ->capture_default_str()
      ->check(at_least(0));
  app.add_option("--stride", c->stride, "steps from window to window; 0: the window's length")
      ->capture_default_str()
      ->check(at_least(0));
  app.add_option("--threads", c->threads, "0: as many as the machine has")->capture_default_str()->check(at_least(0));
  app.add_flag("--json", c->json, "the result as JSON");
  return [c] { return evaluate(*c); };
}

}  // namespace elegans::cli
