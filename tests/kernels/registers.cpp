// What kernels leave in the registers. Code of the baseline instruction set, the user's too, may not pay for their vectors.

#if defined(__x86_64__)

#include <cpuid.h>

#include "kernels/linked_chain.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

// Whether this processor has upper halves and says which parts of its state are in use (XGETBV with ECX = 1; Intel's
// manual, volume 1, 13.2).
bool tells_what_is_in_use() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx2") && __get_cpuid_count(1, 0, &a, &b, &c, &d) != 0 && (c >> 27 & 1) != 0 &&
         __get_cpuid_count(0xd, 1, &a, &b, &c, &d) != 0 && (a >> 2 & 1) != 0;
}

// Whether the upper halves of the vector registers hold anything: of ymm bit 2, of zmm bit 6.
bool upper_halves_are_in_use() {
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  return (low & (1U << 2 | 1U << 6)) != 0;
}

template <class T>
class Registers : public testing::Test {
 protected:
  void SetUp() override {
    if (!tells_what_is_in_use()) GTEST_SKIP() << "this processor does not say which registers are in use";
  }
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Registers, Types);

TYPED_TEST(Registers, UpperHalvesAreFreeAfterAChain) {
  using T = TypeParam;
  constexpr auto relu = static_cast<std::uint8_t>(Unary::relu), add = static_cast<std::uint8_t>(Binary::add);
  const std::vector<ChainStep> steps{{.kind = ChainStep::Kind::load, .x = 0},
                                     {.kind = ChainStep::Kind::unary, .function = relu},
                                     {.kind = ChainStep::Kind::binary, .function = add, .x = 1},
                                     {.kind = ChainStep::Kind::store, .x = 2}};
  const std::vector<ChainArray> arrays(3);
  for (const auto& [target, table] : tables<T>())
    for (const std::size_t n : {1, 3, 8, 15, 16, 17, 32, 48, 64, 128, 130, 1000}) {
      Array<T> a = random_array<T>(n, 1), b = random_array<T>(n, 2), y(n);
      Linked<T>(table, steps, arrays, n).place({a.data(), b.data(), y.data()}).run();
      EXPECT_FALSE(upper_halves_are_in_use()) << target << ", " << n << " numbers";
    }
}

// All but labels, random numbers and copies of boxes, which are loops over single numbers.
TYPED_TEST(Registers, UpperHalvesAreFreeAfterKernels) {
  using T = TypeParam;
  for (const auto& named : tables<T>())
    for (const std::size_t n : {1, 7, 16, 17, 20, 32, 64, 100}) {
      const Table<T>& t = named.table;
      const auto free_after = [&](const std::string& kernel) {
        EXPECT_FALSE(upper_halves_are_in_use()) << kernel << " of " << named.name << ", " << n << " numbers";
        asm volatile("vzeroupper");
      };
      constexpr std::size_t rows = 5;
      Array<T> a = random_array<T>(rows * n * n, 1, T{0.5}, 2), b = random_array<T>(rows * n * n, 2, T{0.5}, 2);
      Array<T> y(rows * n * n), z(rows * n), sums(2 * n);
      std::vector<std::uint32_t> index(n);
      for (std::size_t i = 0; i < n; ++i) index[i] = static_cast<std::uint32_t>(n - 1 - i);
      const auto end = static_cast<std::uint32_t>(n);
      const std::uint32_t one_level[] = {0, end};
      std::vector<std::uint32_t> each(n + 1);  // one synapse a target
      for (std::size_t i = 0; i <= n; ++i) each[i] = static_cast<std::uint32_t>(i);
      asm volatile("vzeroupper");
      for (std::size_t f = 0; f < unary_count; ++f) {
        t.unary[f](a.data(), y.data(), n);
        free_after(name(static_cast<Unary>(f)));
      }
      for (std::size_t f = 0; f < binary_count; ++f) {
        t.binary[f](a.data(), 1, b.data(), 1, y.data(), n);
        free_after(name(static_cast<Binary>(f)));
      }
      t.select(a.data(), 1, b.data(), 1, a.data(), 1, y.data(), n);
      free_after("select");
      t.matmul_nn(a.data(), b.data(), y.data(), rows, n, n);
      free_after("matmul_nn");
      t.matmul_nt(a.data(), b.data(), y.data(), rows, n, n);
      free_after("matmul_nt");
      t.matmul_tn(a.data(), b.data(), y.data(), rows, n, n);
      free_after("matmul_tn");
      const T *const left[] = {a.data()}, *const right[] = {b.data()};
      T* const product[] = {y.data()};
      AlignedBuffer packed((n + panel_columns<T>)*n * sizeof(T)), linked(packed_row_bytes<T>(n));
      const auto* panels = reinterpret_cast<const T*>(packed.data());
      const std::size_t chains = chains_beside(n, t.lanes);
      t.packed_matmul(left, &n, &chains, 1, panels, product, &n, 1, rows);
      free_after("packed_matmul");
      t.link_packed_row(left, &n, &chains, 1, panels, y.data(), n, linked.data());
      t.run_packed_row(linked.data());
      free_after("run_packed_row");
      t.outer_products(left, &n, 1, right, &n, 1, rows, product);
      free_after("outer_products");
      for (const std::size_t inner : {std::size_t{1}, n}) {
        const std::string by = inner == 1 ? "" : ", batch innermost";
        t.sparse_matmul(a.data(), b.data(), y.data(), rows, n, n, inner, each.data(), index.data());
        free_after("sparse_matmul" + by);
        t.sampled_product(a.data(), b.data(), y.data(), rows, n, n, inner, n, index.data(), index.data());
        free_after("sampled_product" + by);
        t.gather(a.data(), y.data(), rows, n, n, inner, index.data());
        free_after("gather" + by);
        t.scatter_sum(a.data(), y.data(), rows, n, n, inner, each.data(), index.data());
        free_after("scatter_sum" + by);
        t.scatter_add(a.data(), y.data(), n, inner, index.data());
        free_after("scatter_add" + by);
        t.reduce_sum(a.data(), y.data(), rows, n, inner);
        free_after("reduce_sum" + by);
        t.reduce_max(a.data(), y.data(), rows, n, inner);
        free_after("reduce_max" + by);
      }
      for (const std::size_t arrays : {1, 2}) {
        const T* const from[] = {a.data(), b.data()};
        T* const to[] = {y.data(), z.data()};
        t.sum_levels(from, to, arrays, n, 1, one_level, index.data(), sums.data());
        free_after("sum_levels");
      }
      t.repeat_each(a.data(), y.data(), rows, n);
      free_after("repeat_each");
      t.copy_past_caches(a.data(), y.data(), n);
      free_after("copy_past_caches");
      t.finish_past_caches();
      free_after("finish_past_caches");
    }
}

// Registers left in use are seen: the tests above can fail.
TEST(RegistersInUse, AreSeen) {
  if (!tells_what_is_in_use()) GTEST_SKIP() << "this processor does not say which registers are in use";
  asm volatile("vpcmpeqd %%ymm3, %%ymm3, %%ymm3" ::: "xmm3");
  const bool seen = upper_halves_are_in_use();
  asm volatile("vzeroupper");
  EXPECT_TRUE(seen);
  EXPECT_FALSE(upper_halves_are_in_use());
}

}  // namespace
}  // namespace elegans::kernels

#endif
