#include "train/workers.hpp"

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <atomic>
#include <chrono>

namespace elegans::train {
namespace {

// Long enough for idle threads to wake and take part.
void wait_a_little() noexcept {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(20);
  while (std::chrono::steady_clock::now() < until) {
  }
}

}  // namespace

struct Workers::Arena {
  explicit Arena(std::size_t threads) : arena(static_cast<int>(threads)) {}

  tbb::task_arena arena;
  // What the thread sanitizer sees of the order between tasks and the thread that waits for them.
  std::atomic<std::size_t> handed_out{0};
  std::atomic<std::size_t> done{0};
};

Workers::Workers(std::size_t threads)
    : count_(threads), arena_(count_ > 1 ? std::make_unique<Arena>(count_) : nullptr) {
  for (int round = 0; arena_ && round < 16; ++round)
    run(4 * count_, [](std::size_t, std::size_t) noexcept { wait_a_little(); });
}

Workers::~Workers() = default;

std::size_t Workers::of_machine() { return static_cast<std::size_t>(tbb::info::default_concurrency()); }

void Workers::run(std::size_t items, const Call& call) const noexcept {
  if (!arena_ || items <= 1) {
    for (std::size_t item = 0; item < items; ++item) call.function(call.work, item, 0);
    return;
  }
  Arena& shared = *arena_;
  shared.handed_out.fetch_add(1, std::memory_order_release);
  const auto one = [&](std::size_t item) noexcept {
    shared.handed_out.load(std::memory_order_acquire);
    call.function(call.work, item, static_cast<std::size_t>(tbb::this_task_arena::current_thread_index()));
    shared.done.fetch_add(1, std::memory_order_release);
  };
  shared.arena.execute([&] { tbb::parallel_for(std::size_t{0}, items, one, tbb::simple_partitioner()); });
  shared.done.load(std::memory_order_acquire);
}

}  // namespace elegans::train
