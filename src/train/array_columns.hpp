#pragma once
// The arrays of a .npz file as columns of a table: which array is what, how many recordings and steps there are, and
// where each number stands.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elegans/train/npz.hpp"
#include "elegans/train/roles.hpp"

namespace elegans::train {

// One column of an array [N, T, width] or, of whole recordings, [N, width].
struct ArrayColumn {
  std::string name;
  const NumpyArray* array = nullptr;
  std::size_t offset = 0;
  std::size_t width = 1;
  bool whole = false;  // one value a recording
};

class ArrayColumns {
 public:
  // Checks names and shapes.
  ArrayColumns(std::span<const NamedArray> arrays, std::string source, const Roles& roles);

  std::size_t recordings() const { return recordings_; }
  std::size_t steps(std::size_t recording) const;
  bool is_single() const { return is_single_; }  // x is one recording without an axis for several

  const std::vector<ArrayColumn>& features() const { return features_; }
  const std::vector<ArrayColumn>& targets() const { return targets_; }
  const std::optional<ArrayColumn>& time() const { return time_; }
  const std::optional<ArrayColumn>& dt() const { return dt_; }
  const std::optional<ArrayColumn>& weights() const { return weights_; }

  double number(const ArrayColumn& column, std::size_t recording, std::size_t step) const {
    return column.array->values[place(column, recording, step)];
  }
  // As text: class names.
  std::string text(const ArrayColumn& column, std::size_t recording, std::size_t step) const;

 private:
  std::size_t place(const ArrayColumn& column, std::size_t recording, std::size_t step) const {
    return (column.whole ? recording : recording * steps_ + step) * column.width + column.offset;
  }
  [[noreturn]] void refuse(const char* array, const std::string& what, const std::string& actual,
                           const std::string& required, const std::string& remedy = "") const;
  const NumpyArray* find(const char* name) const;
  void check_known(const Roles& roles) const;
  void measure();
  void read_lengths();
  std::vector<std::string> names_of(const char* array, std::size_t count, const std::string& prefix) const;
  std::vector<ArrayColumn> columns_of_x() const;
  std::vector<ArrayColumn> columns_of_y(const Roles& roles) const;
  std::optional<ArrayColumn> one_a_step(const char* name) const;
  std::optional<ArrayColumn> find_weights() const;
  void assign(const Roles& roles);

  std::span<const NamedArray> arrays_;
  std::string source_;
  const NumpyArray* x_ = nullptr;
  std::size_t recordings_ = 1, steps_ = 0, width_ = 1;
  bool is_single_ = true;
  std::vector<std::size_t> lengths_;  // empty: all are steps_
  std::vector<ArrayColumn> features_, targets_;
  std::optional<ArrayColumn> time_, dt_, weights_;
};

}  // namespace elegans::train
