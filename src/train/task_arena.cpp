#include "train/task_arena.hpp"

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace elegans::train {

struct TaskArena::Arena : tbb::task_arena {
  using tbb::task_arena::task_arena;
};

TaskArena::TaskArena(std::size_t threads) : arena_(std::make_unique<Arena>(static_cast<int>(threads))) {}
TaskArena::~TaskArena() = default;

std::size_t TaskArena::threads_of_machine() { return static_cast<std::size_t>(tbb::info::default_concurrency()); }

void TaskArena::run(std::size_t items, Task task, void* shared, const void* call) noexcept {
  const auto one = [=](std::size_t item) noexcept {
    task(shared, call, item, static_cast<std::size_t>(tbb::this_task_arena::current_thread_index()));
  };
  arena_->execute([&] { tbb::parallel_for(std::size_t{0}, items, one, tbb::simple_partitioner()); });
}

}  // namespace elegans::train
