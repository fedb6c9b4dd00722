#include <algorithm>
#include <cmath>
#include <limits>

#include "elegans/nn/metrics.hpp"

namespace elegans::nn {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Scored {
  double score;
  double weight;
  bool positive;
};

// Σ over pairs of a positive and a negative of their weights, 1/2 where the scores are equal, as share of all pairs.
double area(std::vector<Scored>& places) {
  if (std::any_of(places.begin(), places.end(), [](const Scored& at) { return std::isnan(at.score); })) return nan;
  std::sort(places.begin(), places.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  double positive = 0, negative = 0, won = 0;
  for (std::size_t i = 0; i < places.size();) {
    double equal_positive = 0, equal_negative = 0;
    const double score = places[i].score;
    for (; i < places.size() && places[i].score == score; ++i)
      (places[i].positive ? equal_positive : equal_negative) += places[i].weight;
    won += equal_negative * (positive + equal_positive / 2);
    positive += equal_positive;
    negative += equal_negative;
  }
  return positive > 0 && negative > 0 ? won / (positive * negative) : nan;
}

class RankedScores final : public Metric::Count {
 public:
  void expect(const Expected& expected) override {
    predictions_ = expected.predictions;
    classes_ = expected.outputs == 1 ? 2 : expected.outputs;
    reset();
    scores_.reserve(expected.places * columns());
    labels_.reserve(expected.places);
    weights_.reserve(expected.places);
  }

  void add(const MetricPlace& at) override {
    const std::span<const double> p = at.prediction;
    labels_.push_back(at.label);
    weights_.push_back(at.weight);
    if (p.size() == 1) return scores_.push_back(p[0]);
    if (p.size() == 2) return scores_.push_back(p[1] - p[0]);
    // Probabilities compare places; logits do so within a place only.
    const std::size_t first = scores_.size();
    scores_.insert(scores_.end(), p.begin(), p.end());
    if (predictions_ == Predictions::probabilities) return;
    const std::span<double> scores = std::span(scores_).subspan(first);
    const double highest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores) sum += score = std::exp(score - highest);
    for (double& score : scores) score /= sum;
  }

  double value() const override {
    double sum = 0, count = 0;
    std::vector<Scored> places(labels_.size());
    for (std::size_t c = 0; c < columns(); ++c) {
      const std::int32_t positive = columns() == 1 ? 1 : static_cast<std::int32_t>(c);
      for (std::size_t i = 0; i < places.size(); ++i)
        places[i] = {scores_[i * columns() + c], weights_[i], labels_[i] == positive};
      const double of_class = area(places);
      const bool compares = std::any_of(places.begin(), places.end(), [](const Scored& at) { return at.positive; });
      if (!compares && columns() > 1) continue;  // a class that never occurs has no place in the mean
      sum += of_class;
      ++count;
    }
    return count > 0 ? sum / count : nan;
  }

  void reset() override {
    scores_.clear();
    labels_.clear();
    weights_.clear();
  }
  std::unique_ptr<Count> clone() const override { return std::make_unique<RankedScores>(*this); }

 private:
  std::size_t columns() const { return classes_ == 2 ? 1 : classes_; }

  Predictions predictions_ = Predictions::logits;
  std::size_t classes_ = 2;
  std::vector<double> scores_;  // [places, columns]
  std::vector<std::int32_t> labels_;
  std::vector<double> weights_;
};

}  // namespace

Metric Metric::roc_auc() {
  return Metric("roc_auc", Targets::classes, Better::higher, std::make_unique<RankedScores>());
}

}  // namespace elegans::nn
