#pragma once
// The structure of a kernel: which of its weights exist.
//
// A kernel has one row a source (input) and one column a target (output). The weights that exist are numbered
// row by row,
//
//   0 … count − 1, ascending by (source, target),
//
// and this *canonical order* is how a weight tensor of a pattern is stored, saved and exported. For sums over the
// sources of a target the pattern also lists the same weights target by target, with the canonical number of each:
//
//   kernel [3, 2]      source_offsets  0 1 3 4      target_offsets   0 2 4
//     a .              targets         0 0 1 1      target_sources   0 1 1 2
//     b c              sources         0 1 1 2      target_weights   0 1 2 3   (a b | c d)
//     . d
//
// Patterns do not change and are shared: whoever needs one keeps a PatternRef.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "elegans/wiring/synapse_matrix.hpp"

namespace elegans::wiring {

class Pattern;
using PatternRef = std::shared_ptr<const Pattern>;

class Pattern {
 public:
  // Every weight exists, with polarity +1.
  static PatternRef dense(std::int64_t rows, std::int64_t columns);
  // From a matrix [rows, columns], row-major, of −1, 0 and +1: a weight exists where it is not 0. ShapeError where the
  // span has another size, ConfigError at another value.
  static PatternRef from_mask(std::span<const float> mask, std::int64_t rows, std::int64_t columns);
  static PatternRef from_mask(std::span<const double> mask, std::int64_t rows, std::int64_t columns);
  static PatternRef from_mask(std::span<const std::int8_t> mask, std::int64_t rows, std::int64_t columns);
  // From index lists in any order. ConfigError for an index out of range, a polarity other than ±1, or a pair that
  // repeats.
  static PatternRef from_synapses(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns);
  static PatternRef from_matrix(const SynapseMatrix& matrix);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  // {rows, columns}
  std::array<std::int64_t, 2> shape() const { return {rows_, columns_}; }
  // Weights that exist.
  std::int64_t count() const { return static_cast<std::int64_t>(targets_.size()); }
  // count / (rows · columns), 0 for an empty kernel.
  double density() const;
  bool is_dense() const { return count() == rows_ * columns_; }

  // Canonical order. Weight k runs from sources()[k] to targets()[k]; those of row r are source_offsets()[r] up to, and
  // without, source_offsets()[r + 1].
  std::span<const std::int32_t> source_offsets() const { return source_offsets_; }
  std::span<const std::int32_t> sources() const { return sources_; }
  std::span<const std::int32_t> targets() const { return targets_; }
  // −1 or +1 for each weight.
  std::span<const std::int8_t> polarity() const { return polarity_; }

  // Target by target, ascending by (target, source): entry e of column c, for e from target_offsets()[c] up to, and
  // without, target_offsets()[c + 1], comes from target_sources()[e] and is weight number target_weights()[e].
  std::span<const std::int32_t> target_offsets() const { return target_offsets_; }
  std::span<const std::int32_t> target_sources() const { return target_sources_; }
  std::span<const std::int32_t> target_weights() const { return target_weights_; }

  // Bytes of the whole kernel for elements of `element_bytes`.
  std::int64_t bytes_dense(std::int64_t element_bytes) const { return rows_ * columns_ * element_bytes; }
  // Bytes of the weights that exist and of all index lists above. (The lists are shared by every tensor of the pattern;
  // a model file holds count() · element_bytes.)
  std::int64_t bytes_sparse(std::int64_t element_bytes) const { return count() * element_bytes + index_bytes(); }
  std::int64_t index_bytes() const;

  // Kernels below are row-major [rows, columns]; ShapeError where a span has another size than the pattern asks for.

  // 1 where a weight exists, else 0.
  void mask(std::span<float> out) const;
  void mask(std::span<double> out) const;
  void mask(std::span<std::int8_t> out) const;
  // The polarity where a weight exists, else 0.
  void signs(std::span<float> out) const;
  void signs(std::span<double> out) const;
  void signs(std::span<std::int8_t> out) const;
  // out = kernel where a weight exists, else exactly 0, whatever stood there (NaN and infinities too). `out` may be
  // `kernel` itself, or must not overlap it.
  void apply(std::span<const float> kernel, std::span<float> out) const;
  void apply(std::span<const double> kernel, std::span<double> out) const;
  // weights = those of the kernel that exist, in canonical order. No overlap.
  void gather(std::span<const float> kernel, std::span<float> weights) const;
  void gather(std::span<const double> kernel, std::span<double> weights) const;
  // kernel = weights (in canonical order) where they exist, else 0. No overlap.
  void scatter(std::span<const float> weights, std::span<float> kernel) const;
  void scatter(std::span<const double> weights, std::span<double> kernel) const;

  // The shape of input · kernel: the last extent, which must be rows(), becomes columns(). ShapeError otherwise.
  std::vector<std::int64_t> output_shape(std::span<const std::int64_t> input_shape) const;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  // `synapses` ascending by (source, target), checked.
  Pattern(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns);
  static PatternRef make(std::span<const Synapse> synapses, std::int64_t rows, std::int64_t columns);
  template <class T>
  static PatternRef read_mask(std::span<const T> mask, std::int64_t rows, std::int64_t columns);
  // Where weight number `weight` stands in a kernel.
  std::size_t place(std::size_t weight) const {
    return static_cast<std::size_t>(sources_[weight] * columns_ + targets_[weight]);
  }
  template <class T, class Value>
  void fill_existing(const char* operation, std::span<T> out, Value of_polarity) const;
  template <class T>
  void copy_existing(std::span<const T> kernel, std::span<T> out) const;
  template <class T>
  void pack(std::span<const T> kernel, std::span<T> weights) const;
  template <class T>
  void unpack(std::span<const T> weights, std::span<T> kernel) const;
  void check_kernel(const char* operation, const char* argument, std::size_t size) const;
  void check_weights(const char* operation, std::size_t size) const;

  std::int64_t rows_;
  std::int64_t columns_;
  std::vector<std::int32_t> source_offsets_;
  std::vector<std::int32_t> sources_;
  std::vector<std::int32_t> targets_;
  std::vector<std::int8_t> polarity_;
  std::vector<std::int32_t> target_offsets_;
  std::vector<std::int32_t> target_sources_;
  std::vector<std::int32_t> target_weights_;
};

}  // namespace elegans::wiring
