// Products of matrices against plain loops.

#include <cmath>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

enum class Layout { nn, nt, tn };

template <class T>
T a_at(Layout layout, const Array<T>& a, std::size_t i, std::size_t p, std::size_t m, std::size_t k) {
  return layout == Layout::tn ? a[p * m + i] : a[i * k + p];
}

template <class T>
T b_at(Layout layout, const Array<T>& b, std::size_t p, std::size_t j, std::size_t k, std::size_t n) {
  return layout == Layout::nt ? b[j * k + p] : b[p * n + j];
}

template <class T>
auto kernel_of(Layout layout, const Table<T>& table) {
  return layout == Layout::nn ? table.matmul_nn : layout == Layout::nt ? table.matmul_nt : table.matmul_tn;
}

const char* name_of(Layout layout) { return layout == Layout::nn ? "nn" : layout == Layout::nt ? "nt" : "tn"; }

template <class T>
class Products : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Products, Types);

// One chain over k in ascending order: fused on machines that fuse, never otherwise grouped. So the bits are known.
template <class T>
Array<T> chains(Layout layout, bool fused, const Array<T>& a, const Array<T>& b, std::size_t m, std::size_t k,
                std::size_t n) {
  Array<T> y(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::size_t p = 0; p < k; ++p) {
        const T left = a_at(layout, a, i, p, m, k), right = b_at(layout, b, p, j, k, n);
        sum = fused ? std::fma(left, right, sum) : sum + left * right;
      }
      y[i * n + j] = sum;
    }
  }
  return y;
}

TYPED_TEST(Products, AreChainsOverAscendingK) {
  using T = TypeParam;
  for (const Layout layout : {Layout::nn, Layout::nt, Layout::tn}) {
    for (const std::size_t m : {0, 1, 2, 4, 7, 13, 16, 21}) {
      for (const std::size_t k : {0, 1, 65, 300}) {
        for (const std::size_t n : {0, 1, 3, 4, 8, 9, 16, 19, 33, 64, 80, 130}) {
          const Array<T> a = random_array<T>(m * k, 1 + m + k), b = random_array<T>(k * n, 2 + n + k);
          const Array<T> fused = chains(layout, true, a, b, m, k, n), plain = chains(layout, false, a, b, m, k, n);
          for (const auto& [target, table] : tables<T>()) {
            const bool fuses = target != "scalar" && target != "SSE4";
            Array<T> y = random_array<T>(m * n, 3);
            kernel_of(layout, table)(a.data(), b.data(), y.data(), m, k, n);
            ASSERT_TRUE(same_arrays(y, fuses ? fused : plain))
                << target << " matmul_" << name_of(layout) << " " << m << "x" << k << "x" << n;
          }
        }
      }
    }
  }
}

// The oracle above and the kernels could share a mistake in the order of arguments: this one counts by hand.
TYPED_TEST(Products, OfSmallMatrices) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    const Array<T> a{1, 2, 3, 4, 5, 6}, b{1, 10, 100, 1000, 10000, 100000};
    Array<T> y(4), wide(9);
    table.matmul_nn(a.data(), b.data(), y.data(), 2, 3, 2);  // [1 2 3; 4 5 6] [1 10; 100 1000; 10000 100000]
    EXPECT_TRUE(same_arrays(y, Array<T>{30201, 302010, 60504, 605040}));
    table.matmul_nt(a.data(), b.data(), y.data(), 2, 3, 2);  // … [1 10 100; 1000 10000 100000]'
    EXPECT_TRUE(same_arrays(y, Array<T>{321, 321000, 654, 654000}));
    table.matmul_tn(a.data(), b.data(), wide.data(), 3, 2, 3);  // [1 2 3; 4 5 6]' [1 10 100; 1000 10000 100000]
    EXPECT_TRUE(same_arrays(wide, Array<T>{4001, 40010, 400100, 5002, 50020, 500200, 6003, 60030, 600300}));
  }
}

// Products that are cut for the caches, at sizes about those of the parts: small whole numbers give every sum exactly.
TYPED_TEST(Products, OfManyParts) {
  using T = TypeParam;
  struct Sizes {
    std::size_t m, k, n;
  };
  const auto whole_numbers = [](std::size_t n, std::size_t factor) {
    Array<T> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i * factor % 17) - T(8);
    return x;
  };
  for (const auto& [m, k, n] : {Sizes{257, 129, 67}, Sizes{270, 300, 260}, Sizes{71, 1025, 515}, Sizes{519, 20, 33}}) {
    const Array<T> a = whole_numbers(m * k, 5), b = whole_numbers(k * n, 7);
    for (const Layout layout : {Layout::nn, Layout::nt, Layout::tn}) {
      const Array<T> expected = chains(layout, false, a, b, m, k, n);
      for (const auto& [target, table] : tables<T>()) {
        Array<T> y = random_array<T>(m * n, 3);
        kernel_of(layout, table)(a.data(), b.data(), y.data(), m, k, n);
        ASSERT_TRUE(same_arrays(y, expected))
            << target << " matmul_" << name_of(layout) << " " << m << "x" << k << "x" << n;
      }
    }
  }
}

TYPED_TEST(Products, RowsDoNotDependOnHowManyThereAre) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    SCOPED_TRACE(target);
    for (const std::size_t n : {5, 19, 64, 100}) {
      constexpr std::size_t m = 37, k = 151;
      const Array<T> a = random_array<T>(m * k, 1), b = random_array<T>(k * n, 2);
      Array<T> whole(m * n), row(n);
      for (const Layout layout : {Layout::nn, Layout::nt}) {
        const auto kernel = kernel_of(layout, table);
        kernel(a.data(), b.data(), whole.data(), m, k, n);
        for (std::size_t i = 0; i < m; ++i) {
          kernel(a.data() + i * k, b.data(), row.data(), 1, k, n);
          ASSERT_EQ(std::memcmp(row.data(), whole.data() + i * n, n * sizeof(T)), 0) << name_of(layout) << " row " << i;
        }
      }
      // a' of matmul_tn has its rows in columns.
      table.matmul_tn(a.data(), b.data(), whole.data(), m, k, n);
      Array<T> column(k);
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t p = 0; p < k; ++p) column[p] = a[p * m + i];
        table.matmul_tn(column.data(), b.data(), row.data(), 1, k, n);
        ASSERT_EQ(std::memcmp(row.data(), whole.data() + i * n, n * sizeof(T)), 0) << "tn row " << i;
      }
    }
  }
}

// Sums in another precision and order: |error| <= k epsilon sum |a b|.
TYPED_TEST(Products, AgreeWithLongDouble) {
  using T = TypeParam;
  constexpr std::size_t m = 9, k = 500, n = 70;
  for (const auto& [target, table] : tables<T>()) {
    for (const Layout layout : {Layout::nn, Layout::nt, Layout::tn}) {
      const Array<T> a = random_array<T>(m * k, 1), b = random_array<T>(k * n, 2);
      Array<T> y(m * n);
      kernel_of(layout, table)(a.data(), b.data(), y.data(), m, k, n);
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          long double sum = 0, magnitude = 0;
          for (std::size_t p = 0; p < k; ++p) {
            const long double term =
                static_cast<long double>(a_at(layout, a, i, p, m, k)) * b_at(layout, b, p, j, k, n);
            sum += term;
            magnitude += std::fabs(term);
          }
          ASSERT_LE(std::fabs(y[i * n + j] - sum), k * std::numeric_limits<T>::epsilon() * magnitude)
              << target << " " << name_of(layout);
        }
      }
    }
  }
}

}  // namespace
}  // namespace elegans::kernels
