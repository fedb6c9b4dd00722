#include "elegans/nn/layer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/registry.hpp"
#include "elegans/nn/rnn.hpp"
#include "support/count_allocations.hpp"
#include "support/layer_gradients.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using testing::CountAllocations;
using testing::message_of;
using testing::random_tensor;

// A user's layer: y = tanh(gain ⊙ x + inner(x)).
class Gated : public Layer {
 public:
  Gated() { add_part("inner", inner_); }
  std::string type() const override { return "Gated"; }
  Json config() const override { return Json::object(); }
  Shape compute_output_shape(const Shape& input) const override { return input; }

 protected:
  void on_build(const Shape& input) override {
    gain_ = add_weight({.name = "gain", .shape = {input.back()}, .initialiser = Ones{}});
    inner_->build(input);
  }
  Value call(Context& context, Value x) override { return tanh(context.weight(gain_) * x + (*inner_)(context, x)); }

 private:
  WeightPtr gain_;
  std::shared_ptr<Dense> inner_ = std::make_shared<Dense>(3);
};

// A layer that promises what it does not keep.
class Wrong : public Layer {
 public:
  std::string type() const override { return "Wrong"; }
  Json config() const override { return Json::object(); }
  Shape compute_output_shape(const Shape&) const override { return {7}; }

 protected:
  void on_build(const Shape&) override {}
  Value call(Context&, Value x) override { return x * 2.0; }
};

TEST(Layers, AreNamedByTheirTypeOrOtherwise) {
  Dense layer(2);
  EXPECT_EQ(layer.path(), "dense");
  layer.set_name("head");
  layer.build({1, 3});
  EXPECT_EQ(layer.kernel()->path, "head/kernel");
  EXPECT_EQ(
      message_of<ConfigError>([&] { layer.set_name("tail"); }),
      "head: the name is changed to 'tail'; expected to stay as it is once weights exist. Name layers before they are "
      "built.");
  EXPECT_EQ(message_of<ConfigError>([] { Dense(2).set_name("a/b"); }),
            "dense: the name is 'a/b'; expected a name without '/'.");
}

TEST(Layers, GivePartsPathDtypeAndSeed) {
  Gated layer;
  layer.set_name("outer");
  layer.set_numbers(Dtype::f64, 5);
  layer.build({2, 3});
  const std::vector<WeightPtr> weights = layer.weights();
  ASSERT_EQ(weights.size(), 3U);
  EXPECT_EQ(weights[0]->path, "outer/gain");
  EXPECT_EQ(weights[1]->path, "outer/inner/kernel");
  EXPECT_EQ(weights[2]->path, "outer/inner/bias");
  for (const WeightPtr& weight : weights) EXPECT_EQ(weight->value.dtype(), Dtype::f64);
  Dense alone(3);
  alone.set_numbers(Dtype::f64, 5);
  alone.build({2, 3});
  EXPECT_NE(alone.kernel()->value.values(), weights[1]->value.values());  // another path
}

TEST(Layers, AreBuiltOnce) {
  Dense layer(2);
  EXPECT_FALSE(layer.built());
  layer.build({1, 3});
  const WeightPtr kernel = layer.kernel();
  layer.build({Dim::batch(), Dim::time(), 3});
  EXPECT_EQ(layer.kernel(), kernel);
  EXPECT_THROW(layer.build({1, 4}), ShapeError);
  EXPECT_THROW(layer.build({}), ShapeError);
  EXPECT_EQ(message_of<ConfigError>([&] { layer.set_numbers(Dtype::f64, 0); }),
            "dense: the dtype or seed is changed after building; expected to be set before.");
  EXPECT_THROW(layer.set_numbers(Dtype::i32, 0), DtypeError);
}

TEST(Layers, CanBeBuiltAfterAFailure) {
  const std::vector<wiring::Synapse> synapses{{0, 0, 1}};
  Dense layer({.pattern = wiring::Pattern::from_synapses(synapses, 2, 1), .kernel_initialiser = Given{{3}}});
  EXPECT_THROW(layer.build({1, 5}), ShapeError);
  EXPECT_EQ(layer(Tensor::from({1, 2}, {2, 9})).values(), (std::vector<double>{6}));
}

TEST(Layers, WriteUnderTheirName) {
  Gated layer;
  graph::Graph g;
  Context context(g);
  layer(context, g.input("x", {Dtype::f32, {Dim::batch(), 3}}));
  EXPECT_THAT(graph::to_string(g), ::testing::HasSubstr("# gated/inner"));
  EXPECT_EQ(context.weights().size(), 3U);
  EXPECT_EQ(context.path(), "");
}

TEST(Layers, HaveTheGradientsOfFiniteDifferences) {
  Gated layer;
  layer.set_numbers(Dtype::f64, 5);
  testing::check_layer_gradient(layer, {.x = random_tensor({2, 3}, 1)});
}

