#include "elegans/train/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "train/piece.hpp"
#include "train/shuffle.hpp"

namespace elegans::train {
namespace {

void check_fractions(const char* operation, const Fractions& f) {
  for (const double fraction : {f.validation, f.test}) {
    if (!(fraction >= 0 && fraction < 1))
      throw ConfigError(
          Complaint{operation, "a fraction", fmt::format("{}", fraction), "0 or more and less than 1", ""});
  }
  if (f.validation + f.test >= 1)
    throw ConfigError(Complaint{operation, "the sum of the fractions", fmt::format("{}", f.validation + f.test),
                                "less than 1", "Leave something to train on."});
}

void check_parts(const char* operation, const Parts& parts, bool wants_validation, bool wants_test) {
  const auto check = [&](const Dataset& part, const char* name, bool wanted, const char* option) {
    if (wanted && part.size() == 0)
      throw ConfigError(Complaint{operation, fmt::format("the {} part", name), "empty", "at least one sequence",
                                  fmt::format("Ask for a {}, or bring more data.", option)});
  };
  check(parts.train, "training", true, "smaller fraction of the others (--validation, --test)");
  check(parts.validation, "validation", wants_validation, "larger fraction (--validation)");
  check(parts.test, "test", wants_test, "larger fraction (--test)");
}

// How many of `count` items each part gets: rounded to the nearest, and together never more than there are.
struct Shares {
  std::size_t validation, test;
};
Shares shares(const Fractions& f, std::size_t count) {
  const auto share = [&](double fraction) {
    return static_cast<std::size_t>(std::llround(fraction * static_cast<double>(count)));
  };
  return {share(f.validation), share(f.test)};
}

// Steps first … last − 1 of a recording, appended to a data set unless there are none.
void append(Dataset& part, const Recording& recording, std::size_t first, std::size_t last) {
  if (first == last) return;
  part.sequences.push_back({part.recordings.size(), 0, last - first});
  part.recordings.push_back(piece_of(recording, part.schema, first, last));
}

// Where a recording is cut: steps [0, validation) are trained on, [validation, test) validate, the rest tests.
struct Cuts {
  std::size_t validation, test;
};

// The key by which all steps are ordered: their time, or their number where a recording has no time stamps.
std::vector<std::vector<double>> order_keys(const Dataset& data) {
  const bool has_time = std::none_of(data.recordings.begin(), data.recordings.end(),
                                     [](const Recording& recording) { return recording.time.empty(); });
  std::vector<std::vector<double>> keys;
  double number = 0;
  for (const Recording& recording : data.recordings) {
    keys.push_back(recording.time);
    keys.back().resize(recording.steps());
    if (!has_time)
      for (double& key : keys.back()) key = number++;
  }
  return keys;
}

std::vector<Cuts> cuts_of_whole(const Dataset& data, const Fractions& f) {
  const auto keys = order_keys(data);
  std::vector<double> all;
  for (const auto& recording : keys) all.insert(all.end(), recording.begin(), recording.end());
  std::sort(all.begin(), all.end());
  const Shares held = shares(f, all.size());
  const auto border = [&](std::size_t behind) {
    return behind == 0 ? std::numeric_limits<double>::infinity() : all[all.size() - behind];
  };
  const double test = border(held.test), validation = border(held.test + held.validation);
  std::vector<Cuts> cuts;
  for (const auto& recording : keys) {
    const auto first_from = [&](double time) {
      return static_cast<std::size_t>(std::lower_bound(recording.begin(), recording.end(), time) - recording.begin());
    };
    cuts.push_back({first_from(validation), first_from(test)});
  }
  return cuts;
}

}  // namespace

Parts split_by_time(const Dataset& data, const TimeSplit& split) {
  const char* operation = "split_by_time";
  check_fractions(operation, split.fractions);
  if (!is_whole(data))
    throw ConfigError(Complaint{operation, "the data set is cut into windows already", "", "whole recordings",
                                "Split first, then cut each part into windows."});
  if (data.schema.target_at == TargetAt::whole_recording)
    throw ConfigError(Complaint{operation, "the target belongs to a whole recording", "", "a target at every step",
                                "Split by group or at random."});
  std::vector<Cuts> cuts;
  if (split.scope == TimeScope::whole) {
    cuts = cuts_of_whole(data, split.fractions);
  } else {
    for (const Recording& recording : data.recordings) {
      const Shares held = shares(split.fractions, recording.steps());
      const std::size_t test = recording.steps() - held.test;
      cuts.push_back({test - held.validation, test});
    }
  }
  Parts parts{{data.schema, {}, {}}, {data.schema, {}, {}}, {data.schema, {}, {}}};
  for (std::size_t r = 0; r < data.recordings.size(); ++r) {
    const Recording& recording = data.recordings[r];
    append(parts.train, recording, 0, cuts[r].validation);
    append(parts.validation, recording, cuts[r].validation, cuts[r].test);
    append(parts.test, recording, cuts[r].test, recording.steps());
  }
  check_parts(operation, parts, split.fractions.validation > 0, split.fractions.test > 0);
  return parts;
}

Parts split_by_group(const Dataset& data, const GroupSplit& split) {
  const char* operation = "split_by_group";
  std::vector<std::string> names;
  for (const Recording& recording : data.recordings) names.push_back(recording.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto* wanted : {&split.validation, &split.test}) {
    for (const auto& name : *wanted) {
      if (!std::binary_search(names.begin(), names.end(), name))
        throw ConfigError(Complaint{operation, fmt::format("the group {}", quote(name)), "not in the data",
                                    fmt::format("one of its {} groups", names.size()), suggest(name, names)});
    }
  }
  const auto is_in = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const auto& name : split.validation) {
    if (is_in(split.test, name))
      throw ConfigError(Complaint{operation, fmt::format("the group {}", quote(name)),
                                  "listed for validation and for test", "one part a group",
                                  "Take it out of one of the two."});
  }
  std::array<std::vector<std::size_t>, 3> chosen;
  for (std::size_t s = 0; s < data.size(); ++s) {
    const std::string& name = data.recordings[data.sequences[s].recording].name;
    chosen[is_in(split.validation, name) ? 1 : is_in(split.test, name) ? 2 : 0].push_back(s);
  }
  Parts parts{select(data, chosen[0]), select(data, chosen[1]), select(data, chosen[2])};
  check_parts(operation, parts, !split.validation.empty(), !split.test.empty());
  return parts;
}

