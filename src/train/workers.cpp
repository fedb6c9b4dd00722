#include "train/workers.hpp"

#include <atomic>
#include <chrono>

#include "train/task_arena.hpp"

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
  explicit Arena(std::size_t threads) : tasks(threads) {}

  TaskArena tasks;
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

std::size_t Workers::of_machine() { return TaskArena::threads_of_machine(); }

void Workers::run(std::size_t items, const Call& call) const noexcept {
  if (!arena_ || items <= 1) {
    for (std::size_t item = 0; item < items; ++item) call.function(call.work, item, 0);
    return;
  }
  arena_->handed_out.fetch_add(1, std::memory_order_release);
  const auto task = [](void* arena, const void* handed, std::size_t item, std::size_t worker) noexcept {
    Arena& shared = *static_cast<Arena*>(arena);
    shared.handed_out.load(std::memory_order_acquire);
    const Call& todo = *static_cast<const Call*>(handed);
    todo.function(todo.work, item, worker);
    shared.done.fetch_add(1, std::memory_order_release);
  };
  arena_->tasks.run(items, task, arena_.get(), &call);
  arena_->done.load(std::memory_order_acquire);
}

}  // namespace elegans::train
