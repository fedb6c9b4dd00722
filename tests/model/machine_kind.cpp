// The number of the arithmetic in the kind of a machine: the bits that it stands for.

#include "elegans/model/machine_kind.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "elegans/base/crc32.hpp"
#include "elegans/model/sequential.hpp"
#include "elegans/nn/cfc.hpp"
#include "elegans/nn/dense.hpp"
#include "elegans/nn/gru.hpp"
#include "elegans/nn/lstm.hpp"
#include "elegans/nn/ltc.hpp"
#include "elegans/nn/simple_rnn.hpp"
#include "elegans/wiring/wiring.hpp"

namespace elegans::model {
namespace {

// Weights and inputs are counted, for what initialisers draw is the C library's as well; no products of them are exact.
void count_up(std::span<float> values, int step) {
  int number = step;
  for (float& value : values) value = static_cast<float>((number += 37) % 101 - 50) / 97;
}

// Each layer alone, for one behind another would wash last bits out.
std::uint32_t bits_of_answers() {
  const wiring::Wiring circuit = wiring::AutoNCP({.units = 24, .output_size = 6});
  const std::vector<std::function<void(Sequential&)>> layers{
      [](Sequential& m) { m.add(nn::LSTM(16)); },         [](Sequential& m) { m.add(nn::GRU(12)); },
      [](Sequential& m) { m.add(nn::SimpleRNN(20)); },    [&](Sequential& m) { m.add(nn::CfC(circuit)); },
      [&](Sequential& m) { m.add(nn::LTC(circuit)); },    [](Sequential& m) { m.add(nn::CfC(12)); },
      [](Sequential& m) { m.add(nn::Dense(3, "tanh")); }, [](Sequential& m) { m.add(nn::Dense(70)); }};
  std::vector<float> all;
  for (const auto& add : layers) {
    Sequential network({.seed = 7});
    add(network);
    network.build(14);
    int step = 0;
    for (const nn::WeightPtr& weight : network.weights()) count_up(weight->value.as<float>(), ++step);
    Tensor x({3, 7, 14}, Dtype::f32), dt({3, 7}, Dtype::f32);
    count_up(x.as<float>(), 1);
    for (std::size_t i = 0; i < 21; ++i) dt.as<float>()[i] = 0.25F * static_cast<float>(1 + i % 5);
    const Tensor answers = network.has_time() ? network.predict(x, {.timespans = dt}) : network.predict(x);
    all.insert(all.end(), answers.as<float>().begin(), answers.as<float>().end());
  }
  return crc32(std::as_bytes(std::span<const float>(all)));
}

TEST(MachineKind, NamesTheArithmeticOfItsBits) {
  const std::map<std::string, std::uint32_t> known{{"AVX3", 1153138676}, {"AVX2", 57473369}, {"SSE4", 4159050644}};
  const auto bits = known.find(kernels::instruction_set(kernels::Target::best));
  if (bits == known.end()) GTEST_SKIP() << "no bits are known of this instruction set";
  EXPECT_EQ(bits_of_answers(), bits->second)
      << "networks compute other last bits than before: raise `arithmetic` (elegans/model/machine_kind.hpp), and write "
         "the numbers of all instruction sets here (ELEGANS_TARGET=AVX2 and so on)";
  EXPECT_THAT(machine_kind(), ::testing::HasSubstr("(arithmetic " + std::to_string(arithmetic) + ")"));
}

}  // namespace
}  // namespace elegans::model
