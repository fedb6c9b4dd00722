// A trainer's checkpoints: everything that training goes on from.

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <set>

#include "elegans/base/error.hpp"
#include "elegans/base/json.hpp"
#include "elegans/base/text.hpp"
#include "elegans/model/machine_kind.hpp"
#include "train/not_finite.hpp"
#include "train/trainer_implementation.hpp"

namespace elegans::train {
namespace {

using model::StoredTensor;
using nlohmann::json;

constexpr const char* same_again = "Resume with the model, data and options that the file was written with.";

model::StoredDtype stored(Dtype dtype) {
  return dtype == Dtype::f64   ? model::StoredDtype::f64
         : dtype == Dtype::i32 ? model::StoredDtype::i32
                               : model::StoredDtype::f32;
}

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (const Dim& dim : shape) sizes.push_back(dim.factor());
  return sizes;
}

// The tensor `name` over memory of others.
StoredTensor tensor_over(std::string name, Dtype dtype, const Shape& shape, const void* data) {
  const auto bytes = static_cast<std::size_t>(shape.elements(Extents{})) * size_of(dtype);
  return {std::move(name), stored(dtype), sizes_of(shape), {static_cast<const std::byte*>(data), bytes}};
}

std::string described(model::StoredDtype dtype, const std::vector<std::int64_t>& sizes) {
  return fmt::format("{} [{}]", model::name_of(dtype), fmt::join(sizes, ", "));
}

json config_or_null(const Sequential& model) {
  try {
    return model.config();
  } catch (const ConfigError&) {
    return nullptr;  // a part that has no configuration: weights are compared by names and shapes
  }
}

std::string describe(const std::vector<ParameterGroup>& groups) {
  std::string text;
  for (const ParameterGroup& group : groups) {
    text += fmt::format("{}{}", text.empty() ? "" : "; ", fmt::join(group.weights, ", "));
    if (group.learning_rate) text += fmt::format(" learning_rate {}", *group.learning_rate);
    if (group.weight_decay) text += fmt::format(" weight_decay {}", *group.weight_decay);
  }
  return text.empty() ? "none" : text;
}

std::string describe(const nn::Loss& loss) {
  std::string text = loss.name.empty() ? "by the targets" : loss.name;
  if (!loss.settings.empty()) text += fmt::format(" ({})", loss.settings);
  if (loss.reduction == nn::Reduction::sum) text += ", sum";
  if (!loss.class_weight.empty()) text += fmt::format(", class_weight {}", fmt::join(loss.class_weight, ", "));
  if (loss.ignore_index) text += fmt::format(", ignore_index {}", *loss.ignore_index);
  return text;
}

std::map<std::string, std::string> options_of(const TrainerOptions& options, std::uint64_t seed) {
  const auto optional = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string("none"); };
  std::map<std::string, std::string> all{
      {"loss", describe(options.loss)},
      {"optimizer", to_string(options.optimizer)},
      {"learning_rate", fmt::format("{}", options.optimizer.learning_rate)},
      {"schedule", to_string(options.schedule)},
      {"groups", describe(options.groups)},
      {"frozen", options.frozen.empty() ? "none" : fmt::format("{}", fmt::join(options.frozen, ", "))},
      {"batch_size", fmt::format("{}", options.batch_size)},
      {"clip_norm", optional(options.clip_norm)},
      {"clip_value", optional(options.clip_value)},
      {"gradient_accumulation_steps", fmt::format("{}", options.gradient_accumulation_steps)},
      {"ema_decay", optional(options.ema_decay)},
      {"order", options.order == Order::shuffled ? "shuffled" : "sequential"},
      {"seed", fmt::format("{}", seed)},
      {"kernels", options.target == kernels::Target::scalar ? "scalar" : "best"}};
  if (options.tbptt_steps) all["tbptt_steps"] = fmt::format("{}", *options.tbptt_steps);
  if (options.schedule.ends_with_fit) all["epochs"] = fmt::format("{}", options.epochs);
  return all;
}

[[noreturn]] void differs(const Checkpoint& checkpoint, const std::string& what, const std::string& here,
                          const std::string& there, const char* remedy = same_again) {
  throw ConfigError({"resume", what, here, fmt::format("{}, as in {}", there, checkpoint.file), remedy});
}

// A model is built before its weights can be compared: not for more features than the file has weights.
void require_plausible_features(const Checkpoint& checkpoint) {
  std::uint64_t bytes = 0;
  for (const StoredTensor& tensor : checkpoint.tensors->tensors())
    if (tensor.name.starts_with("weight/")) bytes += tensor.data.size();
  if (static_cast<std::uint64_t>(checkpoint.features) <= bytes) return;
  throw FormatError({checkpoint.file, "the number of features", fmt::format("{}", checkpoint.features),
                     "no more than the weights of the file", "The file is damaged or was edited."});
}

