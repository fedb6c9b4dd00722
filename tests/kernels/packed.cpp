// Products with a packed matrix against plain loops.

#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using Sizes = std::vector<std::size_t>;

// Left operands, a full matrix b [K,N] with its packed form, and outputs that begin as noise.
template <class T>
struct Product {
  Sizes depth, width, chains;  // chains: one a term unless told otherwise
  bool is_told = true;         // whether kernels are told the chains: where they are not, they are one each
  std::size_t rows, k, n;
  std::vector<Array<T>> a, y;
  Array<T> b, packed;

  Product(Sizes depths, Sizes widths, std::size_t row_count, std::uint64_t seed = 1)
      : depth(std::move(depths)),
        width(std::move(widths)),
        chains(depth.size(), 1),
        rows(row_count),
        k(std::accumulate(depth.begin(), depth.end(), std::size_t{0})),
        n(std::accumulate(width.begin(), width.end(), std::size_t{0})),
        b(random_array<T>(k * n, seed)),
        packed(packed_form<T>(k, n).elements()) {
    for (const std::size_t d : depth) a.push_back(random_array<T>(rows * d, ++seed));
    for (const std::size_t w : width) y.push_back(random_array<T>(rows * w, ++seed));
    pack();
  }

  void pack() {
    std::fill(packed.data(), packed.data() + packed.size(), T(0));
    for (std::size_t p = 0; p < k; ++p)
      for (std::size_t j = 0; j < n; ++j) packed[place(p, j)] = b[p * n + j];
  }
  std::size_t place(std::size_t p, std::size_t j) const {
    constexpr std::size_t panel = panel_columns<T>;
    const std::size_t width = n - j / panel * panel <= panel / 2 ? panel / 2 : panel;
    return j / panel * panel * k + p * width + j % panel;
  }

  const std::size_t* told() const { return is_told ? chains.data() : nullptr; }
  // `first` rows on, `count` of them; whether any result is NaN.
  bool run(const Table<T>& table, std::size_t first, std::size_t count) {
    std::vector<const T*> left;
    std::vector<T*> results;
    for (std::size_t i = 0; i < depth.size(); ++i) left.push_back(a[i].data() + first * depth[i]);
    for (std::size_t j = 0; j < width.size(); ++j) results.push_back(y[j].data() + first * width[j]);
    return table.packed_matmul(left.data(), depth.data(), told(), depth.size(), packed.data(), results.data(),
                               width.data(), width.size(), count);
  }
  void resum(const Table<T>& table, const std::vector<std::uint8_t>& exists) {
    std::vector<const T*> left;
    std::vector<T*> results;
    for (auto& one : a) left.push_back(one.data());
    for (auto& one : y) results.push_back(one.data());
    table.packed_resum(left.data(), depth.data(), chains.data(), depth.size(), packed.data(), exists.data(),
                       results.data(), width.data(), width.size(), rows);
  }

  // Each term chain by chain over ascending k, fused on machines that fuse; then the terms. So the bits are known.
  T expected(std::size_t r, std::size_t column, bool fused) const {
    T total = 0;
    std::size_t p = 0;
    for (std::size_t i = 0; i < depth.size(); ++i) {
      std::vector<T> sums(chains[i], T(0));
      for (std::size_t q = 0; q < depth[i]; ++q, ++p) {
        const T left = a[i][r * depth[i] + q], right = b[p * n + column];
        T& sum = sums[q % chains[i]];
        sum = fused ? std::fma(left, right, sum) : sum + left * right;
      }
      total += std::accumulate(sums.begin() + 1, sums.end(), sums[0]);
    }
    return total;
  }
};

bool fuses(const std::string& target) { return target != "scalar" && target != "SSE4"; }