TEST(Layers, AreSharedByUsingThemTwice) {
  Dense layer({.units = 3, .use_bias = false, .kernel_regulariser = l2(1)});
  layer.set_numbers(Dtype::f64, 5);
  graph::Graph g;
  Context context(g, {.mode = Mode::training});
  const Value x = g.input("x", {Dtype::f64, {2, 3}});
  layer(context, layer(context, x));
  EXPECT_EQ(context.weights().size(), 1U);
  EXPECT_EQ(context.losses().size(), 1U);  // one weight, one penalty
}

TEST(Layers, KeepTheirPromises) {
  Wrong layer;
  EXPECT_EQ(message_of<ShapeError>([&] {
              layer(Tensor(Shape{2, 3}));
            }),
            "wrong: output is [2, 3]; expected [7], as compute_output_shape([2, 3]) says. Correct call or "
            "compute_output_shape.");
}

TEST(Layers, RefuseAnotherDtype) {
  Dense layer(2);
  EXPECT_EQ(message_of<DtypeError>([&] {
              layer(Tensor(Shape{2, 3}, Dtype::f64));
            }),
            "dense: input is f64[2, 3]; expected f32, as the layer is. Call set_numbers(Dtype::f64, seed) before the "
            "layer is "
            "built, or convert with Tensor::to.");
}

TEST(Layers, RefuseAPartOfAnotherDtype) {
  const auto cell = std::make_shared<GRUCell>(2);
  cell->set_numbers(Dtype::f64, 1);
  cell->build({1, 3});
  EXPECT_THAT(message_of<ConfigError>([&] {
                RNN(cell).build({1, 2, 3});
              }),
              ::testing::HasSubstr("the dtype of its part 'grucell' is f64; expected f32"));
}

TEST(DirectCalls, SeeNewWeights) {
  Dense layer({.units = 1, .kernel_initialiser = Given{{2, 3}}});
  const Tensor x = Tensor::from({1, 2}, {10, 1});
  EXPECT_EQ(layer(x).values(), (std::vector<double>{23}));
  layer.kernel()->value.as<float>()[0] = 5;
  EXPECT_EQ(layer(x).values(), (std::vector<double>{53}));
  layer.kernel()->value = Tensor::from({2, 1}, {1, 1});
  EXPECT_EQ(layer(x).values(), (std::vector<double>{11}));
}

TEST(DirectCalls, KeepSixteenShapesAndServeMore) {
  Dense layer({.units = 1, .kernel_initialiser = Ones{}});
  for (int round = 0; round < 2; ++round)
    for (std::int64_t rows = 1; rows <= 18; ++rows) {
      const Tensor x = Tensor::from({rows, 1}, std::vector<double>(static_cast<std::size_t>(rows), 2.0));
      EXPECT_EQ(layer(x).values(), x.values());
    }
}

TEST(DirectCalls, RefuseAnotherOutput) {
  Dense layer(2);
  const Tensor x(Shape{4, 3});
  EXPECT_EQ(message_of<ShapeError>([&] {
              layer(x, Tensor(Shape{4, 3}));
            }),
            "dense: output 0 is [4, 3]; expected [4, 2]. Outputs are never resized.");
  EXPECT_EQ(message_of<DtypeError>([&] {
              layer(x, Tensor(Shape{4, 2}, Dtype::f64));
            }),
            "dense: output 0 is f64; expected f32.");
}

TEST(DirectCalls, AllocateNothingFromTheSecondCallOfAShapeOn) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "a sanitizer's allocator cannot be counted";
  Gated layer;
  const Tensor small = random_tensor({2, 3}, 1).to(Dtype::f32);
  const Tensor large = random_tensor({5, 3}, 1).to(Dtype::f32);
  const Tensor small_out(Shape{2, 3});
  const Tensor large_out(Shape{5, 3});
  layer(small, small_out);
  layer(large, large_out);
  const CountAllocations counting;
  for (int i = 0; i < 3; ++i) {
    layer(small, small_out);
    layer(large, large_out);
  }
  EXPECT_EQ(counting.calls(), 0U);
}

TEST(CountingAllocations, CountsEveryWayToAskForMemory) {
  if (!CountAllocations::supported()) GTEST_SKIP() << "a sanitizer's allocator cannot be counted";
  const CountAllocations counting;
  EXPECT_EQ(counting.calls(), 0U);
  std::size_t before = counting.calls();
  const auto counted = [&] {
    const std::size_t now = counting.calls();
    return now - std::exchange(before, now);
  };
  ::operator delete(::operator new(100));
  EXPECT_EQ(counted(), 1U);
  ::operator delete (::operator new (100, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(counted(), 1U);
  void* volatile memory = std::malloc(10);
  memory = std::realloc(memory, 5000);
  std::free(memory);
  EXPECT_EQ(counted(), 2U);
  EXPECT_GE(counting.bytes(), 5210U);
}

}  // namespace
}  // namespace elegans::nn
