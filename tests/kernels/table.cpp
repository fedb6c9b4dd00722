// Which kernels a program gets.

#include "elegans/kernels/table.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "elegans/base/error.hpp"
#include "kernels/under_test.hpp"

namespace elegans::kernels {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(KernelTable, FunctionsHaveNames) {
  EXPECT_STREQ(name(Unary::negate), "negate");
  EXPECT_STREQ(name(Unary::is_finite), "is_finite");
  EXPECT_STREQ(name(Binary::add), "add");
  EXPECT_STREQ(name(Binary::equal), "equal");
}

template <class T>
void expect_complete(const Table<T>& table) {
  for (const auto kernel : table.unary) EXPECT_NE(kernel, nullptr);
  for (const auto kernel : table.binary) EXPECT_NE(kernel, nullptr);
  EXPECT_TRUE(table.select && table.link_chain && table.place_chain && table.run_chain && table.matmul_nn &&
              table.matmul_nt && table.matmul_tn);
  EXPECT_TRUE(table.sparse_matmul && table.sampled_product && table.gather && table.scatter_sum);
  EXPECT_TRUE(table.reduce_sum && table.reduce_max && table.copy_strided);
  EXPECT_TRUE(table.one_hot && table.sequence_mask && table.reverse_sequence && table.random_uniform);
}

// Says what the other tests of kernels leave out on this machine.
TEST(KernelTable, TargetsOfOtherMachinesAreNotRun) {
  std::string run, missing;
  for (const std::int64_t target : runnable_targets()) run += std::string(" ") + target_name(target);
  for (const std::int64_t target : missing_targets()) missing += std::string(" ") + target_name(target);
  std::cout << "targets tested:" << run << "\n";
  if (!missing.empty()) GTEST_SKIP() << "compiled, but not run on this machine:" << missing;
}

TEST(KernelTable, HasEveryKernelOnEveryTarget) {
  for (const auto& [target, table] : tables<float>()) expect_complete(table);
  for (const auto& [target, table] : tables<double>()) expect_complete(table);
  expect_complete(table<float>(Target::best));
  expect_complete(table<double>(Target::scalar));
}

TEST(KernelTable, BestIsTheFirstThatTheMachineRuns) {
  EXPECT_STREQ(instruction_set(Target::scalar), "scalar");
  EXPECT_STREQ(instruction_set(Target::best), target_name(best_target(std::getenv("ELEGANS_TARGET"))));
  EXPECT_EQ(best_target(nullptr), runnable_targets().front());
  EXPECT_EQ(best_target(""), runnable_targets().front());
  EXPECT_EQ(runnable_targets().back(), scalar_target);
}

TEST(KernelTable, ALimitAllowsWhatIsNotBetter) {
  EXPECT_EQ(best_target("scalar"), scalar_target);
  for (const std::int64_t target : runnable_targets()) EXPECT_EQ(best_target(target_name(target)), target);
}

TEST(KernelTable, AnUnknownLimitIsAnError) {
  try {
    best_target("scaler");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("kernels: the environment variable ELEGANS_TARGET is 'scaler'; expected one of "),
                      HasSubstr("scalar"), HasSubstr("Did you mean 'scalar'?")));
  }
}

}  // namespace
}  // namespace elegans::kernels
