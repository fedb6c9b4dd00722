#include "train/checkpoint_file.hpp"

#include <fmt/format.h>
#include <cmath>
#include <cstring>
#include <span>

#include "elegans/base/crc32.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/base/version.hpp"

namespace elegans::train {
namespace {

using nlohmann::json;

constexpr const char* format_name = "elegans checkpoint";
constexpr const char* format_version = "1";
constexpr std::size_t leading_columns = 4;  // of a row of the history, before the figures

template <class T>
std::uint32_t checksum(const std::vector<T>& numbers) {
  return crc32(std::as_bytes(std::span(numbers)));
}

json print_json(const DataPrint& print) {
  return {{"sequences", print.sequences}, {"steps", print.steps}, {"checksum", print.checksum}};
}

const std::vector<std::string> print_keys{"sequences", "steps", "checksum"};

std::uint64_t count(const JsonObject& object, const char* key) {
  return static_cast<std::uint64_t>(object.integer(key, {.at_least = 0}));
}

DataPrint print_from(const JsonObject& object) {
  return {count(object, "sequences"), count(object, "steps"),
          static_cast<std::uint32_t>(object.integer("checksum", {.at_least = 0, .at_most = 0xffffffff}))};
}

json fit_json(const FitCheckpoint& fit) {
  return {{"first_epoch", fit.first_epoch},
          {"updates", fit.updates},
          {"loss_sum", fit.loss_sum},
          {"loss_count", fit.loss_count},
          {"seconds", fit.seconds},
          {"stopped", fit.stopped},
          {"training", print_json(fit.prints.training)},
          {"validation", fit.prints.validation ? print_json(*fit.prints.validation) : json()},
          {"figures", fit.figures},
          {"callbacks", fit.callbacks}};
}

FitCheckpoint fit_from(const JsonObject& object) {
  FitCheckpoint fit{.first_epoch = static_cast<std::uint64_t>(object.integer("first_epoch", {.at_least = 1})),
                    .updates = count(object, "updates"),
                    .loss_sum = object.number("loss_sum"),
                    .loss_count = object.number("loss_count", {.at_least = 0}),
                    .seconds = object.number("seconds", {.at_least = 0}),
                    .stopped = object.boolean("stopped"),
                    .prints = {.training = print_from(object.object("training", print_keys)), .validation = {}},
                    .figures = object.texts("figures"),
                    .callbacks = object.texts("callbacks")};
  if (!object.at("validation").is_null()) fit.prints.validation = print_from(object.object("validation", print_keys));
  return fit;
}

const std::string& metadata(const model::StoredMetadata& all, const char* key, const std::string& file) {
  const auto found = all.find(key);
  if (found == all.end())
    throw FormatError({file, fmt::format("the metadata's key '{}'", key), "missing", "that of a checkpoint",
                       "Name a file that a checkpoint was written to."});
  return found->second;
}

}  // namespace

DataPrint print_of(const Dataset& data) {
  DataPrint print{.sequences = data.size()};
  std::vector<std::uint32_t> sums;
  for (const Recording& recording : data.recordings)
    sums.insert(sums.end(), {checksum(recording.features), checksum(recording.dt), checksum(recording.targets),
                             checksum(recording.weights), checksum(recording.labels)});
  for (const Sequence& sequence : data.sequences) {
    print.steps += sequence.steps;
    for (const std::size_t number : {sequence.recording, sequence.first, sequence.steps})
      sums.push_back(static_cast<std::uint32_t>(number));
  }
  print.checksum = checksum(sums);
  return print;
}

std::string to_string(const DataPrint& print) {
  return fmt::format("{} sequences of {} steps with checksum {:08x}", print.sequences, print.steps, print.checksum);
}

json to_json(const Checkpoint& c) {
  return {{"steps", c.steps},
          {"passes", c.passes},
          {"epochs", c.epochs},
          {"schedule_from", c.schedule_from},
          {"learning_rate", c.learning_rate},
          {"features", c.features},
          {"model", c.model},
          {"options", c.options},
          {"fit", c.fit ? fit_json(*c.fit) : json()}};
}

Checkpoint checkpoint_from_json(const json& value, const std::string& source) {
  const JsonObject object(
      value, source,
      {"steps", "passes", "epochs", "schedule_from", "learning_rate", "features", "model", "options", "fit"});
  Checkpoint c{.file = source,
               .steps = count(object, "steps"),
               .passes = count(object, "passes"),
               .epochs = count(object, "epochs"),
               .schedule_from = count(object, "schedule_from"),
               .learning_rate = object.number("learning_rate", {.at_least = 0}),
               .features = object.integer("features", {.at_least = 1}),
               .model = object.at("model"),
               .options = {},
               .fit = {},
               .tensors = {}};
  if (!c.model.is_object() && !c.model.is_null()) throw object.error("model", "an object, or null");
  std::vector<std::string> names;
  for (const auto& member : object.at("options").items()) names.push_back(member.key());
  const JsonObject options = object.object("options", names);
  for (const std::string& name : names) c.options[name] = options.text(name);
  if (!object.at("fit").is_null())
    c.fit = fit_from(object.object("fit", {"first_epoch", "updates", "loss_sum", "loss_count", "seconds", "stopped",
                                           "training", "validation", "figures", "callbacks"}));
  return c;
}

std::uint32_t checksum_of(const std::string& text, const std::vector<model::StoredTensor>& tensors) {
  std::map<std::string, std::uint32_t> sums;
  for (const model::StoredTensor& tensor : tensors) sums[tensor.name] = crc32(tensor.data);
  std::vector<std::uint32_t> all{crc32(std::as_bytes(std::span(text)))};
  for (const auto& [name, sum] : sums) all.push_back(sum);
  return checksum(all);
}

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint,
                      const std::vector<model::StoredTensor>& tensors, const std::string& machine_kind) {
  const std::string text = to_json_text(to_json(checkpoint));
  model::write_safetensors(file, tensors,
                           {{"format", format_name},
                            {"format_version", format_version},
                            {"elegans_version", std::string(version)},
                            {"machine_kind", machine_kind},
                            {"checkpoint", text},
                            {"checksum", std::to_string(checksum_of(text, tensors))}});
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  return checkpoint_from(model::read_safetensors(path), path.string());
}

