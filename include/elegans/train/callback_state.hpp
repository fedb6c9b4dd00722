#pragma once
// What a callback keeps from epoch to epoch, for checkpoints: numbers and tensors by name.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "elegans/tensor/tensor.hpp"

namespace elegans::train {

class CallbackState {
 public:
  // `owner` stands in messages: the file and the name of the state.
  explicit CallbackState(std::string owner = "callback") : owner_(std::move(owner)) {}

  void set(const std::string& name, Tensor tensor) { tensors_[name] = std::move(tensor); }
  void set_number(const std::string& name, double number);  // may be NaN or infinite
  void set_count(const std::string& name, std::uint64_t count) { set_number(name, static_cast<double>(count)); }

  bool has(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  // FormatError where there is none of that name, or it is another kind of thing: no single number, no whole number
  // from 0 to 2^53, not of this dtype and shape.
  double number(std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  const Tensor& tensor(std::string_view name, Dtype dtype, const Shape& shape) const;

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }

 private:
  const Tensor& at(std::string_view name, const std::string& required) const;

  std::string owner_;
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace elegans::train
