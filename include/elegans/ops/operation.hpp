#pragma once
// What an operation is: a shape rule with its checks, a cost, and a dispatch to a kernel. No arithmetic happens here.
//
// An Operation is an immutable object that holds its options; graphs share it between nodes, and `call` runs it on
// tensors at once. It knows nothing of graphs: gradient rules are rows of the table in graph/table.hpp.
//
// Unless its header says otherwise, inputs are float32 or float64, all of one dtype (DtypeError), shapes are those that it
// draws (ShapeError), and what does not depend on any input is right (ConfigError).
//
// Life of an operation in an executable:
//   infer      when the graph is written: shapes in, shapes out, or a ShapeError that names operation and argument
//   prepare    when batch or time changed: shapes and extents → the loop sizes of the kernel (integers only)
//   link       then, where kernels have more to find out from sizes than integers, into memory that stays
//   run        every time: sizes and pointers → one kernel call; noexcept, allocates nothing
//   fix        where sizes and pointers stay as they are: all that run() would find out anew is found out once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elegans/base/status.hpp"
#include "elegans/kernels/table.hpp"
#include "elegans/tensor/tensor.hpp"

namespace elegans::ops {

// What is known of a value before it exists.
struct Type {
  Dtype dtype = Dtype::f32;
  Shape shape;
  friend bool operator==(const Type&, const Type&) = default;
};

std::string to_string(const Type& type);
std::size_t bytes_of(const Type& type, const Extents& at);
// The type that an operation computes in: that of its first floating output, or of its first floating input.
Dtype floating_of(std::span<const Type> inputs, std::span<const Type> outputs);

// Loop sizes of one kernel call, in the order that the operation's prepare and run agree on.
struct Sizes {
  static constexpr std::size_t capacity = 32;
  std::array<std::size_t, capacity> at{};
  std::size_t& operator[](std::size_t i) { return at[i]; }
  std::size_t operator[](std::size_t i) const { return at[i]; }
};

// The kernels of one target for every element type.
struct Kernels {
  const kernels::Table<float>* f32;
  const kernels::Table<double>* f64;
  template <class T>
  const kernels::Table<T>& table() const {
    if constexpr (dtype_of<T> == Dtype::f32)
      return *f32;
    else
      return *f64;
  }
};
Kernels kernels_of(kernels::Target target);

// One invocation. `dtype` is the floating type that the operation computes in.
struct Call {
  const Sizes& sizes;
  const void* const* inputs;
  void* const* outputs;
  void* workspace;
  void* linked;  // what link() wrote for these sizes, dtype and kernels
  Dtype dtype;
  const Kernels& kernels;
  std::uint64_t padded = 0;  // by input: whether it may be read up to a multiple of 64 bytes from where it starts

  bool is_padded(std::size_t input) const { return (padded >> input & 1) != 0; }
  template <class T>
  const T* in(std::size_t i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <class T>
  T* out(std::size_t i) const {
    return static_cast<T*>(outputs[i]);
  }
};

// Numbers that each run of a fixed call reads once from one end to the other, as a product of one row does its matrix.
struct Sweep {
  const std::byte* from = nullptr;
  std::size_t bytes = 0;
  std::size_t ahead = 0;  // of them, from the front: what is worth having in the nearest cache before the run begins
};

// An invocation whose sizes and addresses are fixed; only the contents of its memory change from run to run. Its bits are
// those of Operation::run.
class FixedCall {
 public:
  virtual ~FixedCall() = default;
  virtual Status run() noexcept = 0;
  // What it calls, and why, as Operation::kernel tells it.
  virtual std::string kernel() const = 0;
  virtual Sweep sweep() const { return {}; }
  // Asks run() to fetch these bytes into the nearest cache when its own sweep is done: a call that comes later reads them.
  virtual void fetch_behind(const std::byte*, std::size_t) {}
};

// Arithmetic and traffic of one invocation. A transcendental function counts as `transcendental_flop`.
struct Cost {
  double flop = 0;
  double bytes = 0;
};
inline constexpr double transcendental_flop = 10;

class Operation {
 public:
  virtual ~Operation() = default;

