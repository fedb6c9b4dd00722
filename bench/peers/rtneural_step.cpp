// Serves a step of LSTM or GRU with Dense 8 by RTNeural's compile-time models with Eigen.
//
//     rtneural_step lstm-16 | lstm-32 | lstm-64 | gru-16 | gru-32 | gru-64
//
// Compiled with -I RTNEURAL -DRTNEURAL_USE_EIGEN=1 -O3 -march=native, and -DRTNEURAL_VERSION of what it calls itself.

#include <RTNeural/RTNeural.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "serve.h"

namespace {

constexpr int inputs = 16, outputs = 8;
using Matrix = std::vector<std::vector<float>>;

Matrix numbers(int rows, int columns) {
  Matrix matrix(rows, std::vector<float>(columns));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) matrix[r][c] = 0.02F * static_cast<float>((r * 7 + c * 3) % 19 - 9);
  return matrix;
}

template <template <typename, int, int> class Layer, int units, int gates, bool is_gru>
int serve_model() {
  using Model =
      RTNeural::ModelT<float, inputs, outputs, Layer<float, inputs, units>, RTNeural::DenseT<float, units, outputs>>;
  auto model = std::make_unique<Model>();
  auto& cell = model->template get<0>();
  cell.setWVals(numbers(inputs, gates * units));
  cell.setUVals(numbers(units, gates * units));
  if constexpr (is_gru)
    cell.setBVals(numbers(2, gates * units));
  else
    cell.setBVals(numbers(1, gates * units)[0]);
  model->template get<1>().setWeights(numbers(outputs, units));
  model->template get<1>().setBias(numbers(1, outputs)[0].data());
  model->reset();
  serve(
      RTNEURAL_VERSION,
      [](void* self, long calls) {
        alignas(64) float x[inputs];
        for (int i = 0; i < inputs; ++i) x[i] = 0.1F * static_cast<float>(i % 11) - 0.4F;
        volatile float sink = 0;
        for (long i = 0; i < calls; ++i) sink = static_cast<Model*>(self)->forward(x);
        (void)sink;
      },
      model.get());
  return 0;
}

template <typename T, int in, int out>
using Lstm = RTNeural::LSTMLayerT<T, in, out>;
template <typename T, int in, int out>
using Gru = RTNeural::GRULayerT<T, in, out>;

}  // namespace

int main(int count, char** words) {
  const std::string name = count > 1 ? words[1] : "";
  if (name == "lstm-16") return serve_model<Lstm, 16, 4, false>();
  if (name == "lstm-32") return serve_model<Lstm, 32, 4, false>();
  if (name == "lstm-64") return serve_model<Lstm, 64, 4, false>();
  if (name == "gru-16") return serve_model<Gru, 16, 3, true>();
  if (name == "gru-32") return serve_model<Gru, 32, 3, true>();
  if (name == "gru-64") return serve_model<Gru, 64, 3, true>();
  fprintf(stderr, "rtneural_step: no model '%s'\n", name.c_str());
  return 2;
}
