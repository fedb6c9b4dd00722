// Kernels over lists of synapses, against plain loops.

#include <numeric>

#include "kernels/scalar/scalar.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

// A random circuit; some targets have no synapse.
struct Circuit {
  std::size_t inputs, outputs;
  std::vector<std::uint32_t> source, target, offsets, order, sources;  // the last by place in the list

  Circuit(std::size_t inputs, std::size_t outputs, std::size_t count, std::uint64_t seed)
      : inputs(inputs), outputs(outputs), source(count), target(count), offsets(outputs + 1), order(count) {
    std::mt19937_64 generator(seed);
    for (std::size_t s = 0; s < count; ++s) {
      source[s] = static_cast<std::uint32_t>(generator() % inputs);
      target[s] = static_cast<std::uint32_t>(generator() % outputs);
      if (target[s] == 1) target[s] = 0;
      ++offsets[target[s] + 1];
    }
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), generator);
    std::stable_sort(order.begin(), order.end(), [&](auto s, auto t) { return target[s] < target[t]; });
    for (const std::uint32_t s : order) sources.push_back(source[s]);
  }
};

const Circuit& small() {
  static const Circuit circuit(13, 9, 41, 1);
  return circuit;
}
const Circuit& middle() {
  static const Circuit circuit(48, 32, 824, 2);
  return circuit;
}
// More inputs than a kernel may put on the stack.
const Circuit& large() {
  static const Circuit circuit(3000, 70, 5000, 3);
  return circuit;
}
const Circuit& empty() {
  static const Circuit circuit(5, 4, 0, 4);
  return circuit;
}

const std::size_t row_counts[] = {0, 1, 2, 3, 7, 8, 16, 31, 32, 33, 65, 130};

template <class T>
class Sparse : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Sparse, Types);

// The order and the rounding are fixed, so the bits are known; and they are those of any number of rows.
TYPED_TEST(Sparse, MatmulSumsInListOrder) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const Circuit* c : {&small(), &middle(), &large(), &empty()}) {
      for (const std::size_t rows : row_counts) {
        const Array<T> x = random_array<T>(rows * c->inputs, 5), w = random_array<T>(c->source.size(), 6);
        Array<T> y = random_array<T>(rows * c->outputs, 7), expected(rows * c->outputs);
        table.sparse_matmul(x.data(), w.data(), y.data(), rows, c->inputs, c->outputs, 1, c->offsets.data(),
                            c->sources.data());
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t u = 0; u < c->outputs; ++u) {
            T sum = 0;
            for (std::size_t p = 0; p < c->order.size(); ++p) {
              const std::uint32_t s = c->order[p];
              if (c->target[s] == u) sum += w[p] * x[r * c->inputs + c->source[s]];
            }
            expected[r * c->outputs + u] = sum;
          }
          if (c == &large() && r > 3) break;
        }
        if (c == &large() && rows > 5) continue;
        ASSERT_TRUE(same_arrays(y, expected)) << target << " " << rows << " rows of " << c->inputs;
      }
    }
  }
}

TYPED_TEST(Sparse, SampledProductIsTheGradientOfTheWeights) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const Circuit* c : {&small(), &middle(), &large(), &empty()}) {
      for (const std::size_t rows : row_counts) {
        const std::size_t count = c->source.size();
        const Array<T> x = random_array<T>(rows * c->inputs, 8), d = random_array<T>(rows * c->outputs, 9);
        Array<T> g = random_array<T>(count, 10);
        table.sampled_product(x.data(), d.data(), g.data(), rows, c->inputs, c->outputs, 1, count, c->source.data(),
                              c->target.data());
        for (std::size_t s = 0; s < count; ++s) {
          long double sum = 0, magnitude = 0;
          for (std::size_t r = 0; r < rows; ++r) {
            const long double term =
                static_cast<long double>(x[r * c->inputs + c->source[s]]) * d[r * c->outputs + c->target[s]];
            sum += term;
            magnitude += std::fabs(term);
          }
          ASSERT_LE(std::fabs(g[s] - sum), rows * std::numeric_limits<T>::epsilon() * magnitude)
              << target << " " << rows << " rows of " << c->inputs << ", synapse " << s;
        }
      }
    }
  }
}

