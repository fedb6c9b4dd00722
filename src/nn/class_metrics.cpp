// Metrics of answers: functions of a confusion matrix.

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>

#include "elegans/base/suggest.hpp"
#include "elegans/base/text.hpp"
#include "elegans/nn/confusion_matrix.hpp"
#include "nn/class_metrics.hpp"

namespace elegans::nn {
namespace {

using Figure = std::function<double(const ConfusionMatrix&)>;

class AnswerCount final : public Metric::Count {
 public:
  AnswerCount(std::string name, Figure figure, Classes classes)
      : name_(std::move(name)), figure_(std::move(figure)), classes_(classes) {}

  void expect(const Expected& expected) override {
    const std::size_t classes = expected.outputs == 1 ? 2 : expected.outputs;
    if (classes > classes_.at_most)
      throw ConfigError({name_, "the number of classes", fmt::format("{}", classes), "2",
                         fmt::format("'{0}_macro' is the mean over all classes, '{0}:NAME' of one.", name_)});
    if (classes < classes_.at_least)
      throw ConfigError({name_, "the number of classes", fmt::format("{}", classes),
                         fmt::format("{} or more", classes_.at_least), ""});
    predictions_ = expected.predictions;
    counts_ = ConfusionMatrix(classes);
  }
  void add(const MetricPlace& at) override { counts_.add(at.label, answer(at.prediction, predictions_), at.weight); }
  double value() const override {
    return counts_.total() > 0 ? figure_(counts_) : std::numeric_limits<double>::quiet_NaN();
  }
  void reset() override { counts_.reset(); }
  std::unique_ptr<Count> clone() const override { return std::make_unique<AnswerCount>(*this); }

 private:
  std::string name_;
  Figure figure_;
  Classes classes_;
  Predictions predictions_ = Predictions::logits;
  ConfusionMatrix counts_;
};

Metric make(const std::string& name, Figure figure, Classes classes = {}) {
  return Metric(name, Targets::classes, Better::higher,
                std::make_unique<AnswerCount>(name, std::move(figure), classes));
}

struct OfClass {
  const char* name;
  double (ConfusionMatrix::*of_class)(std::size_t) const;
  double (ConfusionMatrix::*of_all)() const;
};
constexpr OfClass of_classes[] = {
    {"precision", &ConfusionMatrix::precision, &ConfusionMatrix::macro_precision},
    {"recall", &ConfusionMatrix::recall, &ConfusionMatrix::macro_recall},
    {"f1", &ConfusionMatrix::f1, &ConfusionMatrix::macro_f1},
};

Metric of_label(const OfClass& metric, const std::string& name, std::size_t label, Classes classes) {
  return make(
      name, [of = metric.of_class, label](const ConfusionMatrix& counts) { return (counts.*of)(label); }, classes);
}

Metric of_one(const OfClass& metric, const std::string& name, std::int32_t label) {
  if (label < 0) throw ConfigError({metric.name, "positive", fmt::format("{}", label), "a label, 0 or more", ""});
  const auto at = static_cast<std::size_t>(label);
  return of_label(metric, name, at, {.at_least = at + 1});
}

Metric of_options(const OfClass& metric, const ClassMetricOptions& options) {
  if (options.average == Average::macro)
    return make(fmt::format("{}_macro", metric.name),
                [of = metric.of_all](const ConfusionMatrix& counts) { return (counts.*of)(); });
  if (options.positive) return of_one(metric, fmt::format("{}:{}", metric.name, *options.positive), *options.positive);
  return of_label(metric, metric.name, 1, {.at_most = 2});
}

std::int32_t label_of(std::string_view name, std::string_view of_class, std::span<const std::string> classes) {
  const auto found = std::find(classes.begin(), classes.end(), of_class);
  if (found != classes.end()) return static_cast<std::int32_t>(found - classes.begin());
  std::int32_t label = 0;
  const auto read = std::from_chars(of_class.data(), of_class.data() + of_class.size(), label);
  if (classes.empty() && read.ec == std::errc() && read.ptr == of_class.data() + of_class.size()) return label;
  throw ConfigError({fmt::format("metric {}", quote(name)), "the class", quote(of_class),
                     classes.empty() ? "a label" : "one of the classes", suggest(of_class, classes)});
}

}  // namespace

Metric Metric::accuracy() { return make("accuracy", &ConfusionMatrix::accuracy); }
Metric Metric::balanced_accuracy() { return make("balanced_accuracy", &ConfusionMatrix::balanced_accuracy); }
Metric Metric::precision(ClassMetricOptions options) { return of_options(of_classes[0], options); }
Metric Metric::recall(ClassMetricOptions options) { return of_options(of_classes[1], options); }
Metric Metric::f1(ClassMetricOptions options) { return of_options(of_classes[2], options); }

std::optional<Metric> class_metric_named(std::string_view name, std::span<const std::string> classes) {
  const std::size_t colon = name.find(':');
  for (const OfClass& metric : of_classes) {
    if (name == metric.name) return of_options(metric, {});
    if (name == fmt::format("{}_macro", metric.name)) return of_options(metric, {.average = Average::macro});
    if (colon != name.npos && name.substr(0, colon) == metric.name)
      return of_one(metric, std::string(name), label_of(name, name.substr(colon + 1), classes));
  }
  return std::nullopt;
}

}  // namespace elegans::nn
