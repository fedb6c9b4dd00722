#include "train/array_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "elegans/base/error.hpp"
#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"

namespace elegans::train {
namespace {

using Shape = std::vector<std::size_t>;

const std::vector<std::string>& known_arrays() {
  static const std::vector<std::string> names{"x", "y", "t", "dt", "lengths", "weights", "features", "targets"};
  return names;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Takes the column of this name out of `columns`.
std::optional<ArrayColumn> take(std::vector<ArrayColumn>& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ArrayColumn& c) { return c.name == name; });
  if (found == columns.end()) return {};
  ArrayColumn column = *found;
  columns.erase(found);
  return column;
}

}  // namespace

ArrayColumns::ArrayColumns(std::span<const NamedArray> arrays, std::string source, const Roles& roles)
    : arrays_(arrays), source_(std::move(source)) {
  check_known(roles);
  measure();
  read_lengths();
  time_ = one_a_step("t");
  dt_ = one_a_step("dt");
  assign(roles);
  weights_ = find_weights();
}

std::size_t ArrayColumns::steps(std::size_t recording) const { return lengths_.empty() ? steps_ : lengths_[recording]; }

std::string ArrayColumns::text(const ArrayColumn& column, std::size_t recording, std::size_t step) const {
  const std::size_t at = place(column, recording, step);
  return column.array->holds_text() ? column.array->texts[at] : fmt::format("{}", column.array->values[at]);
}

void ArrayColumns::refuse(const char* array, const std::string& what, const std::string& actual,
                          const std::string& required, const std::string& remedy) const {
  throw FormatError(Complaint{fmt::format("{}, array '{}'", source_, array), what, actual, required, remedy});
}

const NumpyArray* ArrayColumns::find(const char* name) const {
  const auto found = std::find_if(arrays_.begin(), arrays_.end(), [&](const NamedArray& a) { return a.name == name; });
  return found == arrays_.end() ? nullptr : &found->array;
}

void ArrayColumns::check_known(const Roles& roles) const {
  if (!roles.group.empty())
    throw ConfigError(Complaint{source_, "the group column", quote(roles.group), "none, beside arrays",
                                "Each item of an array [N, T, F], or each file, is a recording."});
  for (const NamedArray& array : arrays_)
    if (!is_in(known_arrays(), array.name) && !is_in(roles.ignore, array.name))
      throw FormatError(Complaint{source_, fmt::format("the array {}", quote(array.name)), "not known",
                                  "x, y, t, dt, lengths, weights, features or targets",
                                  suggest(array.name, known_arrays()) + " Or list it as ignored."});
  for (const char* name : {"x", "t", "dt", "lengths", "weights"})
    if (const NumpyArray* array = find(name); array != nullptr && array->holds_text())
      refuse(name, "its dtype", quote(array->dtype), "numbers");
  if (find("t") != nullptr && find("dt") != nullptr) refuse("dt", "it", "given beside 't'", "one of the two");
}

void ArrayColumns::measure() {
  x_ = find("x");
  if (x_ == nullptr)
    throw FormatError(Complaint{source_, "the array 'x'", "missing", "the features, [T, F] or [N, T, F]", ""});
  const Shape& shape = x_->shape;
  if (shape.empty() || shape.size() > 3)
    refuse("x", "its shape", to_string(shape), "[T], [T, F] or [N, T, F]",
           "Steps come before features: x.transpose may turn it.");
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    refuse("x", "its shape", to_string(shape), "one recording, step and feature or more");
  is_single_ = shape.size() < 3;
  recordings_ = is_single_ ? 1 : shape[0];
  steps_ = is_single_ ? shape[0] : shape[1];
  width_ = shape.size() == 1 ? 1 : shape.back();
}

void ArrayColumns::read_lengths() {
  const NumpyArray* lengths = find("lengths");
  if (lengths == nullptr) return;
  if (lengths->shape != Shape{recordings_})
    refuse("lengths", "its shape", to_string(lengths->shape), fmt::format("[{}], one a recording of x", recordings_));
  for (std::size_t n = 0; n < recordings_; ++n) {
    const double length = lengths->values[n];
    if (!(length >= 1 && length <= static_cast<double>(steps_)) || length != std::floor(length))
      refuse("lengths", fmt::format("item {}", n), fmt::format("{}", length),
             fmt::format("a whole number from 1 to {}, the steps of x", steps_));
    lengths_.push_back(static_cast<std::size_t>(length));
  }
}

std::vector<std::string> ArrayColumns::names_of(const char* name, std::size_t count, const std::string& prefix) const {
  std::vector<std::string> names;
  const NumpyArray* array = find(name);
  if (array == nullptr) {
    for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", prefix, i));
    return names;
  }
  if (!array->holds_text() || array->shape != Shape{count})
    refuse(name, "it", fmt::format("{} of {}", to_string(array->shape), quote(array->dtype)),
           fmt::format("[{}] of text, a name for each column", count));
  names = array->texts;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      refuse(name, fmt::format("the name {}", quote(names[i])), "there twice", "distinct names");
  return names;
}