TYPED_TEST(Sparse, GatherCopiesAndScatterSumAdds) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const Circuit* c : {&small(), &middle(), &empty()}) {
      for (const std::size_t rows : row_counts) {
        SCOPED_TRACE(target + " " + std::to_string(rows) + " rows of " + std::to_string(c->inputs));
        const std::size_t count = c->source.size();
        const Array<T> x = random_array<T>(rows * c->inputs, 11);
        Array<T> wide = random_array<T>(rows * count, 12), expected_wide(rows * count);
        table.gather(x.data(), wide.data(), rows, c->inputs, count, 1, c->source.data());
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t s = 0; s < count; ++s) expected_wide[r * count + s] = x[r * c->inputs + c->source[s]];
        }
        ASSERT_TRUE(same_arrays(wide, expected_wide));

        Array<T> y = random_array<T>(rows * c->outputs, 13), expected(rows * c->outputs);
        table.scatter_sum(wide.data(), y.data(), rows, count, c->outputs, 1, c->offsets.data(), c->order.data());
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t u = 0; u < c->outputs; ++u) {
            T sum = 0;
            for (const std::uint32_t s : c->order) {
              if (c->target[s] == u) sum += wide[r * count + s];
            }
            expected[r * c->outputs + u] = sum;
          }
        }
        ASSERT_TRUE(same_arrays(y, expected));
      }
    }
  }
}

// A batch beside each number: every place of it is a circuit of its own, in the same bits.
TYPED_TEST(Sparse, BatchInnermostIsOneCircuitForEachPlace) {
  using T = TypeParam;
  constexpr std::size_t rows = 2;
  const Table<T>& oracle = scalar_kernels<T>();
  for (const auto& [target, table] : tables<T>()) {
    for (const Circuit* c : {&small(), &middle(), &empty()}) {
      for (const std::size_t inner : {0, 2, 3, 4, 7, 8, 15, 16, 17, 32, 33}) {
        SCOPED_TRACE(target + " batch " + std::to_string(inner) + " of " + std::to_string(c->inputs));
        const std::size_t count = c->source.size();
        const auto place = [&](const Array<T>& all, std::size_t width, std::size_t i) {
          Array<T> one(rows * width);
          for (std::size_t k = 0; k < rows * width; ++k) one[k] = all[k * inner + i];
          return one;
        };
        const Array<T> x = random_array<T>(rows * c->inputs * inner, 21), w = random_array<T>(count, 22),
                       d = random_array<T>(rows * c->outputs * inner, 23);
        Array<T> product = random_array<T>(rows * c->outputs * inner, 24), sum(rows * c->outputs * inner),
                 wide(rows * count * inner), g(count);
        table.sparse_matmul(x.data(), w.data(), product.data(), rows, c->inputs, c->outputs, inner, c->offsets.data(),
                            c->sources.data());
        table.gather(x.data(), wide.data(), rows, c->inputs, count, inner, c->source.data());
        table.scatter_sum(wide.data(), sum.data(), rows, count, c->outputs, inner, c->offsets.data(), c->order.data());
        table.sampled_product(x.data(), d.data(), g.data(), rows, c->inputs, c->outputs, inner, count, c->source.data(),
                              c->target.data());
        Array<T> added = random_array<T>(c->outputs * inner, 25), one_by_one = added;
        table.scatter_add(wide.data(), added.data(), count, inner, c->target.data());
        for (std::size_t k = 0; k < count * inner; ++k) one_by_one[c->target[k / inner] * inner + k % inner] += wide[k];
        ASSERT_TRUE(same_arrays(added, one_by_one));
        Array<T> g_expected(count), g_place(count);
        std::fill_n(g_expected.data(), count, T{0});
        for (std::size_t i = 0; i < inner; ++i) {
          const Array<T> x_place = place(x, c->inputs, i), d_place = place(d, c->outputs, i);
          Array<T> y_place(rows * c->outputs), wide_place(rows * count);
          oracle.sparse_matmul(x_place.data(), w.data(), y_place.data(), rows, c->inputs, c->outputs, 1,
                               c->offsets.data(), c->sources.data());
          ASSERT_TRUE(same_arrays(place(product, c->outputs, i), y_place));
          oracle.gather(x_place.data(), wide_place.data(), rows, c->inputs, count, 1, c->source.data());
          ASSERT_TRUE(same_arrays(place(wide, count, i), wide_place));
          oracle.scatter_sum(wide_place.data(), y_place.data(), rows, count, c->outputs, 1, c->offsets.data(),
                             c->order.data());
          ASSERT_TRUE(same_arrays(place(sum, c->outputs, i), y_place));
          oracle.sampled_product(x_place.data(), d_place.data(), g_place.data(), rows, c->inputs, c->outputs, 1, count,
                                 c->source.data(), c->target.data());
          for (std::size_t s = 0; s < count; ++s) g_expected[s] += g_place[s];
        }
        // Sums of terms of at most 4 in any order.
        for (std::size_t s = 0; s < count; ++s)
          ASSERT_NEAR(g[s], g_expected[s], 4.0 * rows * inner * rows * inner * std::numeric_limits<T>::epsilon());
      }
    }
  }
}

