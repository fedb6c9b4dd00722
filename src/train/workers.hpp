#pragma once
// Threads for the shards of a batch: an arena of oneTBB that is kept.

#include <cstddef>
#include <memory>

namespace elegans::train {

class Workers {
 public:
  // Threads begin, and take their memory, here.
  explicit Workers(std::size_t threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // As many as the machine has for this process.
  static std::size_t of_machine();

  std::size_t count() const { return count_; }

  // Calls work(item, worker) for every item < items, each worker < count() doing one at a time. `work` must be
  // noexcept. One worker, or one item, runs on the calling thread alone.
  template <class Work>
  void run(std::size_t items, const Work& work) const noexcept {
    static_assert(noexcept(work(items, items)));
    run(items,
        Call{[](const void* f, std::size_t item, std::size_t worker) { (*static_cast<const Work*>(f))(item, worker); },
             &work});
  }

 private:
  struct Arena;
  struct Call {
    void (*function)(const void* work, std::size_t item, std::size_t worker);
    const void* work;
  };
  void run(std::size_t items, const Call& call) const noexcept;

  std::size_t count_;
  std::unique_ptr<Arena> arena_;  // none for one thread
};

}  // namespace elegans::train