template <class T>
void expect_chains(const std::string& target, const Product<T>& product) {
  for (std::size_t r = 0; r < product.rows; ++r) {
    std::size_t column = 0;
    for (std::size_t j = 0; j < product.width.size(); ++j) {
      for (std::size_t q = 0; q < product.width[j]; ++q, ++column) {
        const T actual = product.y[j][r * product.width[j] + q];
        ASSERT_TRUE(same(actual, product.expected(r, column, fuses(target))))
            << target << ", " << product.rows << " rows, K " << product.k << ", N " << product.n << ": part " << j
            << " row " << r << " column " << q << " is " << actual;
      }
    }
  }
}

template <class T>
class Packed : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Packed, Types);

TYPED_TEST(Packed, AreChainsOverAscendingK) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t rows : {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 33})
      for (const std::size_t k : {0, 1, 2, 33})
        for (const std::size_t n : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 48, 50, 64, 80, 130, 144}) {
          Product<T> product({k}, {n}, rows);
          product.run(table, 0, rows);
          expect_chains(target, product);
        }
}

// Every number of columns up to more than a row is swept by at once: each block has code of its own.
TYPED_TEST(Packed, OfEveryWidth) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t rows : {1, 2, 3, 4, 9})
      for (std::size_t n = 1; n <= 450; n += n < 40 ? 1 : 4) {
        Product<T> product({5}, {n}, rows);
        product.is_told = n % 2 == 0;
        product.run(table, 0, rows);
        expect_chains(target, product);
        if (::testing::Test::HasFatalFailure()) return;
      }
}

// More rows than stay in the cache together, and more columns than one row is swept by at once.
TYPED_TEST(Packed, OfManyRowsAndColumns) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    Product<T> product({300}, {70, 200}, 71);
    product.run(table, 0, product.rows);
    expect_chains(target, product);
  }
}

TYPED_TEST(Packed, TakesTermsAndGivesParts) {
  using T = TypeParam;
  const std::vector<std::pair<Sizes, Sizes>> cases{{{34, 16}, {34, 34, 34, 34}}, {{22, 22, 22, 22}, {34, 22}},
                                                   {{3, 1, 0, 2}, {8, 8, 8, 8}}, {{5}, {0, 1, 2, 0, 3, 1, 1, 40}},
                                                   {{7, 7}, Sizes(32, 1)},       {{2, 3}, {15, 1, 16, 17}}};
  for (const auto& [target, table] : tables<T>())
    for (const auto& [depth, width] : cases)
      for (const std::size_t rows : {1, 4, 16, 19}) {
        Product<T> product(depth, width, rows);
        product.run(table, 0, rows);
        expect_chains(target, product);
      }
}

// Depths that are no multiple of the chains, and less than them; several terms of different chains, with a bias between.
TYPED_TEST(Packed, SumTermsInChains) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t most : {2, 4})
      for (const std::size_t rows : {1, 2, 3, 4, 8, 17})
        for (std::size_t n = 1; n <= 4 * table.lanes; n += n < 9 ? 1 : 5)
          for (std::size_t depth = 0; depth <= 35; depth += depth < 9 ? 1 : 13) {
            if (most > chains_beside(n, table.lanes)) continue;
            SCOPED_TRACE(std::to_string(most) + " chains");
            Product<T> one({depth}, {n}, rows);
            one.chains = {most};
            one.run(table, 0, rows);
            expect_chains(target, one);
            Product<T> several({depth, 1, 9}, {n}, rows);
            several.chains = {1, 1, most};
            several.run(table, 0, rows);
            expect_chains(target, several);
            if (::testing::Test::HasFatalFailure()) return;
          }
}

