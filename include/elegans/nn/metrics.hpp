#pragma once
// How good predictions are, counted batch by batch.
//
//     mean_absolute_error        Σ w mean |p − t| / Σ w                     numbers [..., C]; means over C
//     root_mean_squared_error    √(Σ w mean (p − t)² / Σ w)
//     r2                         mean over C of 1 − Σ w (t − p)² / Σ w (t − t̄)²; for a target that is always the same
//                                1 where every p is right, else 0; NaN for fewer than two places
//
//     accuracy, balanced_accuracy, precision, recall, f1        labels i32 [...]: nn/confusion_matrix.hpp
//     roc_auc                    how often a place of a class has a higher score than one of another, half where they are
//                                equal (Mann-Whitney); for more than two classes the mean of each against the rest.
//                                NaN where there is nothing to compare, or a score is NaN
//
// as scikit-learn defines them (the root over all outputs together, as in Keras). Of two classes precision, recall and
// f1 are those of class 1, or of another by option; of more classes they need one, or the mean over all (`_macro`).
//
// Predictions are [..., C] (of two classes also [..., 1]) and weights [...], both f32 or f64, of one dtype with numbers.
// Where a weight is 0 nothing is read. Sums are kept in f64; adding allocates nothing once expect() was called. roc_auc
// keeps a score a place (more than two classes: C), and its value() takes memory to sort them.
//
// One of one's own counts places:
//
//     struct Worst final : Metric::Count {
//       double most = 0;
//       void add(const MetricPlace& at) override { most = std::max(most, std::abs(at.prediction[0] - at.target[0])); }
//       double value() const override { return most; }
//       void reset() override { most = 0; }
//       std::unique_ptr<Count> clone() const override { return std::make_unique<Worst>(*this); }
//     };
//     const Metric worst("worst", Targets::numbers, Better::lower, std::make_unique<Worst>());

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/nn/loss.hpp"
#include "elegans/tensor/tensor.hpp"

namespace elegans::nn {

enum class Better { lower, higher };
enum class Average { none, macro };

// Of which class a metric is: of the one with the label `positive`, which is 1 where there are two classes and nothing
// is said; or the mean over all.
struct ClassMetricOptions {
  std::optional<std::int32_t> positive = {};
  Average average = Average::none;
};

struct MetricPlace {
  std::span<const double> prediction;
  std::span<const double> target;  // of numbers
  std::int32_t label = 0;          // of classes
  double weight = 0;               // above 0
};

// What predictions will be.
struct Expected {
  std::size_t outputs = 1;                        // numbers of a place
  std::size_t places = 0;                         // memory for so many
  Predictions predictions = Predictions::logits;  // of classes
};

class Metric {
 public:
  class Count {
   public:
    virtual ~Count() = default;
    virtual void expect(const Expected&) {}
    virtual void add(const MetricPlace& place) = 0;
    virtual double value() const = 0;
    virtual void reset() = 0;
    virtual std::unique_ptr<Count> clone() const = 0;
  };

  static Metric mean_absolute_error();
  static Metric root_mean_squared_error();
  static Metric r2();
  static Metric accuracy();
  static Metric balanced_accuracy();
  static Metric precision(ClassMetricOptions options = {});
  static Metric recall(ClassMetricOptions options = {});
  static Metric f1(ClassMetricOptions options = {});
  static Metric roc_auc();
  // By name: those above, "mae", "rmse", "precision_macro", "recall_macro", "f1_macro", and "f1:up" (or precision,
  // recall) of the class "up" of `classes`, without classes of the label that the number says. ConfigError with the
  // nearest names for one that is not known.
  static Metric named(std::string_view name, std::span<const std::string> classes = {});

  Metric(std::string name, Targets targets, Better better, std::unique_ptr<Count> count);
  Metric(const Metric& other);
  Metric(Metric&&) noexcept = default;
  Metric& operator=(const Metric& other);
  Metric& operator=(Metric&&) noexcept = default;

  const std::string& name() const { return name_; }
  Targets targets() const { return targets_; }  // numbers or classes
  Better better() const { return better_; }

  // Takes memory, and says what predictions of classes are. ConfigError where the metric is of two classes and there
  // are more. Counting begins anew.
  void expect(const Expected& expected);
  // ShapeError, DtypeError where the three do not fit together.
  void add(const View& predictions, const View& targets, const View& weights);
  // NaN where nothing was counted yet.
  double value() const { return count_->value(); }
  void reset() { count_->reset(); }

 private:
  std::string name_;
  Targets targets_;
  Better better_;
  std::unique_ptr<Count> count_;
  std::size_t outputs_ = 0;                  // expected; 0 before anything was
  std::vector<double> prediction_, target_;  // of one place
};

}  // namespace elegans::nn