void compare_models(const Checkpoint& checkpoint, const json& here) {
  if (checkpoint.model.is_null() || here.is_null() || checkpoint.model == here) return;
  const json difference = json::diff(here, checkpoint.model).front();
  const json::json_pointer at(difference["path"].get<std::string>());
  const auto text = [](const json* value) {
    return value == nullptr ? std::string("missing") : printable(to_json_text(*value));
  };
  differs(checkpoint, "the model's " + at.to_string().substr(1), text(here.contains(at) ? &here.at(at) : nullptr),
          text(difference.contains("value") ? &difference["value"] : nullptr));
}

void compare_options(const Checkpoint& checkpoint, const std::map<std::string, std::string>& here) {
  std::set<std::string> names;
  for (const auto& [name, value] : here) names.insert(name);
  for (const auto& [name, value] : checkpoint.options) names.insert(name);
  for (const std::string& name : names) {
    const auto value = [&](const std::map<std::string, std::string>& of) {
      const auto found = of.find(name);
      return found == of.end() ? std::string("not decisive") : printable(found->second, 400);
    };
    if (value(here) == value(checkpoint.options)) continue;
    differs(checkpoint, name, value(here), value(checkpoint.options),
            name == "epochs" ? "The schedule ends with the fit: a longer one would have had other rates from the start."
                             : same_again);
  }
}

// Takes tensors out of a file: all are checked before one number of the trainer is changed.
class TensorReader {
 public:
  explicit TensorReader(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  enum class Numbers { finite, any };
  void take(const std::string& name, Dtype dtype, const Shape& shape, void* to, Numbers numbers) {
    const StoredTensor* found = checkpoint_.tensors->find(name);
    const std::string required = described(stored(dtype), sizes_of(shape));
    const std::string where = fmt::format("{}, tensor {}", checkpoint_.file, quote(name));
    if (found == nullptr) throw FormatError({where, "it", "missing", required, same_again});
    const std::string actual = described(found->dtype, found->shape);
    if (actual != required) throw FormatError({where, "its type", actual, required, same_again});
    Tensor copy(shape, dtype);
    if (!found->data.empty()) std::memcpy(copy.data(), found->data.data(), found->data.size());
    if (numbers == Numbers::finite)
      if (const auto at = first_not_finite(copy.data(), copy.elements(), dtype))
        throw FormatError({where, "a number", number_at(copy.data(), *at, dtype), "finite numbers", ""});
    used_.insert(name);
    taken_.emplace_back(to, std::move(copy));
  }

  // Of the first tensor whose name begins so; 1 where there is none.
  std::size_t rows_of(std::string_view prefix) const {
    for (const StoredTensor& tensor : checkpoint_.tensors->tensors())
      if (tensor.name.starts_with(prefix) && !tensor.shape.empty() && !tensor.data.empty())
        return static_cast<std::size_t>(tensor.shape.front());
    return 1;
  }

  // But for what the fit takes.
  void require_all_used() const {
    for (const StoredTensor& tensor : checkpoint_.tensors->tensors())
      if (!used_.contains(tensor.name) && tensor.name != "history" && !tensor.name.starts_with("callback/"))
        throw FormatError({fmt::format("{}, tensor {}", checkpoint_.file, quote(tensor.name)), "it",
                           described(tensor.dtype, tensor.shape), "no tensor of this name in this trainer",
                           same_again});
  }

  void commit() const {
    for (const auto& [to, tensor] : taken_) std::memcpy(to, tensor.data(), tensor.bytes());
  }

 private:
  const Checkpoint& checkpoint_;
  std::set<std::string> used_;
  std::vector<std::pair<void*, Tensor>> taken_;
};

std::vector<std::pair<std::string, CallbackState>> states_of(const std::vector<CallbackPtr>& callbacks) {
  std::vector<std::pair<std::string, CallbackState>> states;
  for (const CallbackPtr& callback : callbacks) {
    if (callback->state_name().empty()) continue;
    callback->save_state(states.emplace_back(callback->state_name(), CallbackState()).second);
  }
  return states;
}

std::string prefix_of(std::size_t state) { return fmt::format("callback/{}/", state); }

}  // namespace

