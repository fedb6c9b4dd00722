// What kernels leave in the registers. Code of the baseline instruction set, the user's too, may not pay for their vectors.

#if defined(__x86_64__)

#include <cpuid.h>

#include "elegans/base/aligned_buffer.hpp"
#include "elegans/kernels/chain.hpp"
#include "under_test.hpp"

namespace elegans::kernels {
namespace {

// Whether this processor says which parts of its state are in use (XGETBV with ECX = 1; Intel's manual, volume 1, 13.2).
bool tells_what_is_in_use() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(1, 0, &a, &b, &c, &d) != 0 && (c >> 27 & 1) != 0 &&
         __get_cpuid_count(0xd, 1, &a, &b, &c, &d) != 0 && (a >> 2 & 1) != 0;
}

// Whether the upper halves of the vector registers hold anything: of ymm bit 2, of zmm bit 6.
bool upper_halves_are_in_use() {
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
  return (low & (1U << 2 | 1U << 6)) != 0;
}

TEST(Registers, UpperHalvesAreFreeAfterAChain) {
  if (!tells_what_is_in_use()) GTEST_SKIP() << "this processor does not say which registers are in use";
  constexpr auto relu = static_cast<std::uint8_t>(Unary::relu), add = static_cast<std::uint8_t>(Binary::add);
  const std::vector<ChainStep> steps{{.kind = ChainStep::Kind::load, .x = 0},
                                     {.kind = ChainStep::Kind::unary, .function = relu},
                                     {.kind = ChainStep::Kind::binary, .function = add, .x = 1},
                                     {.kind = ChainStep::Kind::store, .x = 2}};
  const std::vector<ChainArray> arrays(3);
  for (const auto& [target, table] : tables<float>())
    for (const std::size_t n : {1, 3, 8, 15, 16, 17, 32, 48, 64, 128, 130, 1000}) {
      Array<float> a = random_array<float>(n, 1), b = random_array<float>(n, 2), y(n);
      AlignedBuffer linked(chain_bytes(steps.size(), arrays.size(), 0)), scratch(chain_scratch_bytes(0));
      table.link_chain(table,
                       {.steps = steps.data(),
                        .length = steps.size(),
                        .arrays = arrays.data(),
                        .count = arrays.size(),
                        .slots = 0,
                        .inner = n},
                       linked.data());
      float* const at[] = {a.data(), b.data(), y.data()};
      table.place_chain(linked.data(), scratch.data(), at, nullptr);
      table.run_chain(linked.data(), 1);
      EXPECT_FALSE(upper_halves_are_in_use()) << target << ", " << n << " numbers";
    }
}

// The same of a loop that leaves them in use: the test above can fail.
TEST(Registers, UpperHalvesInUseAreSeen) {
  if (!tells_what_is_in_use()) GTEST_SKIP() << "this processor does not say which registers are in use";
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "this processor has no AVX2";
  asm volatile("vpcmpeqd %%ymm3, %%ymm3, %%ymm3" ::: "xmm3");
  const bool seen = upper_halves_are_in_use();
  asm volatile("vzeroupper");
  EXPECT_TRUE(seen);
  EXPECT_FALSE(upper_halves_are_in_use());
}

}  // namespace
}  // namespace elegans::kernels

#endif
