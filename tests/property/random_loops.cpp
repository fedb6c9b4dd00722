// Loops that nobody would write: bodies of random operations with loops inside, values from every depth joined and
// multiplied, and much that nobody reads. Whatever passes run, values and gradients are those of no pass; fusing,
// merging and biases as terms change no bit. Rows are of 3 numbers, or of 13: sums of those go in several chains.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/check_gradient.hpp"

namespace elegans::graph {
namespace {

using testing::GradientCase;
using testing::GradientResult;
using testing::random_tensor;
using testing::run_case;

std::int64_t width_of(std::uint64_t seed) { return seed % 2 == 0 ? 3 : 13; }

// Writes random operations on values [batch, width]; the weight is [width, width].
class Writer {
 public:
  Writer(std::uint64_t seed, Value weight)
      : engine_(seed * 2654435761U + 29), width_(width_of(seed)), weight_(weight) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  // A value made of `known` in some steps. All that is made on the way may be used, or stay unread.
  Value write(std::vector<Value> known, int depth) {
    const std::size_t steps = 2 + below(4);
    for (std::size_t i = 0; i < steps; ++i) known.push_back(operation(known, depth));
    return known[known.size() - 1 - below(2)];
  }

  // A loop over the scanned arrays, or of three steps without any. Its result is the carried value, or the last row of
  // what it stacks.
  Value loop(const std::vector<Value>& known, const std::optional<Value>& scanned, int depth) {
    const std::vector<Value> initial{pick(known), pick(known)};
    const std::vector<Value> arrays = scanned ? std::vector<Value>{*scanned} : std::vector<Value>{};
    const std::int64_t every = below(4) == 0 ? 2 : 0;
    const bool reverse = below(3) == 0;
    const auto body = [&](const Loop& at) {
      std::vector<Value> inside = known;
      inside.insert(inside.end(), at.carried.begin(), at.carried.end());
      if (scanned) inside.push_back(at.scanned[0]);
      const Value first = tanh(write(inside, depth)), second = tanh(write(inside, depth));
      return LoopResult{.carried = {below(4) == 0 ? at.carried[0] : first, second},
                        .stacked = {write(inside, depth), second},
                        .summed = {reduce_sum(first, -1, Keep::yes) * second}};
    };
    const Dim count = scanned ? Dim::time() : Dim(3);
    const LoopResult result = scan(count, initial, arrays, body, {.reverse = reverse, .checkpoint_every = every});
    switch (below(4)) {
      case 0:
        return result.carried[0];
      case 1:
        return reduce_sum(result.stacked[0], 0);
      case 2:
        return result.summed[0];
      default:
        return result.carried[1] + reduce_sum(result.stacked[1], 0);
    }
  }

 private:
  Value pick(const std::vector<Value>& known) { return known[below(known.size())]; }

  Value operation(const std::vector<Value>& known, int depth) {
    const Value a = pick(known), b = pick(known);
    switch (below(depth > 0 ? 11 : 10)) {
      case 0:
        return a * b;
      case 1:
        return a + b * 0.5;
      case 2:
        return matmul(tanh(a), weight_);
      case 3:
        return sigmoid(a);
      case 4:
        return slice(matmul(concat({a, b}, -1), concat({weight_, weight_}, 0)), -1, 0, width_);
      case 5:
        return slice(concat({a, b}, -1), -1, 1, 1 + width_);
      case 6:
        return b * reduce_sum(a, -1, Keep::yes);
      case 7:
        return tanh(a) - softplus(b);
      case 8:  // an affine map of two operands
        return tanh((matmul(a, weight_) + reshape(slice(weight_, 0, 0, 1), {width_})) + matmul(b, weight_));
      case 9:  // a gate
        return sigmoid(matmul(a, weight_) + matmul(b, weight_)) *
               tanh(matmul(b, weight_ * weight_) + matmul(a, tanh(weight_)));
      default:
        return loop(known, std::nullopt, depth - 1);
    }
  }

  std::mt19937_64 engine_;
  std::int64_t width_;
  Value weight_;
};

GradientCase random_case(std::uint64_t seed, std::vector<std::string> disable, kernels::Target target) {
  const std::int64_t width = width_of(seed);
  const double most = 3.0 / static_cast<double>(width);  // sums of products stay as large as those of few
  return {.inputs = {random_tensor({4, 2, width}, seed), random_tensor({2, width}, seed + 1),
                     random_tensor({width, width}, seed + 2, -most, most)},
          .write =
              [seed](const std::vector<Value>& in) {
                Writer writer(seed, in[2]);
                return std::vector<Value>{writer.loop({in[1], reduce_sum(in[0], 0)}, in[0], 2)};
              },
          .shapes = {{Dim::time(), Dim::batch(), width}, {Dim::batch(), width}, {width, width}},
          .reserve = {.batch = 2, .time = 5},
          .disable = std::move(disable),
          .target = target};
}

// Largest difference of two results, relative to the largest number of each array where it is above 1.
double difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::vector<double> x = a[i].values(), y = b[i].values();
    double scale = 1;
    for (const double value : x) scale = std::max(scale, std::abs(value));
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double d = std::abs(x[k] - y[k]) / scale;
      most = std::max(most, std::isfinite(d) ? d : 1e30);
    }
  }
  return most;
}

void expect_same_bits(const GradientResult& a, const GradientResult& b) {
  for (std::size_t i = 0; i < a.outputs.size(); ++i) EXPECT_EQ(a.outputs[i].values(), b.outputs[i].values());
  for (std::size_t i = 0; i < a.gradients.size(); ++i) EXPECT_EQ(a.gradients[i].values(), b.gradients[i].values());
}

class RandomLoops : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomLoops, PassesChangeNothing) {
  for (const kernels::Target target : {kernels::Target::scalar, kernels::Target::best}) {
    const auto run = [&](std::vector<std::string> off) {
      return run_case(random_case(GetParam(), std::move(off), target));
    };
    const GradientResult plain = run({"simplify", "hoist", "fuse"}), all = run({}), unfused = run({"fuse"});
    const GradientResult fused = run({"simplify", "hoist"});
    // Some thousand operations one behind the other, on numbers that a body may amplify a little at each.
    constexpr double bound = 1e4 * 2.3e-16 * 100;
    for (const GradientResult* result : {&all, &unfused, &fused}) {
      EXPECT_LE(difference(plain.outputs, result->outputs), bound);
      EXPECT_LE(difference(plain.gradients, result->gradients), bound);
    }
    for (const auto& off : std::vector<std::vector<std::string>>{{"simplify"}, {"hoist"}, {"simplify", "fuse"}}) {
      const GradientResult result = run(off);
      EXPECT_LE(difference(plain.outputs, result.outputs), bound);
      EXPECT_LE(difference(plain.gradients, result.gradients), bound);
    }
    expect_same_bits(all, unfused);
    expect_same_bits(plain, fused);
    for (const char* kept : {"merge", "affine"}) expect_same_bits(all, run({kept}));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLoops, ::testing::Range<std::uint64_t>(0, 40));
INSTANTIATE_TEST_SUITE_P(HeavySeeds, RandomLoops, ::testing::Range<std::uint64_t>(40, 120));

}  // namespace
}  // namespace elegans::graph