// By hand: 2^60 swallows 1, unless it is gone before.
TYPED_TEST(Packed, ChainsAreEverySecondAndEveryFourth) {
  using T = TypeParam;
  const T huge = std::ldexp(T(1), 60);
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    Product<T> product({4}, {1}, 1);
    const auto sum_of = [&, &kernels = table](std::size_t chains, std::array<T, 4> numbers) {
      std::copy_n(numbers.begin(), 4, product.b.data());
      product.pack();
      product.a[0] = {1, 1, 1, 1};
      product.chains = {chains};
      product.run(kernels, 0, 1);
      return product.y[0][0];
    };
    EXPECT_EQ(sum_of(1, {huge, 1, -huge, 2}), 2);
    EXPECT_EQ(sum_of(2, {huge, 1, -huge, 2}), 3);  // (huge - huge) + (1 + 2)
    EXPECT_EQ(sum_of(4, {huge, 1, -huge, 2}), 2);
    EXPECT_EQ(sum_of(2, {1, huge, 2, -huge}), 3);
    EXPECT_EQ(sum_of(2, {huge, -huge, 1, 2}), 0);  // (huge + 1) + (-huge + 2)
    EXPECT_EQ(sum_of(4, {huge, -huge, 1, 2}), 3);  // ((huge - huge) + 1) + 2
  }
}

// A term without an operand is a row that is added as it is.
TYPED_TEST(Packed, AddsRowsAsTheyAre) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t rows : {1, 5, 19})
      for (const std::size_t width : {3, 34, 70}) {
        const Array<T> x = random_array<T>(rows * 4, 1), w = random_array<T>(4 * width, 2),
                       bias = random_array<T>(width, 3);
        Product<T> whole({4, 1}, {width}, rows), alone({4}, {width}, rows);
        whole.a[0] = alone.a[0] = x;
        for (std::size_t n = 0; n < width; ++n) {
          for (std::size_t k = 0; k < 4; ++k) whole.b[k * width + n] = alone.b[k * width + n] = w[k * width + n];
          whole.b[4 * width + n] = n == 1 ? -T(0) : bias[n];
        }
        whole.pack();
        alone.pack();
        alone.run(table, 0, rows);
        const T* operands[] = {whole.a[0].data(), nullptr};
        T* to[] = {whole.y[0].data()};
        table.packed_matmul(operands, whole.depth.data(), whole.chains.data(), 2, whole.packed.data(), to,
                            whole.width.data(), 1, rows);
        Array<T> expected = alone.y[0];
        for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += whole.b[4 * width + i % width];
        EXPECT_TRUE(same_arrays(whole.y[0], expected)) << target << " rows " << rows << " width " << width;
      }
}

// A bias that no product stands before keeps the sign of its zeros, of one row, linked or not, and of several.
TYPED_TEST(Packed, KeepsTheBitsOfABiasAlone) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : {1, 17, 70}) {
      SCOPED_TRACE(target + ", " + std::to_string(n) + " columns");
      Product<T> product({1}, {n}, 3);
      for (std::size_t j = 0; j < n; j += 2) product.b[j] = -T(0);
      product.pack();
      const T* const none[] = {nullptr};
      for (const std::size_t rows : {1, 3}) {
        T* to = product.y[0].data();
        table.packed_matmul(none, product.depth.data(), product.chains.data(), 1, product.packed.data(), &to,
                            product.width.data(), 1, rows);
        for (std::size_t i = 0; i < rows * n; ++i) {
          ASSERT_EQ(to[i], product.b[i % n]);
          ASSERT_EQ(std::signbit(to[i]), std::signbit(product.b[i % n])) << rows << " rows, number " << i;
        }
      }
      Array<T> y = random_array<T>(n, 3);
      Array<std::uint8_t> linked(packed_row_bytes<T>(n));
      table.link_packed_row(none, product.depth.data(), product.chains.data(), 1, product.packed.data(), y.data(), n,
                            linked.data());
      table.run_packed_row(linked.data());
      for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(std::signbit(y[j]), std::signbit(product.b[j])) << j;
    }
}