void Trainer::Implementation::save_checkpoint(const std::filesystem::path& file) {
  UpdateStep& step = made_update("save_checkpoint");
  const bool shown = averages_shown;
  show_averages(false);
  require_finite_weights("save_checkpoint");
  Checkpoint checkpoint{.file = {},
                        .steps = steps,
                        .passes = passes,
                        .epochs = epochs,
                        .schedule_from = fitting ? fitting->first_step : outside_from,
                        .learning_rate = learning_rate,
                        .features = model->features(),
                        .model = config_or_null(*model),
                        .options = options_of(options, seed),
                        .fit = {},
                        .tensors = {}};
  std::vector<StoredTensor> tensors;
  for (const nn::WeightPtr& weight : model->weights())
    tensors.push_back(
        tensor_over("weight/" + weight->path, weight->value.dtype(), weight->stored_shape(), weight->value.data()));
  for (const UpdateStep::State& state : step.state())
    for (const auto& entry : parameters.entries)
      tensors.push_back(tensor_over(state.name + "/" + entry.weight->path, parameters.dtype,
                                    entry.weight->stored_shape(),
                                    state.values->data() + parameters.byte_offset(entry)));
  if (training.carried)
    for (const CarriedStates::State& state : training.carried->states())
      tensors.push_back(
          tensor_over("carried/" + state.path, state.values.dtype(), state.values.shape(), state.values.data()));
  std::vector<double> history;
  std::vector<std::pair<std::string, CallbackState>> states;
  if (fitting) {
    states = states_of(options.callbacks);
    checkpoint.fit = fit_checkpoint();
    for (const auto& [name, state] : states) checkpoint.fit->callbacks.push_back(name);
    history = history_rows(fitting->history.epochs);
    const auto rows = static_cast<std::int64_t>(fitting->history.epochs.size());
    const std::int64_t columns = rows > 0 ? static_cast<std::int64_t>(history.size()) / rows : 0;
    tensors.push_back(tensor_over("history", Dtype::f64, {rows, columns}, history.data()));
    for (std::size_t i = 0; i < states.size(); ++i)
      for (const auto& [name, tensor] : states[i].second.tensors())
        tensors.push_back(tensor_over(prefix_of(i) + name, tensor.dtype(), tensor.shape(), tensor.data()));
  }
  write_checkpoint(file, checkpoint, tensors, model::machine_kind(options.target));
  show_averages(shown);
}

FitCheckpoint Trainer::Implementation::fit_checkpoint() {
  Fitting& fit = *fitting;
  if (!fit.prints) {
    fit.prints = DataPrints{.training = print_of(*fit.training), .validation = {}};
    if (fit.validation) fit.prints->validation = print_of(*fit.validation);
  }
  FitCheckpoint made{.first_epoch = fit.first_epoch,
                     .updates = fit.updates,
                     .loss_sum = fit.mean.sum,
                     .loss_count = fit.mean.count,
                     .seconds = fit.seconds(),
                     .stopped = fit.stopped_for_good,
                     .prints = *fit.prints,
                     .figures = {},
                     .callbacks = {}};
  for (const NamedFigure& figure : figures_of(metrics, fit.validation != nullptr)) made.figures.push_back(figure.name);
  return made;
}

void Trainer::Implementation::resume(const std::filesystem::path& file) {
  if (fitting) throw ConfigError({"resume", "the trainer", "in a fit", "outside of one", "Resume before fit()."});
  auto checkpoint = std::make_unique<Checkpoint>(read_checkpoint(file));
  if (!model->built()) {
    require_plausible_features(*checkpoint);
    model->build(checkpoint->features);
  }
  compare_models(*checkpoint, config_or_null(*model));
  compare_options(*checkpoint, options_of(options, seed));
  if (parameters.entries.empty()) parameters = layout_of(*model, options.groups, options.frozen);
  make_update();

  TensorReader reader(*checkpoint);
  for (const nn::WeightPtr& weight : model->weights())
    reader.take("weight/" + weight->path, weight->value.dtype(), weight->stored_shape(), weight->value.data(),
                TensorReader::Numbers::finite);
  // Squares of gradients may well be infinite.
  for (const UpdateStep::State& state : update->state())
    for (const auto& entry : parameters.entries)
      reader.take(state.name + "/" + entry.weight->path, parameters.dtype, entry.weight->stored_shape(),
                  state.values->data() + parameters.byte_offset(entry), TensorReader::Numbers::any);
  std::optional<CarriedStates> carried;
  if (options.tbptt_steps) {
    carried.emplace(*model, "resume").grow(reader.rows_of("carried/"));
    for (CarriedStates::State& state : carried->states())
      reader.take("carried/" + state.path, state.values.dtype(), state.values.shape(), state.values.data(),
                  TensorReader::Numbers::finite);
  }
  reader.require_all_used();
  if (checkpoint->schedule_from > checkpoint->steps)
    throw FormatError({checkpoint->file, "schedule_from", fmt::format("{}", checkpoint->schedule_from),
                       fmt::format("at most {}, the steps", checkpoint->steps), "The file is damaged or was edited."});
  reader.commit();
  // Of another number of rows, perhaps: its pass is made anew.
  if (carried) training.pass.reset();
  training.carried = std::move(carried);
  steps = checkpoint->steps;
  outside_from = checkpoint->schedule_from;
  passes = checkpoint->passes;
  epochs = checkpoint->epochs;
  learning_rate = checkpoint->learning_rate;
  has_gradients = averages_shown = false;
  resumed = checkpoint->fit ? std::move(checkpoint) : nullptr;
}

