// Moves between strided arrays, against one loop over all positions.

#include <numeric>

#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

struct Box {
  std::vector<std::size_t> sizes, x_strides, y_strides;

  std::size_t count() const {
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{1}, [](auto a, auto b) { return a * b; });
  }
  std::size_t extent(const std::vector<std::size_t>& strides) const {
    std::size_t last = 0;
    for (std::size_t axis = 0; axis < sizes.size(); ++axis) last += (sizes[axis] - 1) * strides[axis];
    return last + 1;
  }
};

// Every number of y that the box does not cover stays what it was.
template <class T>
::testing::AssertionResult moves(const Table<T>& table, const Box& box) {
  const bool empty = box.count() == 0;
  Array<T> x(empty ? 0 : box.extent(box.x_strides)), y(empty ? 0 : box.extent(box.y_strides));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i + 1);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = -static_cast<T>(i + 1);
  Array<T> expected(y);
  for (std::size_t number = 0; number < box.count(); ++number) {
    std::size_t rest = number, from = 0, to = 0;
    for (std::size_t axis = box.sizes.size(); axis-- > 0; rest /= box.sizes[axis]) {
      from += rest % box.sizes[axis] * box.x_strides[axis];
      to += rest % box.sizes[axis] * box.y_strides[axis];
    }
    expected[to] = x[from];
  }
  table.copy_strided(x.data(), box.x_strides.data(), y.data(), box.y_strides.data(), box.sizes.data(),
                     box.sizes.size());
  return same_arrays(y, expected);
}

std::vector<std::size_t> contiguous(const std::vector<std::size_t>& sizes) {
  std::vector<std::size_t> strides(sizes.size());
  std::size_t stride = 1;
  for (std::size_t axis = sizes.size(); axis-- > 0; stride *= sizes[axis]) strides[axis] = stride;
  return strides;
}

template <class T>
class Copy : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Copy, Types);

TYPED_TEST(Copy, MovesTransposesAndRepeats) {
  const Box boxes[] = {
      {{}, {}, {}},                                  // one number
      {{5}, {1}, {1}},                               // a row
      {{0}, {1}, {1}},                               // nothing
      {{3, 0, 2}, {1, 1, 1}, {0, 2, 1}},             // nothing
      {{70}, {1}, {1}},                              // a long row
      {{21}, {0}, {1}},                              // one number for all
      {{7}, {3}, {2}},                               // every third to every second
      {{5, 37}, {40, 1}, {50, 1}},                   // rows of a part
      {{33, 18}, {1, 33}, {18, 1}},                  // a transpose
      {{18, 33}, {1, 20}, {33, 1}},                  // a transpose of a part
      {{6, 5, 33}, {33, 198, 1}, {165, 33, 1}},      // axes 0 and 1 swapped
      {{6, 17, 20}, {1, 6, 102}, {340, 20, 1}},      // all axes reversed
      {{6, 17, 20}, {340, 1, 17}, {340, 20, 1}},     // a transpose in every item
      {{17, 3, 20}, {1, 340, 17}, {60, 20, 1}},      // a transpose around an axis
      {{4, 16}, {0, 1}, {16, 1}},                    // a row for all
      {{4, 16}, {1, 0}, {16, 1}},                    // a column for all
      {{2, 1, 3, 1}, {3, 99, 1, 77}, {3, 5, 1, 6}},  // axes of size 1 with any stride
      {{2, 2, 2, 2, 2, 2, 2, 2}, {1, 2, 4, 8, 16, 32, 64, 128}, {128, 64, 32, 16, 8, 4, 2, 1}},
  };
  for (const auto& [target, table] : tables<TypeParam>()) {
    for (const Box& box : boxes) {
      EXPECT_TRUE(moves(table, box)) << target << " box " << &box - boxes;
    }
  }
}

TYPED_TEST(Copy, RepeatsEachNumber) {
  for (const auto& [target, table] : tables<TypeParam>()) {
    for (const std::size_t n : {0, 1, 5}) {
      for (const std::size_t inner : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 40}) {
        const Array<TypeParam> x = random_array<TypeParam>(n, 1);
        Array<TypeParam> y = random_array<TypeParam>(n * inner, 2), expected(n * inner);
        table.repeat_each(x.data(), y.data(), n, inner);
        for (std::size_t i = 0; i < n * inner; ++i) expected[i] = x[i / inner];
        EXPECT_TRUE(same_arrays(y, expected)) << target << " " << n << " numbers " << inner << " times";
      }
    }
  }
}

// Everything around them stays, wherever in a cache line they start and end.
TYPED_TEST(Copy, PassesByTheCaches) {
  constexpr std::size_t around = 3;
  for (const auto& [target, table] : tables<TypeParam>()) {
    for (const std::size_t n : {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 1000}) {
      for (std::size_t offset = 0; offset < 17; ++offset) {
        const Array<TypeParam> x = random_array<TypeParam>(n, 1);
        Array<TypeParam> y = random_array<TypeParam>(around + n + offset, 2), expected(y);
        table.copy_past_caches(x.data(), y.data() + around, n);
        table.finish_past_caches();
        std::copy(x.begin(), x.end(), expected.data() + around);
        EXPECT_TRUE(same_arrays(y, expected)) << target << " " << n << " numbers, " << offset << " before the end";
      }
    }
  }
}

TYPED_TEST(Copy, MovesRandomBoxes) {
  std::mt19937_64 generator(1);
  for (int repeat = 0; repeat < 400; ++repeat) {
    Box box;
    const std::size_t rank = 1 + generator() % 5;
    for (std::size_t axis = 0; axis < rank; ++axis) box.sizes.push_back(1 + generator() % (rank > 3 ? 5 : 20));
    box.y_strides = contiguous(box.sizes);
    // x is a contiguous array with its axes in another order; some of them are repeated.
    std::vector<std::size_t> axes(rank), permuted;
    std::iota(axes.begin(), axes.end(), std::size_t{0});
    std::shuffle(axes.begin(), axes.end(), generator);
    for (const std::size_t axis : axes) permuted.push_back(box.sizes[axis]);
    const std::vector<std::size_t> strides = contiguous(permuted);
    box.x_strides.resize(rank);
    for (std::size_t i = 0; i < rank; ++i) box.x_strides[axes[i]] = generator() % 6 ? strides[i] : 0;
    // Sometimes the destination is the permuted one.
    if (generator() % 2 && std::count(box.x_strides.begin(), box.x_strides.end(), 0) == 0) {
      std::swap(box.x_strides, box.y_strides);
    }
    for (const auto& [target, table] : tables<TypeParam>()) {
      ASSERT_TRUE(moves(table, box)) << target << " box number " << repeat;
    }
  }
}

}  // namespace
}  // namespace elegans::kernels