// What is linked reads its operands anew each time. Many of the deepest matrices are read from both ends in turn
// (kernels/row_sweep.hpp).
TYPED_TEST(Packed, LinkedRowsAreThoseOfTheProduct) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>())
    for (const Sizes& depth : {Sizes{0}, Sizes{5}, Sizes{16, 1, 33}, Sizes{200}})
      for (std::size_t n = 0; n <= 450; n += n < 40 ? 1 : 13) {
        SCOPED_TRACE(target + ", " + std::to_string(n) + " columns");
        Product<T> product(depth, {n}, 1, 7);
        // Of the last term alone for every third n, for all terms otherwise.
        product.chains.back() = chains_beside(n, table.lanes);
        if (n % 3 > 0) product.chains.assign(depth.size(), product.chains.back());
        product.is_told = n % 5 > 0;
        if (!product.is_told) product.chains.assign(depth.size(), 1);
        std::vector<const T*> left;
        for (auto& one : product.a) left.push_back(one.data());
        if (depth.size() == 3) left[1] = nullptr;  // a row that is added as it is
        Array<T> y = random_array<T>(n, 3);
        Array<std::uint8_t> linked(packed_row_bytes<T>(n));
        table.link_packed_row(left.data(), depth.data(), product.told(), depth.size(), product.packed.data(), y.data(),
                              n, linked.data());
        for (const T last : {T(1), T(2), std::numeric_limits<T>::quiet_NaN()}) {
          if (depth[0] > 0) product.a[0][depth[0] - 1] = last;
          T* to = product.y[0].data();
          const bool is_nan = table.packed_matmul(left.data(), depth.data(), product.told(), depth.size(),
                                                  product.packed.data(), &to, product.width.data(), 1, 1);
          EXPECT_EQ(is_nan, n > 0 && depth[0] > 0 && std::isnan(last));
          EXPECT_EQ(table.run_packed_row(linked.data()), is_nan);
          ASSERT_TRUE(same_arrays(y, product.y[0]));
        }
      }
}

// The oracle above and the kernels could share a mistake in the order of arguments: this one counts by hand.
TYPED_TEST(Packed, OfSmallMatrices) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    Product<T> product({1, 2}, {1, 1}, 2);
    product.a[0] = {1, 4};
    product.a[1] = {2, 3, 5, 6};
    std::copy_n(std::array<T, 6>{1, 10, 100, 1000, 10000, 100000}.begin(), 6, product.b.data());
    product.pack();
    product.run(table, 0, 2);  // [1 2 3; 4 5 6] [1 10; 100 1000; 10000 100000]
    EXPECT_TRUE(same_arrays(product.y[0], Array<T>{30201, 60504}));
    EXPECT_TRUE(same_arrays(product.y[1], Array<T>{302010, 605040}));
  }
}

TYPED_TEST(Packed, RowsDoNotDependOnHowManyThereAre) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    for (const Sizes& width : {Sizes{5}, Sizes{34, 34, 34, 34}, Sizes{100, 3}}) {
      Product<T> whole({50, 31}, width, 37), apart({50, 31}, width, 37);
      whole.run(table, 0, 37);
      for (std::size_t r = 0; r < 37; ++r) apart.run(table, r, 1);
      for (std::size_t j = 0; j < width.size(); ++j) EXPECT_TRUE(same_arrays(apart.y[j], whole.y[j]));
    }
  }
}

TYPED_TEST(Packed, HaveTheBitsOfUnpackedProducts) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    Product<T> product({65}, {50}, 21);
    Array<T> y(21 * 50);
    product.run(table, 0, 21);
    table.matmul_nn(product.a[0].data(), product.b.data(), y.data(), 21, 65, 50);
    EXPECT_TRUE(same_arrays(product.y[0], y)) << target;
  }
}

TYPED_TEST(Packed, ColumnsDoNotDependOnThoseBesideThem) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    Product<T> both({21}, {34, 9}, 16), one({21}, {9}, 16);
    for (std::size_t i = 0; i < both.a[0].size(); ++i) one.a[0][i] = both.a[0][i];
    for (std::size_t p = 0; p < 21; ++p)
      for (std::size_t j = 0; j < 9; ++j) one.b[p * 9 + j] = both.b[p * both.n + 34 + j];
    one.pack();
    both.run(table, 0, 16);
    one.run(table, 0, 16);
    EXPECT_TRUE(same_arrays(one.y[0], both.y[1]));
  }
}

