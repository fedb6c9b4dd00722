#pragma once
// How good predictions are, counted batch by batch.
//
//     accuracy                  Σ w [argmax p = t] / Σ w       classes i32 [...]; of equal largest the first,
//                                                              never a NaN
//     mean_absolute_error       Σ w mean |p − t| / Σ w         numbers [..., C]; means over C
//     root_mean_squared_error   √(Σ w mean (p − t)² / Σ w)     numbers [..., C]
//
// predictions [..., C] and weights [...] are f32 or f64, of one dtype with numbers. Where a weight is 0 nothing is
// read. Sums are kept in f64; adding allocates nothing.

#include <string>
#include <string_view>

#include "elegans/nn/losses.hpp"
#include "elegans/tensor/tensor.hpp"

namespace elegans::nn {

enum class Better { lower, higher };

class Metric {
 public:
  enum Kind { accuracy, mean_absolute_error, root_mean_squared_error };

  explicit Metric(Kind kind) : kind_(kind) {}
  // Also by "mae" and "rmse"; ConfigError with the nearest names for one that is not known.
  static Metric named(std::string_view name);

  std::string name() const;
  Targets targets() const { return kind_ == accuracy ? Targets::classes : Targets::numbers; }
  Better better() const { return kind_ == accuracy ? Better::higher : Better::lower; }

  // ShapeError, DtypeError where the three do not fit together.
  void add(const View& predictions, const View& targets, const View& weights);
  // NaN where nothing was counted yet.
  double value() const;
  void reset() { sum_ = weight_ = 0; }

 private:
  Kind kind_;
  double sum_ = 0;     // of what each prediction counts, times its weight
  double weight_ = 0;  // of all
};

}  // namespace elegans::nn
