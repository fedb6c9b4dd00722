// A layer of one's own: written in thirty lines, it trains, fuses, is saved and loaded like the built-in ones.
//
// The task: a hilly landscape over the plane, from 400 points of it.

#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "elegans/graph/executable.hpp"
#include "elegans/model/load.hpp"
#include "elegans/model/save.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/train/trainer.hpp"

using namespace elegans;

namespace {

// Radial basis functions: every unit answers to what is near its centre.
//
//     y[…, u] = exp(−width[u] Σ_j (x[…, j] − centre[j, u])²)         width stays at 0 or above
class Radial : public nn::Layer {
 public:
  explicit Radial(std::int64_t units) : units_(units) {}

  std::string type() const override { return "Radial"; }
  nn::Json config() const override { return {{"units", units_}}; }
  Shape compute_output_shape(const Shape& input) const override {
    Shape output = input;
    output[output.rank() - 1] = units_;
    return output;
  }

 protected:
  void on_build(const Shape& input) override {
    centre_ = add_weight({.name = "centre", .shape = {input.back(), units_}, .initialiser = nn::Uniform{-1, 1}});
    width_ = add_weight({.name = "width",
                         .shape = {units_},
                         .initialiser = nn::ConstantValue{3},
                         .regulariser = nn::l2(1e-6),
                         .constraint = nn::non_negative()});
  }
  nn::Value call(nn::Context& context, nn::Value x) override {
    const nn::Value centre = context.weight(centre_);
    const nn::Value squares = reduce_sum(square(x), -1, graph::Keep::yes) + reduce_sum(square(centre), 0);
    return exp(-(context.weight(width_) * (squares - 2.0 * matmul(x, centre))));
  }

 private:
  std::int64_t units_;
  nn::WeightPtr centre_, width_;
};

// Points of the landscape, each a recording of one step.
train::Dataset points(int count, double phase) {
  std::vector<train::Recording> all;
  for (int i = 0; i < count; ++i) {
    const double a = std::sin(2.399 * i + phase), b = std::sin(1.618 * i + 2 * phase);
    all.push_back({.name = "point " + std::to_string(i),
                   .features = {a, b},
                   .dt = {1},
                   .targets = {std::sin(3 * a) * std::cos(2 * b)}});
  }
  return train::make_dataset({.features = {"east", "north"}, .targets = {"height"}}, std::move(all));
}

// What the passes made of the layer: the lines of explain() about joining operations.
void print_fused(nn::Layer& layer) {
  graph::Graph graph;
  nn::Context context(graph);
  graph.output("y", layer(context, graph.input("x", {Dtype::f32, Shape{8, 2}})));
  std::istringstream text(graph::compile(std::move(graph), {}).explain());
  for (std::string line; std::getline(text, line);)
    if (line.find("fuse") != std::string::npos || line.find("joined") != std::string::npos)
      std::printf("%s\n", line.c_str());
}

}  // namespace

int main() {
  // A program that loads such a model makes the layer known first.
  nn::register_layer("Radial", [](const nn::Json& config) {
    return std::make_shared<Radial>(config.at("units").get<std::int64_t>());
  });

  const train::Dataset data = points(400, 0), held_back = points(100, 1);
  Sequential model({.name = "landscape", .seed = 7});
  model.add(Radial(24)).add(nn::Dense(1));
  model.build({Dim::batch(), 2});
  Trainer trainer(model, {.optimizer = train::Adam{.learning_rate = 0.02}, .batch_size = 40, .epochs = 60});
  const double before = trainer.evaluate(held_back).loss;
  trainer.fit(data);
  const double after = trainer.evaluate(held_back).loss;
  std::printf("held back: loss %.4f before, %.4f after training\n", before, after);
  print_fused(*model.layers()[0]);

  save_model("own_layer.safetensors", model, {.features = {"east", "north"}, .targets = {"height"}});
  LoadedModel loaded = load_model("own_layer.safetensors");
  const Tensor x = Tensor::from({3, 2}, {0, 0, 0.5, -0.5, -1, 1});
  const bool equal = loaded.network.predict(x).values() == model.predict(x).values();
  std::printf("%s\n", equal ? "the loaded model gives the same bits" : "the loaded model differs");
  return equal && after < 0.1 * before ? 0 : 1;
}