void Trainer::Implementation::take_up(const Checkpoint& checkpoint, const Segments& segments) {
  const FitCheckpoint& fit = *checkpoint.fit;
  const auto require = [&](const std::string& what, const std::string& here, const std::string& there) {
    if (here != there) differs(checkpoint, what, here, there);
  };
  const FitCheckpoint here = fit_checkpoint();
  const auto print = [](const std::optional<DataPrint>& of) { return of ? to_string(*of) : std::string("none"); };
  require("the training part", to_string(here.prints.training), to_string(fit.prints.training));
  require("the validation part", print(here.prints.validation), print(fit.prints.validation));
  require("the figures of an epoch", fmt::format("{}", fmt::join(here.figures, ", ")),
          fmt::format("{}", fmt::join(fit.figures, ", ")));
  const auto names = [](const std::vector<std::string>& of) {
    return of.empty() ? std::string("none") : fmt::format("{}", fmt::join(of, ", "));
  };
  std::vector<std::string> states;
  for (const auto& [name, state] : states_of(options.callbacks)) states.push_back(name);
  require("the callbacks with a state", names(states), names(fit.callbacks));

  const StoredTensor* history = checkpoint.tensors->find("history");
  const std::string where = checkpoint.file + ", the place in the data";
  const std::uint64_t behind = checkpoint.epochs + 1 - fit.first_epoch;
  std::vector<double> rows;
  if (history != nullptr && history->dtype == model::StoredDtype::f64) {
    rows.resize(history->data.size() / sizeof(double));
    if (!rows.empty()) std::memcpy(rows.data(), history->data.data(), history->data.size());
  }
  fitting->history.epochs = epochs_from_rows(rows, fit.figures);
  if (checkpoint.epochs + 1 < fit.first_epoch || fit.updates > updates_of(segments, checkpoint.epochs) ||
      fitting->history.epochs.size() != behind)
    throw FormatError({where, "it", "none that a fit can have", "counts that fit data and history",
                       "The file is damaged or was edited."});
  if (behind > options.epochs || (behind == options.epochs && fit.updates > 0))
    throw ConfigError({"resume", "epochs", fmt::format("{}", options.epochs),
                       fmt::format("more than {}, which are behind {}", behind, checkpoint.file), ""});
  fitting->first_epoch = fit.first_epoch;
  fitting->first_step = checkpoint.schedule_from;
  fitting->updates = fit.updates;
  fitting->mean = {fit.loss_sum, fit.loss_count};
  fitting->seconds_before = fit.seconds;
  fitting->stopped = fitting->stopped_for_good = fit.stopped;
}

void Trainer::Implementation::load_states(Trainer& self, const Checkpoint& checkpoint) {
  std::size_t number = 0;
  for (const CallbackPtr& callback : options.callbacks) {
    if (callback->state_name().empty()) continue;
    CallbackState state(fmt::format("{}, state of {}", checkpoint.file, callback->state_name()));
    const std::string prefix = prefix_of(number++);
    for (const StoredTensor& tensor : checkpoint.tensors->tensors()) {
      if (!tensor.name.starts_with(prefix)) continue;
      const bool is_f64 = tensor.dtype == model::StoredDtype::f64, is_i32 = tensor.dtype == model::StoredDtype::i32;
      if (!is_f64 && !is_i32 && tensor.dtype != model::StoredDtype::f32)
        throw FormatError({checkpoint.file, "tensor " + quote(tensor.name), std::string(model::name_of(tensor.dtype)),
                           "F32, F64 or I32", ""});
      Tensor copy(Shape::of(tensor.shape), is_f64 ? Dtype::f64 : is_i32 ? Dtype::i32 : Dtype::f32);
      if (!tensor.data.empty()) std::memcpy(copy.data(), tensor.data.data(), tensor.data.size());
      state.set(tensor.name.substr(prefix.size()), std::move(copy));
    }
    callback->load_state(self, state);
    fitting->stopped = callback->verdict() == Next::stop || fitting->stopped;
  }
}

}  // namespace elegans::train
