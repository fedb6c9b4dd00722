// Sums and maxima over the middle axis.

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

template <class T>
class Reduce : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Reduce, Types);

const std::size_t outers[] = {0, 1, 3}, counts[] = {1, 2, 3, 9, 16, 17, 100, 259, 600},
                  inners[] = {0, 1, 2, 3, 7, 8, 16, 19, 64, 150};

TYPED_TEST(Reduce, SumsAgreeWithLongDouble) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const std::size_t outer : outers) {
      for (const std::size_t n : counts) {
        for (const std::size_t inner : inners) {
          const Array<T> x = random_array<T>(outer * n * inner, 1);
          Array<T> y = random_array<T>(outer * inner, 2);
          table.reduce_sum(x.data(), y.data(), outer, n, inner);
          for (std::size_t o = 0; o < outer; ++o) {
            for (std::size_t i = 0; i < inner; ++i) {
              long double sum = 0, magnitude = 0;
              for (std::size_t j = 0; j < n; ++j) {
                sum += x[(o * n + j) * inner + i];
                magnitude += std::fabs(x[(o * n + j) * inner + i]);
              }
              ASSERT_LE(std::fabs(y[o * inner + i] - sum), (n - 1) * std::numeric_limits<T>::epsilon() * magnitude)
                  << target << " " << outer << "x" << n << "x" << inner;
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(Reduce, AnEmptySumIsZero) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    Array<T> y{7, 7, 7, 7, 7, 7};
    table.reduce_sum(nullptr, y.data(), 2, 0, 3);
    EXPECT_TRUE(same_arrays(y, Array<T>{0, 0, 0, 0, 0, 0})) << target;
  }
}

// The order of a sum is fixed: it depends neither on the place of the row nor on how many rows there are.
TYPED_TEST(Reduce, RowsDoNotDependOnHowManyThereAre) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const std::size_t inner : {1, 5, 40}) {
      constexpr std::size_t outer = 5, n = 301;
      const Array<T> x = random_array<T>(outer * n * inner, 3);
      Array<T> whole(outer * inner), row(inner);
      table.reduce_sum(x.data(), whole.data(), outer, n, inner);
      for (std::size_t o = 0; o < outer; ++o) {
        table.reduce_sum(x.data() + o * n * inner, row.data(), 1, n, inner);
        ASSERT_EQ(std::memcmp(row.data(), whole.data() + o * inner, inner * sizeof(T)), 0) << target << " " << inner;
      }
    }
  }
}

TYPED_TEST(Reduce, MaximaAreExactAndKeepNaN) {
  using T = TypeParam;
  for (const auto& [target, table] : tables<T>()) {
    for (const std::size_t outer : outers) {
      for (const std::size_t n : counts) {
        for (const std::size_t inner : inners) {
          SCOPED_TRACE(target + " " + std::to_string(outer) + "x" + std::to_string(n) + "x" + std::to_string(inner));
          Array<T> x = random_array<T>(outer * n * inner, 4, -9, -1);
          Array<T> y(outer * inner), expected(outer * inner);
          for (std::size_t o = 0; o < outer; ++o) {
            for (std::size_t i = 0; i < inner; ++i) {
              T most = -std::numeric_limits<T>::infinity();
              for (std::size_t j = 0; j < n; ++j) most = std::max(most, x[(o * n + j) * inner + i]);
              expected[o * inner + i] = most;
            }
          }
          table.reduce_max(x.data(), y.data(), outer, n, inner);
          ASSERT_TRUE(same_arrays(y, expected));
          if (x.size() == 0) continue;
          // A NaN anywhere reaches its own result, and no other.
          for (const std::size_t j : {std::size_t{0}, n / 2, n - 1}) {
            const std::size_t place = ((outer - 1) * n + j) * inner + inner / 2;
            const T before = x[place];
            x[place] = std::numeric_limits<T>::quiet_NaN();
            table.reduce_max(x.data(), y.data(), outer, n, inner);
            x[place] = before;
            for (std::size_t i = 0; i < y.size(); ++i) {
              ASSERT_EQ(std::isnan(y[i]), i == (outer - 1) * inner + inner / 2) << "NaN at " << j;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace elegans::kernels