Parts split_at_random(const Dataset& data, const RandomSplit& split) {
  const char* operation = "split_at_random";
  check_fractions(operation, split.fractions);
  const bool by_class = split.stratify == Stratify::by_class;
  if (by_class && (!data.schema.classifies() || data.schema.target_at == TargetAt::every_step))
    throw ConfigError(Complaint{operation, "stratify", "by_class", "no, for a sequence has no single class here",
                                "Take the target of the last step or of the whole recording."});
  std::vector<std::vector<std::size_t>> strata(by_class ? data.schema.classes.size() : 1);
  for (std::size_t s = 0; s < data.size(); ++s)
    strata[by_class ? static_cast<std::size_t>(data.labels(s)[0]) : 0].push_back(s);

  std::array<std::vector<std::size_t>, 3> chosen;
  for (std::size_t c = 0; c < strata.size(); ++c) {
    shuffle(strata[c], split.seed, ShufflePurpose::split, c);
    const Shares held = shares(split.fractions, strata[c].size());
    const std::size_t train = strata[c].size() - held.test - held.validation;
    if (by_class && !strata[c].empty() && train == 0)
      throw ConfigError(Complaint{operation,
                                  fmt::format("the training part of class {}", quote(data.schema.classes[c])), "empty",
                                  "at least one sequence", "Ask for smaller fractions, or bring more data."});
    for (std::size_t i = 0; i < strata[c].size(); ++i)
      chosen[i < train ? 0 : i < train + held.validation ? 1 : 2].push_back(strata[c][i]);
  }
  for (auto& part : chosen) std::sort(part.begin(), part.end());
  Parts parts{select(data, chosen[0]), select(data, chosen[1]), select(data, chosen[2])};
  check_parts(operation, parts, split.fractions.validation > 0, split.fractions.test > 0);
  return parts;
}

}  // namespace elegans::train