std::vector<ArrayColumn> ArrayColumns::columns_of_x() const {
  std::vector<ArrayColumn> columns;
  const std::vector<std::string> names = names_of("features", width_, "");
  for (std::size_t f = 0; f < width_; ++f)
    columns.push_back({.name = names[f], .array = x_, .offset = f, .width = width_});
  return columns;
}

std::vector<ArrayColumn> ArrayColumns::columns_of_y(const Roles& roles) const {
  const NumpyArray* y = find("y");
  if (y == nullptr) return {};
  // Without the axes of recordings and steps, what is left are columns.
  Shape rest = y->shape;
  const auto take_axis = [&](std::size_t size) {
    if (rest.empty() || rest[0] != size) return false;
    rest.erase(rest.begin());
    return true;
  };
  const bool has_recordings = is_single_ || take_axis(recordings_);
  const bool may_be_steps = rest.size() == 2 || roles.target_at != TargetAt::whole_recording;
  bool fits = has_recordings;
  const bool per_step = fits && may_be_steps && take_axis(steps_);
  if (is_single_ && !per_step) fits = take_axis(1);
  if (!fits || rest.size() > 1 || (rest.size() == 1 && rest[0] == 0)) {
    const std::string n = is_single_ ? "" : fmt::format("{}, ", recordings_);
    refuse("y", "its shape", to_string(y->shape),
           fmt::format("[{0}{1}] or [{0}{1}, K] for targets of every step, or {2} of every recording", n, steps_,
                       is_single_ ? "[1] or [1, K]" : fmt::format("[{0}] or [{0}, K]", recordings_)));
  }
  const std::size_t width = rest.empty() ? 1 : rest[0];
  const bool is_named = find("targets") != nullptr || width > 1;
  const std::vector<std::string> names = is_named ? names_of("targets", width, "y ") : std::vector<std::string>{"y"};
  std::vector<ArrayColumn> columns;
  for (std::size_t k = 0; k < width; ++k)
    columns.push_back({.name = names[k], .array = y, .offset = k, .width = width, .whole = !per_step});
  return columns;
}

std::optional<ArrayColumn> ArrayColumns::one_a_step(const char* name) const {
  const NumpyArray* array = find(name);
  if (array == nullptr) return {};
  const Shape required = is_single_ ? Shape{steps_} : Shape{recordings_, steps_};
  if (array->shape != required)
    refuse(name, "its shape", to_string(array->shape), fmt::format("{}, one a step of x", to_string(required)));
  return ArrayColumn{.name = name, .array = array};
}

std::optional<ArrayColumn> ArrayColumns::find_weights() const {
  const NumpyArray* array = find("weights");
  if (array == nullptr) return {};
  if (targets_.empty()) refuse("weights", "it", "given without targets", "the array y, or targets among the columns");
  if (!targets_[0].whole) return one_a_step("weights");
  if (array->shape != Shape{recordings_})
    refuse("weights", "its shape", to_string(array->shape), fmt::format("[{}], one a recording", recordings_));
  return ArrayColumn{.name = "weights", .array = array, .whole = true};
}

void ArrayColumns::assign(const Roles& roles) {
  std::vector<ArrayColumn> x = columns_of_x(), y = columns_of_y(roles);
  std::vector<std::string> names;
  for (const auto* columns : {&x, &y})
    for (const ArrayColumn& column : *columns) names.push_back(column.name);
  const auto refuse_name = [&](const std::string& name, const char* role) {
    const bool was_there = is_in(names, name);
    throw ConfigError(Complaint{source_, fmt::format("the {} column {}", role, quote(name)),
                                was_there ? "listed twice" : "not in the file",
                                was_there ? "one role a column" : fmt::format("one of its {} columns", names.size()),
                                was_there ? "Take it out of one of the two." : suggest(name, names)});
  };
  if (!roles.time.empty() && !(time_ && roles.time == "t")) {
    if (time_ || dt_) refuse(time_ ? "t" : "dt", "it", "there beside a time column", "one of the two");
    time_ = take(x, roles.time);
    if (!time_) refuse_name(roles.time, "time");
  }
  for (const std::string& name : roles.targets) {
    auto column = take(y, name);
    if (!column) column = take(x, name);
    if (!column) refuse_name(name, "target");
    targets_.push_back(*column);
  }
  if (roles.targets.empty()) targets_ = std::move(y);
  for (const std::string& name : roles.ignore)
    if (!take(x, name) && find(name.c_str()) == nullptr) refuse_name(name, "ignored");
  for (const std::string& name : roles.features) {
    const auto column = take(x, name);
    if (!column) refuse_name(name, "feature");
    features_.push_back(*column);
  }
  if (roles.features.empty()) features_ = std::move(x);
  if (features_.empty())
    throw ConfigError(Complaint{source_, "no column is left for the features", "",
                                "at least one beside those of time, targets and the ignored ones", ""});
  for (const ArrayColumn& target : targets_)
    if (target.whole != targets_[0].whole)
      throw ConfigError(Complaint{source_, fmt::format("the target {}", quote(target.name)),
                                  "of another kind than the first: one belongs to steps, one to recordings",
                                  "targets of one kind", ""});
}

}  // namespace elegans::train
