#include "cli/vowels.hpp"

#include "cli/training_data.hpp"
#include "elegans/train/builtin.hpp"
#include "elegans/train/jitter.hpp"
#include "elegans/train/standardise.hpp"

namespace elegans::cli {

VowelData vowel_data(std::uint64_t seed, double validation) {
  VowelData made;
  train::Parts parts;
  parts.train = train::japanese_vowels(train::BuiltinPart::train);
  if (validation > 0)
    parts = train::split_at_random(
        parts.train, {.fractions = {.validation = validation}, .seed = seed, .stratify = train::Stratify::by_class});
  made.recordings = parts.train.size();
  made.raw_test = made.test = train::japanese_vowels(train::BuiltinPart::test);
  made.validation = std::move(parts.validation);

  const train::Schema& schema = parts.train.schema;
  const train::Standardisation features = train::standardise_features(parts.train);
  made.preprocessing = {.features = schema.features,
                        .targets = schema.targets,
                        .classes = schema.classes,
                        .task = model::Task::classification,
                        .answer_at = model::AnswerAt::last_step,
                        .inputs = {features.mean, features.std},
                        .outputs = {}};
  for (train::Dataset* part : {&parts.train, &made.validation, &made.test})
    if (part->size() > 0) prepare(made.preprocessing, *part);
  made.train =
      train::repeat_targets(train::jitter(parts.train, {.copies = 32, .noise = 0.4, .offset = 0.5, .seed = seed}));
  return made;
}

train::TrainerOptions vowel_training(std::uint64_t epochs, std::size_t threads) {
  return {.optimizer = train::Adam{.learning_rate = 0.004},
          .schedule = train::CosineDecay{},
          .batch_size = 32,
          .epochs = epochs > 0 ? epochs : 6,
          .clip_norm = 1.0,
          .threads = threads};
}

}  // namespace elegans::cli