// Wherever it stands, through 0 · ∞ as well; columns behind the last are none of the result.
TYPED_TEST(Packed, TellsWhetherAResultIsNan) {
  using T = TypeParam;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t rows : {1, 2, 5, 17})
      for (const std::size_t n : {1, 8, 16, 17, 50}) {
        SCOPED_TRACE(target);
        Product<T> product({3, 4}, {n, n}, rows);
        EXPECT_FALSE(product.run(table, 0, rows)) << rows << " rows of " << n;
        for (const std::size_t column : {std::size_t{0}, n - 1, n, 2 * n - 1}) {
          Product<T> with_zero = product;
          with_zero.b[5 * product.n + column] = 0;
          with_zero.pack();
          with_zero.a[1][(rows - 1) * 4 + 2] = infinity;
          EXPECT_TRUE(with_zero.run(table, 0, rows)) << rows << " rows of " << n << ", column " << column;
        }
      }
}

// Misaligned by one element, left operand, packed matrix and result.
TYPED_TEST(Packed, NeedNoAlignment) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    Product<T> aligned({9}, {19}, 5);
    aligned.run(table, 0, 5);
    Array<T> a(aligned.a[0].size() + 1), packed(aligned.packed.size() + 1), y(5 * 19 + 1);
    std::copy(aligned.a[0].begin(), aligned.a[0].end(), a.data());
    std::copy(aligned.packed.begin(), aligned.packed.end(), packed.data());
    const T* left = a.data();
    T* result = y.data();
    table.packed_matmul(&left, aligned.depth.data(), aligned.chains.data(), 1, packed.data(), &result,
                        aligned.width.data(), 1, 5);
    for (std::size_t i = 0; i < 5 * 19; ++i) ASSERT_TRUE(same(y[i], aligned.y[0][i])) << target;
  }
}

// 0 times infinity where nothing exists: the sum over what exists replaces the NaN, and only the NaN.
TYPED_TEST(Packed, AreSummedAgainOverWhatExists) {
  using T = TypeParam;
  constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    Product<T> product({2, 1}, {2, 1}, 3);
    //               column 0    column 1    column 2
    const T b[9] = {2, 0, 3,  // the second is absent
                    0, 5, 7,  // the first is absent
                    1, 1, 1};
    std::copy_n(b, 9, product.b.data());
    product.pack();
    std::vector<std::uint8_t> exists(product.packed.size(), 1);
    exists[product.place(0, 1)] = exists[product.place(1, 0)] = 0;
    product.a[0] = {infinity, 1, 1, nan, 2, 3};
    product.a[1] = {1, 1, 1};
    product.run(table, 0, 3);
    EXPECT_TRUE(std::isnan(product.y[0][1]));
    product.resum(table, exists);
    EXPECT_TRUE(same_arrays(product.y[0], Array<T>{infinity, 6, 3, nan, 5, 16}));
    EXPECT_TRUE(same_arrays(product.y[1], Array<T>{infinity, nan, 28}));
  }
}

// In the same chains: what 2^60 would swallow in one of them is there.
TYPED_TEST(Packed, AreSummedAgainInTheirChains) {
  using T = TypeParam;
  const T huge = std::ldexp(T(1), 60);
  for (const auto& [target, table] : tables<T>()) {
    Product<T> product({4}, {1}, 1);
    product.chains = {2};
    const T b[] = {0, huge, 1, -huge};
    std::copy_n(b, 4, product.b.data());
    product.pack();
    product.a[0] = {std::numeric_limits<T>::infinity(), 1, 1, 1};
    std::vector<std::uint8_t> exists(product.packed.size(), 1);
    exists[product.place(0, 0)] = 0;
    EXPECT_TRUE(product.run(table, 0, 1)) << target;
    product.resum(table, exists);
    EXPECT_EQ(product.y[0][0], 1) << target;
  }
}

}  // namespace
}  // namespace elegans::kernels
