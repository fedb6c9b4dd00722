#pragma once
// The one source that knows oneTBB. It is compiled without the thread sanitizer: neither is oneTBB, so the sanitizer
// sees nothing of how tasks are ordered and would call each read of a task's own arguments a race. Whoever runs tasks
// shows that order by atomics of its own.

#include <cstddef>
#include <memory>

namespace elegans::train {

class TaskArena {
 public:
  explicit TaskArena(std::size_t threads);
  ~TaskArena();

  static std::size_t threads_of_machine();

  // Calls task(shared, call, item, thread) for every item < items and waits for all. Nothing is read through the two
  // pointers on the way.
  using Task = void (*)(void* shared, const void* call, std::size_t item, std::size_t thread) noexcept;
  void run(std::size_t items, Task task, void* shared, const void* call) noexcept;

 private:
  struct Arena;
  const std::unique_ptr<Arena> arena_;
};

}  // namespace elegans::train
