#pragma once
// Executables of a module that is called on tensors, one for each tuple of input types, the last used ones kept.
//
//   DirectCalls::Call* call = calls.find(inputs);
//   if (!call) call = &calls.build(path(), inputs, write);
//   (*call)(inputs, outputs);

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "elegans/base/lru_cache.hpp"
#include "elegans/graph/executable.hpp"
#include "elegans/nn/context.hpp"

namespace elegans::nn {

// What a call is known by.
struct CallTypes {
  std::vector<ops::Type> types;
  friend bool operator==(const CallTypes&, const CallTypes&) = default;
  friend bool operator==(const CallTypes& types, std::span<const View> views);
};

class DirectCalls {
 public:
  static constexpr std::size_t capacity = 16;

  // One executable, for inputs of the types that it was built for.
  class Call {
   public:
    std::vector<Tensor> operator()(std::span<const View> inputs);
    // Outputs must have their types (ShapeError, DtypeError) and may overlap no input. Allocates nothing. Throws where
    // a Status is not ok.
    void operator()(std::span<const View> inputs, std::span<const View> outputs);

   private:
    friend class DirectCalls;
    Call(std::string path, graph::Executable executable) : path_(std::move(path)), executable_(std::move(executable)) {}
    void check_output(std::size_t index, const View& view) const;

    std::string path_;
    graph::Executable executable_;
    std::vector<std::pair<std::size_t, WeightPtr>> weights_;  // by the executable's number of the input
  };

  // The one for inputs of these types, or nullptr. Allocates nothing.
  Call* find(std::span<const View> inputs) { return calls_.find(inputs); }

  // Makes one, where there is none: `write(context, values)` writes the graph, from one value an input to the outputs.
  // Inference, constant shapes.
  using WriteGraph = std::function<std::vector<Value>(Context&, std::span<const Value>)>;
  Call& build(const std::string& path, std::span<const View> inputs, const WriteGraph& write);

 private:
  LruCache<CallTypes, Call> calls_{capacity};
};

}  // namespace elegans::nn
