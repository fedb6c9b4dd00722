#pragma once
// Which classes are taken for which: n(t, p) is the weight of the places of class t that were answered with class p.
//
//     accuracy             Σ n(c, c) / Σ n
//     precision of c       n(c, c) / Σ_t n(t, c)       0 where c is never answered
//     recall of c          n(c, c) / Σ_p n(c, p)       0 where c never occurs
//     f1 of c              2 n(c, c) / (Σ_t n(t, c) + Σ_p n(c, p))     0 where neither is
//     balanced_accuracy    mean recall of the classes that occur
//     macro …              mean over the classes that occur or are answered
//
// as scikit-learn defines them with zero_division = 0. NaN where nothing was counted yet.
//
// The answer of a place is the class of the largest prediction, of equal ones the first, never a NaN. Where there is one
// prediction for two classes it is class 1 above the threshold: 0 for logits, 1/2 for probabilities. A place whose
// predictions are all NaN counts for its class, but has no answer.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "elegans/nn/loss.hpp"
#include "elegans/tensor/tensor.hpp"

namespace elegans::nn {

// The class that a place is answered with.
std::optional<std::size_t> answer(std::span<const double> prediction, Predictions predictions) noexcept;

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes = 0);
  std::size_t classes() const { return occurs_.size(); }

  // A place of class `label`; a label that is no class counts as a wrong answer and nothing else. Allocates nothing.
  void add(std::int32_t label, std::optional<std::size_t> answer, double weight) noexcept;
  // Predictions [..., C], or [..., 1] of two classes; labels i32 [...]; weights [...] of the predictions' dtype. Where a
  // weight is 0 nothing is read. ShapeError, DtypeError where they do not fit together.
  void add(const View& predictions, const View& labels, const View& weights, Predictions are = Predictions::logits);
  void reset();

  // n(t, p)
  double at(std::size_t label, std::size_t answer) const { return counts_[label * classes() + answer]; }
  double occurs(std::size_t label) const { return occurs_[label]; }        // Σ_p n(label, p)
  double answered(std::size_t answer) const { return answered_[answer]; }  // Σ_t n(t, answer)
  double total() const { return total_; }

  double accuracy() const;
  double balanced_accuracy() const;
  double precision(std::size_t label) const;
  double recall(std::size_t label) const;
  double f1(std::size_t label) const;
  double macro_precision() const;
  double macro_recall() const;
  double macro_f1() const;

 private:
  double macro(double (ConfusionMatrix::*of)(std::size_t) const) const;

  std::vector<double> counts_;  // [label, answer]
  std::vector<double> occurs_;  // answered or not
  std::vector<double> answered_;
  double total_ = 0;
};

}  // namespace elegans::nn
