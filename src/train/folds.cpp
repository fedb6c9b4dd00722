#include "elegans/train/folds.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <numeric>

#include "elegans/base/error.hpp"
#include "train/piece.hpp"
#include "train/shuffle.hpp"

namespace elegans::train {
namespace {

[[noreturn]] void fail(const char* argument, std::string actual, std::string required, const char* remedy = "") {
  throw ConfigError({"folds", argument, std::move(actual), std::move(required), remedy});
}

void check(const Dataset& data, const FoldOptions& options) {
  if (options.count < 2) fail("count", fmt::format("{}", options.count), "2 or more");
  if (!(options.validation >= 0 && options.validation < 1))
    fail("validation", fmt::format("{}", options.validation), "0 or more and less than 1");
  if (options.stratify == Stratify::no) return;
  if (options.by != FoldBy::sequence) fail("stratify", "by_class", "no, unless folds are drawn by sequence");
  if (!data.schema.classifies() || data.schema.target_at == TargetAt::every_step)
    fail("stratify", "by_class", "no, for a sequence has no single class here",
         "Take the target of the last step or of the whole recording.");
}

// Validation sequences are drawn from what is left for training.
Parts parts_of(const Dataset& data, const std::vector<std::size_t>& fold_of, std::size_t fold,
               const FoldOptions& options) {
  std::vector<std::size_t> rest, test;
  for (std::size_t s = 0; s < data.size(); ++s) (fold_of[s] == fold ? test : rest).push_back(s);
  Parts parts{.train = select(data, rest), .validation = {data.schema, {}, {}}, .test = select(data, test)};
  if (options.validation == 0) return parts;
  Parts inner = split_at_random(
      parts.train,
      {.fractions = {.validation = options.validation}, .seed = options.seed + fold, .stratify = options.stratify});
  parts.train = std::move(inner.train);
  parts.validation = std::move(inner.validation);
  return parts;
}

// Deals the sequences of each stratum out, one to each fold in turn, going on where the stratum before ended.
std::vector<std::size_t> deal(const Dataset& data, const FoldOptions& options) {
  const bool by_class = options.stratify == Stratify::by_class;
  std::vector<std::vector<std::size_t>> strata(by_class ? data.schema.classes.size() : 1);
  for (std::size_t s = 0; s < data.size(); ++s)
    strata[by_class ? static_cast<std::size_t>(data.labels(s)[0]) : 0].push_back(s);
  std::vector<std::size_t> fold_of(data.size());
  std::size_t next = 0;
  for (std::size_t c = 0; c < strata.size(); ++c) {
    shuffle(strata[c], options.seed, ShufflePurpose::folds, c);
    for (const std::size_t s : strata[c]) fold_of[s] = next++ % options.count;
  }
  return fold_of;
}

// Groups from the largest to the smallest (equal ones in a drawn order), each to the fold that has fewest sequences.
std::vector<std::size_t> deal_groups(const Dataset& data, const FoldOptions& options) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t s = 0; s < data.size(); ++s) members[data.recordings[data.sequences[s].recording].name].push_back(s);
  if (members.size() < options.count)
    fail("count", fmt::format("{}", options.count), fmt::format("at most {}, the groups there are", members.size()));
  std::vector<const std::vector<std::size_t>*> groups;
  for (const auto& [name, sequences] : members) groups.push_back(&sequences);
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, options.seed, ShufflePurpose::folds, 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return groups[a]->size() > groups[b]->size(); });
  std::vector<std::size_t> fold_of(data.size()), sizes(options.count);
  for (const std::size_t g : order) {
    const auto fold = static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
    for (const std::size_t s : *groups[g]) fold_of[s] = fold;
    sizes[fold] += groups[g]->size();
  }
  return fold_of;
}

std::vector<Parts> folds_in_time(const Dataset& data, const FoldOptions& options) {
  if (!is_whole(data))
    fail("the data set", "cut into windows or selected from one", "whole recordings", "Cut windows afterwards.");
  if (data.schema.target_at == TargetAt::whole_recording)
    fail("the target", "that of a whole recording", "a target at every step", "Make folds by sequence or by group.");
  std::vector<Parts> made;
  for (std::size_t fold = 0; fold < options.count; ++fold) {
    Dataset past{data.schema, {}, {}}, block{data.schema, {}, {}};
    for (const Recording& recording : data.recordings) {
      const std::size_t blocks = options.count + 1, steps = recording.steps();
      if (steps < blocks)
        fail("count", fmt::format("{}", options.count),
             fmt::format("less than {}, the steps of recording '{}'", steps, recording.name));
      const std::size_t from = steps * (fold + 1) / blocks, to = steps * (fold + 2) / blocks;
      past.recordings.push_back(piece_of(recording, data.schema, 0, from));
      block.recordings.push_back(piece_of(recording, data.schema, from, to));
    }
    Parts parts{.train = make_dataset(data.schema, std::move(past.recordings), "folds"),
                .validation = {data.schema, {}, {}},
                .test = make_dataset(data.schema, std::move(block.recordings), "folds")};
    if (options.validation > 0) {
      Parts inner = split_by_time(parts.train, {.fractions = {.validation = options.validation}});
      parts.train = std::move(inner.train);
      parts.validation = std::move(inner.validation);
    }
    made.push_back(std::move(parts));
  }
  return made;
}

}  // namespace

std::vector<Parts> folds(const Dataset& data, const FoldOptions& options) {
  check(data, options);
  if (options.by == FoldBy::time) return folds_in_time(data, options);
  if (data.size() < options.count)
    fail("count", fmt::format("{}", options.count), fmt::format("at most {}, the sequences there are", data.size()));
  const std::vector<std::size_t> fold_of =
      options.by == FoldBy::group ? deal_groups(data, options) : deal(data, options);
  std::vector<Parts> made;
  for (std::size_t fold = 0; fold < options.count; ++fold) made.push_back(parts_of(data, fold_of, fold, options));
  return made;
}

}  // namespace elegans::train
