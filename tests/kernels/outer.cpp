// Sums of outer products against one product a pair of operands, and by hand.

#include <cmath>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using Sizes = std::vector<std::size_t>;

// Operands a_i [k,m_i] and b_j [k,n_j], and outputs that begin as noise with guards behind them.
template <class T>
struct Product {
  static constexpr std::size_t guard = 3;
  Sizes m, n;
  std::size_t k;
  std::vector<Array<T>> a, b, y;

  Product(Sizes ms, Sizes ns, std::size_t depth, std::uint64_t seed = 1)
      : m(std::move(ms)), n(std::move(ns)), k(depth) {
    for (const std::size_t i : m) a.push_back(random_array<T>(k * i, ++seed));
    for (const std::size_t j : n) b.push_back(random_array<T>(k * j, ++seed));
    for (const std::size_t i : m)
      for (const std::size_t j : n) y.push_back(random_array<T>(i * j + guard, ++seed));
  }

  void run(const Table<T>& table) {
    std::vector<const T*> left, right;
    std::vector<T*> results;
    for (auto& one : a) left.push_back(one.data());
    for (auto& one : b) right.push_back(one.data());
    for (auto& one : y) results.push_back(one.data());
    table.outer_products(left.data(), m.data(), m.size(), right.data(), n.data(), n.size(), k, results.data());
  }

  // One chain over ascending k, fused on machines that fuse. So the bits are known.
  T expected(std::size_t i, std::size_t j, std::size_t row, std::size_t column, bool fused) const {
    T sum = 0;
    for (std::size_t p = 0; p < k; ++p) {
      const T left = a[i][p * m[i] + row], right = b[j][p * n[j] + column];
      sum = fused ? std::fma(left, right, sum) : sum + left * right;
    }
    return sum;
  }
};

bool fuses(const std::string& target) { return target != "scalar" && target != "SSE4"; }

template <class T>
class OuterProducts : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(OuterProducts, Types);

TYPED_TEST(OuterProducts, AreChainsOverAscendingK) {
  using T = TypeParam;
  const Sizes rows[] = {{1}, {0}, {5, 0, 3}, {16, 34}, {8, 7, 15, 2}, {9}};
  const Sizes columns[] = {{1}, {0, 0}, {34, 34, 34, 34}, {8}, {22, 0, 1, 17}, {16, 16, 16, 16}, {3, 31}, {130}};
  for (const Sizes& m : rows)
    for (const Sizes& n : columns)
      for (const std::size_t k : {0, 1, 7, 86, 200})
        for (const auto& [target, table] : tables<T>()) {
          Product<T> product(m, n, k);
          std::vector<Array<T>> before = product.y;
          product.run(table);
          for (std::size_t i = 0; i < m.size(); ++i)
            for (std::size_t j = 0; j < n.size(); ++j) {
              Array<T>& expected = before[i * n.size() + j];
              for (std::size_t r = 0; r < m[i]; ++r)
                for (std::size_t c = 0; c < n[j]; ++c)
                  expected[r * n[j] + c] = product.expected(i, j, r, c, fuses(target));
              ASSERT_TRUE(same_arrays(product.y[i * n.size() + j], expected))
                  << target << ": " << m.size() << " by " << n.size() << " operands, block " << i << ", " << j << ": "
                  << m[i] << "x" << k << "x" << n[j];
            }
        }
}

// More rows than are summed at once, across the border of an operand: the bits are those of a product for each pair.
TYPED_TEST(OuterProducts, OfManyRowsAreThoseOfEachPair) {
  using T = TypeParam;
  const Sizes m{200, 100, 300, 1}, n{40, 9};
  for (const auto& [target, table] : tables<T>()) {
    Product<T> product(m, n, 90);
    product.run(table);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < n.size(); ++j) {
        Array<T> expected(m[i] * n[j]);
        table.matmul_tn(product.a[i].data(), product.b[j].data(), expected.data(), m[i], product.k, n[j]);
        const Array<T>& got = product.y[i * n.size() + j];
        ASSERT_EQ(std::memcmp(got.data(), expected.data(), expected.size() * sizeof(T)), 0)
            << target << " block " << i << ", " << j;
      }
  }
}

// The oracles above could share a mistake in the order of arguments: this one counts by hand.
TYPED_TEST(OuterProducts, OfSmallMatrices) {
  using T = TypeParam;
  const Array<T> a0{1, 2, 3, 4}, a1{5, 6}, b0{1, 10}, b1{100, 1000, 10000, 100000};  // two steps each
  for (const auto& [target, table] : tables<T>()) {
    Array<T> y00(2), y01(4), y10(1), y11(2);
    const std::array<const T*, 2> a{a0.data(), a1.data()}, b{b0.data(), b1.data()};
    const std::array<T*, 4> y{y00.data(), y01.data(), y10.data(), y11.data()};
    const std::array<std::size_t, 2> m{2, 1}, n{1, 2};
    table.outer_products(a.data(), m.data(), 2, b.data(), n.data(), 2, 2, y.data());
    EXPECT_TRUE(same_arrays(y00, Array<T>{31, 42})) << target;  // [1 2; 3 4]' [1; 10]
    EXPECT_TRUE(same_arrays(y01, Array<T>{30100, 301000, 40200, 402000})) << target;
    EXPECT_TRUE(same_arrays(y10, Array<T>{65})) << target;  // [5; 6]' [1; 10]
    EXPECT_TRUE(same_arrays(y11, Array<T>{60500, 605000})) << target;
  }
}

}  // namespace
}  // namespace elegans::kernels
