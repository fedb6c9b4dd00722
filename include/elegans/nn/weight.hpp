#pragma once
// Weights: named arrays that training changes.
//
// A weight over a Pattern has the logical shape [inputs, outputs] of the pattern. What is stored of it:
//
//     Storage::sparse   only the weights that exist, one a connection, in the order of the pattern: [count]
//     Storage::dense    the whole array [inputs, outputs], exactly 0 where no weight exists, before and after training
//
// Both compute alike: a layer reads the existing weights as [count] (Context::weight) in either case.

#include <functional>
#include <memory>
#include <string>

#include "elegans/nn/constraint.hpp"
#include "elegans/nn/initialiser.hpp"
#include "elegans/nn/regulariser.hpp"
#include "elegans/ops/operation.hpp"
#include "elegans/tensor/tensor.hpp"

namespace elegans::nn {

using PatternPtr = std::shared_ptr<const wiring::Pattern>;

enum class Storage { sparse, dense };

// What the polarities of a pattern mean for a weight:
//
//     ignored        nothing
//     initial_sign   the first value is |initial| · polarity; training may change the sign
//     fixed_sign     the same, and after every optimizer step a weight of the other sign is set to 0 (Dale's law)
enum class Polarity { ignored, initial_sign, fixed_sign };

struct WeightOptions {
  std::string name;
  Shape shape;  // that of the pattern where there is one
  Initialiser initialiser = GlorotUniform{};
  Regulariser regulariser = {};
  Constraint constraint = {};
  bool trainable = true;
  PatternPtr pattern = nullptr;
  Storage storage = Storage::sparse;
  Polarity polarity = Polarity::ignored;
};

struct Weight {
  WeightOptions options;
  std::string path;  // module and name, "cfc/ff1/kernel"; unique in a model
  Tensor value;      // of the stored shape; it may be replaced, and a trainer moves it (train/trainer.hpp)

  const Shape& stored_shape() const { return value.shape(); }
};

using WeightPtr = std::shared_ptr<Weight>;

// Gives the weight at `path` its first value, of type `stored`, in place of its initialiser: a file that is loaded. It
// is called before memory for the weight is taken, and throws where the file has no such value.
using FirstValues =
    std::function<Tensor(const WeightOptions& options, const std::string& path, const ops::Type& stored)>;

// Checks the options, and fills the weight at `path` from the seed (nn/initialiser.hpp), or from `first_values` where
// there are any. Where polarity is fixed, the constraint of the result is the given one followed by the sign's.
// ConfigError or ShapeError naming the path.
WeightPtr make_weight(WeightOptions options, std::string path, Dtype dtype, std::uint64_t seed,
                      const FirstValues& first_values = {});

}  // namespace elegans::nn