  virtual std::string_view name() const = 0;
  // The options, as `explain` prints them; empty where there are none.
  virtual std::string options() const { return {}; }
  // Whether `other` computes the same function of its inputs; only called with the same dynamic type.
  virtual bool same(const Operation& other) const = 0;

  // The types of the outputs. Throws ShapeError or DtypeError.
  virtual std::vector<Type> infer(std::span<const Type> inputs) const = 0;
  virtual Cost cost(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at) const;

  // Where the only output is the first input's memory from some byte on, that byte; −1 where it is memory of its own.
  virtual std::int64_t alias_offset(std::span<const Type>) const { return -1; }
  // Whether output `output` may be written over input `input` (of the same size) as the operation runs.
  virtual bool may_overwrite(std::size_t output, std::size_t input, std::span<const Type> inputs) const;
  // Scratch that one invocation needs, for the largest extents.
  virtual std::size_t workspace_bytes(std::span<const Type>, const Extents&) const { return 0; }

  // Whether sizes among the options go with those of the inputs at these extents, where shapes alone do not tell: prepare
  // and run are for such extents only.
  virtual bool fits(std::span<const Type>, const Extents&) const { return true; }
  virtual void prepare(std::span<const Type> inputs, std::span<const Type> outputs, const Extents& at,
                       Sizes& sizes) const = 0;
  // Bytes that link() writes for run() to read, at a multiple of 64, for the largest extents. Addresses of inputs and
  // outputs are not known yet.
  virtual std::size_t linked_bytes(std::span<const Type>, const Extents&) const { return 0; }
  virtual void link(const Call&) const noexcept {}
  virtual Status run(const Call& call) const noexcept = 0;
  // The kernels that run() calls for the sizes of a prepared call, and why these, as `explain` tells it: "matmul_nt: one
  // column is a row of the transposed product". Empty where there is nothing to choose. Reads no memory of the call.
  virtual std::string kernel(const Call&) const { return {}; }
  // `call` for its sizes and addresses alone; none where run() has nothing to find out. Allocates. The operation, the
  // kernels and the call's memory must outlive the result.
  virtual std::unique_ptr<FixedCall> fix(const Call&) const { return nullptr; }

  // The operation that does the same for `steps` invocations at once: the inputs marked in `is_stacked` have an axis of
  // that size in front, and so have the outputs. None where there is no such operation. Passes use it to move work out
  // of loops.
  virtual std::shared_ptr<const Operation> stacked(std::span<const Type> inputs, std::span<const char> is_stacked,
                                                   const Dim& steps) const;
  // The operation for these extents alone: sizes among its options are numbers. None where it has no such options.
  virtual std::shared_ptr<const Operation> at(const Extents&) const { return nullptr; }
};

using OperationPtr = std::shared_ptr<const Operation>;

bool same(const Operation& a, const Operation& b);

// Calls function(T{}) with T the floating type `dtype`.
template <class Function>
auto with_floating(Dtype dtype, Function&& function) {
  return dtype == Dtype::f64 ? function(double{}) : function(float{});
}

// Runs `operation` on tensors now: checks inputs and outputs against the shape rule, takes scratch, calls the kernel.
// Outputs must have the right dtype and shape (ShapeError); they are never resized. An output may be an input's memory
// only where may_overwrite says so. A Status that is not ok is thrown as an Error.
void call(const Operation& operation, std::span<const View> inputs, std::span<const View> outputs,
          kernels::Target target = kernels::Target::best);
// The same into new tensors.
std::vector<Tensor> call(const Operation& operation, std::span<const View> inputs,
                         kernels::Target target = kernels::Target::best);

// Checks shared by shape rules. They name `operation` and input number `index`, called `argument`.
void require_inputs(const Operation& operation, std::span<const Type> inputs, std::size_t count);
void require_floating(const Operation& operation, std::span<const Type> inputs);  // all floating and of one dtype
[[noreturn]] void shape_error(const Operation& operation, const char* argument, const Shape& actual,
                              std::string required, std::string remedy = {});

}  // namespace elegans::ops