Checkpoint checkpoint_from(model::StoredTensors tensors, const std::string& file) {
  const auto text = [&](const char* key) -> const std::string& { return metadata(tensors.metadata(), key, file); };
  if (text("format") != format_name)
    throw FormatError({file, "its format", quote(text("format")), quote(format_name),
                       "Name a file that a checkpoint was written to."});
  if (text("format_version") != format_version)
    throw FormatError({file, "its format_version", quote(text("format_version")), quote(format_version),
                       "Resume with the version of elegans that wrote it."});
  const std::string sum = std::to_string(checksum_of(text("checkpoint"), tensors.tensors()));
  if (text("checksum") != sum)
    throw FormatError({file, "its checksum", sum, printable(text("checksum")), "The file is damaged or was edited."});
  const std::string where = file + ", key 'checkpoint'";
  Checkpoint checkpoint = checkpoint_from_json(parse_json(text("checkpoint"), where), where);
  checkpoint.file = file;
  checkpoint.tensors.emplace(std::move(tensors));
  return checkpoint;
}

std::vector<double> history_rows(const std::vector<EpochRecord>& epochs) {
  std::vector<double> rows;
  for (const EpochRecord& epoch : epochs) {
    rows.insert(rows.end(), {static_cast<double>(epoch.epoch), static_cast<double>(epoch.step), epoch.learning_rate,
                             epoch.seconds, epoch.loss});
    if (!epoch.validation) continue;
    rows.push_back(epoch.validation->loss);
    for (const auto& metric : epoch.validation->metrics) rows.push_back(metric.value);
  }
  return rows;
}

std::vector<EpochRecord> epochs_from_rows(std::span<const double> rows, const std::vector<std::string>& figures) {
  std::vector<EpochRecord> epochs;
  const std::size_t columns = leading_columns + figures.size();
  for (std::size_t row = 0; row + columns <= rows.size(); row += columns) {
    const std::span<const double> cells = rows.subspan(row, columns);
    // Counts of a file may be any numbers: those of rows and of the header are what training goes on by.
    EpochRecord& epoch = epochs.emplace_back();
    const auto whole = [](double value) { return value >= 0 && value < 9e15 ? static_cast<std::uint64_t>(value) : 0; };
    epoch.epoch = whole(cells[0]);
    epoch.step = whole(cells[1]);
    epoch.learning_rate = cells[2];
    epoch.seconds = cells[3];
    epoch.loss = cells[4];
    if (figures.size() < 2) continue;
    epoch.validation = Evaluation{.loss = cells[5]};
    for (std::size_t i = 2; i < figures.size(); ++i)
      epoch.validation->metrics.push_back({figures[i].substr(4), cells[leading_columns + i]});
  }
  return epochs;
}

}  // namespace elegans::train
