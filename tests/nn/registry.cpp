#include "elegans/nn/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elegans/nn/dense.hpp"
#include "support/message_of.hpp"

namespace elegans::nn {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

class Scaled : public Layer {
 public:
  explicit Scaled(double factor) : factor_(factor) {}
  std::string type() const override { return "ScaledOfTest"; }
  Json config() const override { return {{"factor", factor_}}; }
  Shape compute_output_shape(const Shape& input) const override { return input; }

 protected:
  void on_build(const Shape&) override {}
  Value call(Context&, Value x) override { return x * factor_; }

 private:
  double factor_;
};

TEST(Registry, MakesALayerFromItsConfiguration) {
  Dense layer(3, "relu");
  layer.set_name("head");
  const Json config = Json::parse(to_config(layer).dump());
  EXPECT_EQ(config.at("type"), "Dense");
  const LayerPtr copy = make_layer(config, "model.json");
  EXPECT_EQ(copy->name(), "head");
  EXPECT_EQ(to_config(*copy), config);
}

TEST(Registry, MakesUsersLayers) {
  const Scaled layer(2.5);
  EXPECT_THAT(message_of<ConfigError>([&] { to_config(layer); }),
              HasSubstr("scaledoftest: type is 'ScaledOfTest'; expected a registered layer. Make it known by "
                        "register_layer(\"ScaledOfTest\", factory)"));
  register_layer("ScaledOfTest", [](const Json& c) { return std::make_shared<Scaled>(c.at("factor").get<double>()); });
  const LayerPtr copy = make_layer(to_config(layer));
  EXPECT_EQ((*copy)(Tensor::from({1, 1}, {2})).values()[0], 5);
  EXPECT_THAT(message_of<FormatError>([&] {
                make_layer({{"type", "ScaledOfTest"}}, "m.json");
              }),
              HasSubstr("m.json: the configuration of ScaledOfTest cannot be read: "));
  EXPECT_THROW(register_layer("ScaledOfTest", [](const Json&) { return nullptr; }), ConfigError);
  EXPECT_THROW(register_layer("Empty", {}), ConfigError);
}

TEST(Registry, SuggestsTypes) {
  EXPECT_THAT(message_of<ConfigError>([] {
                make_layer({{"type", "Dens"}}, "m.json");
              }),
              HasSubstr("m.json: the layer is 'Dens'; expected a known layer. Did you mean 'Dense'?"));
  EXPECT_THAT(message_of<ConfigError>([] {
                make_cell({{"type", "Dense"}}, "m.json");
              }),
              HasSubstr("m.json: the cell is"));
}

TEST(Registry, BeginsEveryMessageWithTheSource) {
  const auto refused = [](const char* type, Json config) {
    return message_of<FormatError>([&] { make_layer({{"type", type}, {"config", std::move(config)}}, "m.json"); });
  };
  EXPECT_THAT(refused("Reshape", {{"sizes", Json::array()}}), HasSubstr("m.json: Reshape: sizes is []"));
  EXPECT_THAT(refused("Activation", {{"activation", "rlu"}}), HasSubstr("m.json: activation"));
  for (const char* key : {"timespan_as_feature", "projection_pattern"}) {
    const Json value = std::string(key) == "timespan_as_feature"
                           ? Json(true)
                           : Json{{"rows", 8}, {"columns", 1}, {"synapses", Json::array({Json::array({0, 0, 1})})}};
    EXPECT_THAT(refused("CfC", {{"units", 8}, {"projection", 1}, {key, value}}),
                HasSubstr(std::string("key '") + key + "' is"));
  }
  // As large as a number of 64 bits can be: not −1.
  const Json pattern{{"rows", 2}, {"columns", 2}, {"synapses", Json::array({Json::array({0, 0, UINT64_MAX})})}};
  EXPECT_THAT(refused("GRU", {{"units", 2}, {"input_pattern", pattern}}), HasSubstr("out of range"));
}

TEST(Registry, RefusesConfigurationsOfOthers) {
  EXPECT_THAT(message_of<FormatError>([] { make_layer(Json::array(), "m.json"); }), HasSubstr("m.json"));
  EXPECT_THAT(message_of<FormatError>([] {
                make_layer({{"name", "a"}}, "m.json");
              }),
              HasSubstr("m.json: key 'type' is missing"));
  EXPECT_THAT(message_of<FormatError>([] {
                make_layer({{"type", "Dense"}, {"config", {{"units", -1}}}}, "m.json");
              }),
              HasSubstr("m.json: Dense: key 'units' is -1"));
}

}  // namespace
}  // namespace elegans::nn
