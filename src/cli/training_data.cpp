#include "cli/training_data.hpp"

#include <cmath>
#include <utility>

#include "cli/columns.hpp"
#include "cli/data_file.hpp"
#include "elegans/base/error.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/losses.hpp"
#include "elegans/train/classes.hpp"
#include "elegans/train/folds.hpp"
#include "elegans/train/forecast.hpp"
#include "elegans/train/jitter.hpp"
#include "elegans/train/missing.hpp"
#include "elegans/train/standardise.hpp"
#include "elegans/train/timespans.hpp"
#include "elegans/train/windows.hpp"

namespace elegans::cli {
namespace {

train::TargetKind target_kind(const std::string& task) {
  if (task == "regression") return train::TargetKind::numbers;
  return task == "classification" ? train::TargetKind::classes : train::TargetKind::detect;
}

train::Dataset read(const TrainSettings& s) {
  const bool foresees = s.horizon > 0;
  return read_data(s.data, s.merge,
                   {.time = s.time,
                    .targets = foresees ? std::vector<std::string>{} : s.target,
                    .features = s.features,
                    .ignore = s.ignore,
                    .group = s.group,
                    .target_kind = target_kind(s.task),
                    .target_at = target_at_named(s.answer),
                    .missing = missing_named(s.missing),
                    .sporadic = s.sporadic,
                    .first_dt = first_dt_of(s),
                    .channel = s.channel,
                    .value = s.value,
                    .tolerance = s.tolerance},
                   s.events ? Rows::events : Rows::samples);
}

train::Remainder remainder(const std::string& name) {
  if (name == "drop") return train::Remainder::drop;
  return name == "align" ? train::Remainder::align : train::Remainder::keep;
}

train::Dataset cut(train::Dataset data, const TrainSettings& s) {
  // One answer a recording: its windows would each have to guess it.
  const bool whole = s.window == 0 || data.schema.target_at == train::TargetAt::whole_recording;
  if (whole || data.size() == 0) return data;
  return train::windows(std::move(data), {.length = static_cast<std::size_t>(s.window),
                                          .stride = static_cast<std::size_t>(s.stride),
                                          .remainder = remainder(s.remainder)});
}

train::Parts split(train::Dataset data, const TrainSettings& s, const std::string& way) {
  const train::Fractions fractions{.validation = s.validation, .test = s.test};
  if (way == "time" || way == "clock")
    return train::split_by_time(
        data,
        {.fractions = fractions, .scope = way == "time" ? train::TimeScope::every_recording : train::TimeScope::whole});
  if (!s.validation_groups.empty() || !s.test_groups.empty()) {
    train::Parts parts = train::split_by_group(data, {.validation = s.validation_groups, .test = s.test_groups});
    // The part whose groups are not named is drawn from what is left.
    const train::Fractions others{.validation = s.validation_groups.empty() ? s.validation : 0,
                                  .test = s.test_groups.empty() ? s.test : 0};
    if (others.validation + others.test == 0) return parts;
    train::Parts rest =
        train::split_at_random(parts.train, {.fractions = others, .seed = static_cast<std::uint64_t>(s.seed)});
    parts.train = std::move(rest.train);
    (s.validation_groups.empty() ? parts.validation : parts.test) =
        std::move(s.validation_groups.empty() ? rest.validation : rest.test);
    return parts;
  }
  if (way == "random") data = cut(std::move(data), s);
  return train::split_at_random(data, {.fractions = fractions,
                                       .seed = static_cast<std::uint64_t>(s.seed),
                                       .stratify = s.stratify ? train::Stratify::by_class : train::Stratify::no});
}

train::Parts parts_of(train::Dataset data, const TrainSettings& s, const Fold& fold) {
  if (fold.by == FoldBy::window) data = cut(std::move(data), s);
  train::FoldOptions options{.count = fold.of,
                             .by = train::FoldBy::sequence,
                             .validation = s.validation,
                             .seed = static_cast<std::uint64_t>(s.seed),
                             .stratify = s.stratify ? train::Stratify::by_class : train::Stratify::no};
  if (fold.by == FoldBy::time) options.by = train::FoldBy::time;
  // Dealt out by class, each recording is a sequence by itself.
  if (fold.by == FoldBy::recording && !s.stratify) options.by = train::FoldBy::group;
  return std::move(train::folds(data, options).at(fold.number - 1));
}

// Whether targets may be shifted and scaled for the loss: it is of differences, as by default.
bool may_standardise(const TrainSettings& s) {
  if (s.loss.empty()) return true;
  const nn::Loss loss = nn::loss_named(s.loss);
  return std::isinf(loss.lowest_target) && std::isinf(loss.highest_target) && loss.name != "cosine_similarity";
}

// What is learnt on the training part.
model::Preprocessing learn(const train::Dataset& training, const TrainSettings& s) {
  const train::Schema& schema = training.schema;
  model::Preprocessing p{.features = schema.features,
                         .targets = schema.targets,
                         .classes = schema.classes,
                         .task = schema.classifies() ? model::Task::classification : model::Task::regression,
                         .answer_at = answer_at(schema.target_at),
                         .inputs = {},
                         .outputs = {},
                         .columns = {.time = time_column(training, s.time),
                                     .group = s.group,
                                     .missing = missing_named(s.missing),
                                     .sporadic = schema.sporadic,
                                     .first_dt = first_dt_of(s)},
                         .horizon = static_cast<std::size_t>(s.horizon)};
  if (s.standardise) {
    const train::Standardisation features = train::standardise_features(training);
    p.inputs = {features.mean, features.std};
  }
  if (s.standardise && !schema.classifies() && may_standardise(s)) {
    const train::Standardisation targets = train::standardise_targets(training);
    p.outputs = {targets.mean, targets.std};
  }
  if (!p.columns.time.empty()) p.columns.median_dt = train::median_dt(training);
  const std::optional<double> unit = time_unit_of(s);
  p.time_unit = unit ? *unit : train::time_unit(training);
  return p;
}

// Copies with noise and targets at every step, as the settings ask for.
void enrich(train::Dataset& training, const TrainSettings& s, const std::optional<Fold>& fold) {
  if (s.copies > 0 && !train::is_whole(training))
    fold ? refuse_copies("fold_by = \"window\"", "recording or time")
         : refuse_copies("--split random", "--split time, clock or group");
  if (s.copies > 0)
    training = train::jitter(training, {.copies = static_cast<std::size_t>(s.copies),
                                        .noise = s.noise,
                                        .offset = s.offset,
                                        .seed = static_cast<std::uint64_t>(s.seed)});
  if (s.repeat_target) training = train::repeat_targets(std::move(training));
}

}  // namespace

void prepare(const model::Preprocessing& preprocessing, train::Dataset& data) {
  const auto applies = [](const model::Scaling& scaling) { return train::Standardisation{scaling.mean, scaling.std}; };
  if (!preprocessing.inputs.empty()) train::apply_to_features(applies(preprocessing.inputs), data);
  if (!preprocessing.outputs.empty() && !data.schema.classifies())
    train::apply_to_targets(applies(preprocessing.outputs), data);
  train::divide_timespans(data, preprocessing.time_unit);
}

TrainingData read_training_data(const TrainSettings& s, const std::optional<Fold>& fold) {
  TrainingData made;
  train::Dataset data = read(s);
  if (!s.loss.empty() && !data.schema.classifies() && nn::loss_named(s.loss).targets == nn::Targets::either)
    refuse("--loss", s.loss + ", of classes", "a loss of numbers, as the targets are",
           "--task classification takes the numbers for names of classes.");
  if (s.horizon == 0 && !data.schema.classifies() && data.schema.targets.empty())
    throw ConfigError(Complaint{"train", "the data " + quote(s.data), "without targets", "numbers or classes to learn",
                                "Targets are columns that --target names, the array y of an .npz file, or the class "
                                "or target values of a .ts file."});
  if (s.first_dt != "median" && time_column(data, s.time).empty())
    throw ConfigError(Complaint{"train", "--first-dt", "given where it would change nothing", "data with time stamps",
                                "Leave it out."});
  made.recordings = data.recordings.size();
  for (const train::Recording& recording : data.recordings) made.rows += recording.steps();
  if (s.horizon > 0)
    data = train::forecast(data, {.features = s.target, .horizon = static_cast<std::size_t>(s.horizon)});
  // Arrays tell themselves whether a recording has one answer.
  const bool whole = s.split == "auto" && data.schema.target_at == train::TargetAt::whole_recording;
  made.split = whole ? "group" : split_of(s);
  made.parts = fold ? parts_of(std::move(data), s, *fold) : split(std::move(data), s, made.split);

  train::Parts& parts = made.parts;
  if (parts.train.schema.classifies()) train::learn_classes(parts);
  made.preprocessing = learn(parts.train, s);
  for (train::Dataset* part : {&parts.train, &parts.validation, &parts.test}) {
    if (part->size() == 0) continue;
    prepare(made.preprocessing, *part);
    if (part == &parts.train) enrich(parts.train, s, fold);
    *part = train::missing_as_inputs(std::move(*part));
    if (train::is_whole(*part)) *part = cut(std::move(*part), s);
  }
  return made;
}

}  // namespace elegans::cli