TYPED_TEST(Sparse, LevelsAreAddedInAscendingOrder) {
  using T = TypeParam;
  for (const auto& [name, table] : tables<T>()) {
    for (const std::size_t width : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70}) {
      // Target k of the order has 1 + (width - k) / 3 connections, the last one none.
      std::vector<std::uint32_t> offsets{0};
      for (std::size_t level = 0; level < 1 + width / 3; ++level) {
        std::size_t size = 0;
        while (size + 1 < width && level < 1 + (width - size) / 3) ++size;
        offsets.push_back(offsets.back() + static_cast<std::uint32_t>(size));
      }
      std::vector<std::uint32_t> rank(width);
      for (std::size_t u = 0; u < width; ++u) rank[u] = static_cast<std::uint32_t>((width - 1 - u + 3) % width);
      for (const std::size_t arrays : {0, 1, 2, 3, 5}) {
        Array<T> sums(2 * width);
        std::vector<Array<T>> x, y;
        std::vector<const T*> from;
        std::vector<T*> to;
        for (std::size_t a = 0; a < arrays; ++a) {
          x.push_back(random_array<T>(offsets.back(), 31 + a));
          y.push_back(random_array<T>(width, 40 + a));
        }
        for (std::size_t a = 0; a < arrays; ++a) {
          from.push_back(x[a].data());
          to.push_back(y[a].data());
        }
        table.sum_levels(from.data(), to.data(), arrays, width, offsets.size() - 1, offsets.data(), rank.data(),
                         sums.data());
        for (std::size_t a = 0; a < arrays; ++a) {
          Array<T> expected(width);
          for (std::size_t u = 0; u < width; ++u) {
            T sum = 0;
            for (std::size_t j = 0; j + 1 < offsets.size(); ++j)
              if (offsets[j] + rank[u] < offsets[j + 1]) sum += x[a][offsets[j] + rank[u]];
            expected[u] = sum;
          }
          EXPECT_TRUE(same_arrays(y[a], expected)) << name << " width " << width << ", array " << a << " of " << arrays;
        }
      }
    }
  }
}

// 0 times infinity does not happen where there is no synapse.
TYPED_TEST(Sparse, AbsentSynapsesMakeNoNaN) {
  using T = TypeParam;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const std::vector<std::uint32_t> offsets{0, 1, 1}, source{1}, target{0};
  for (const auto& [name, table] : tables<T>()) {
    SCOPED_TRACE(name);
    constexpr std::size_t rows = 70;
    Array<T> x(2 * rows), d(2 * rows), y(2 * rows), g(1);
    for (std::size_t r = 0; r < rows; ++r) {
      x[2 * r] = infinity;
      x[2 * r + 1] = d[2 * r] = 1;
      d[2 * r + 1] = -infinity;
    }
    const Array<T> w{3};
    table.sparse_matmul(x.data(), w.data(), y.data(), rows, 2, 2, 1, offsets.data(), source.data());
    table.sampled_product(x.data(), d.data(), g.data(), rows, 2, 2, 1, 1, source.data(), target.data());
    for (std::size_t r = 0; r < rows; ++r) {
      EXPECT_EQ(y[2 * r], 3);
      EXPECT_EQ(y[2 * r + 1], 0);
    }
    EXPECT_EQ(g[0], rows);
  }
}

}  // namespace
}  // namespace elegans::kernels
