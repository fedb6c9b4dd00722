#pragma once
// The base of layers: modules that write the graph of one output from one input.
//
// A user's layer overrides
//
//     on_build(input)                 adds weights with add_weight
//     call(context, x)                writes the graph of the output
//     compute_output_shape(input)     says its shape
//     type(), config()                name and options, from which a registered factory (nn/registry.hpp)
//                                     makes it again
//
// Direct calls on tensors compute inference:
//
//     Tensor y = layer(x);            builds and keeps an executable for the shape of x (the 16 last used are kept)
//     layer(x, y);                    the same into y; from the second call of a shape on, nothing is allocated
//
// A layer is called by one thread at a time.

#include <memory>

#include "elegans/nn/module.hpp"

namespace elegans::nn {

class DirectCalls;

class Layer : public Module {
 public:
  Layer();
  ~Layer() override;

  // Writes the layer: builds it if need be, then calls `call` in a scope of its name. ShapeError, DtypeError naming the
  // path of the layer; also where the output is not of the shape that compute_output_shape promised.
  Value operator()(Context& context, Value x);
  virtual Shape compute_output_shape(const Shape& input) const = 0;
  // Whether a sequence can be run step by step, each answer known at its step. A layer that looks ahead in time says
  // no; by default one says what the layers among its parts say.
  virtual bool streams() const;

  Tensor operator()(const View& x);
  // `out` must have the shape of the result; it is never resized and may not overlap x.
  void operator()(const View& x, const View& out);

 protected:
  Layer(Layer&&) noexcept;
  virtual Value call(Context& context, Value x) = 0;

 private:
  std::unique_ptr<DirectCalls> calls_;
};

using LayerPtr = std::shared_ptr<Layer>;

}  // namespace elegans::nn
