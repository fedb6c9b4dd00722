#include "support/count_allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ELEGANS_OTHER_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ELEGANS_OTHER_ALLOCATOR
#endif
#endif
#if !defined(__GLIBC__)
#define ELEGANS_OTHER_ALLOCATOR
#endif

namespace elegans::testing {
namespace {

std::atomic<bool> counting{false};
std::atomic<std::size_t> calls_made{0};
std::atomic<std::size_t> bytes_asked{0};

[[maybe_unused]] void note(std::size_t bytes) {
  if (!counting.load(std::memory_order_relaxed)) return;
  calls_made.fetch_add(1, std::memory_order_relaxed);
  bytes_asked.fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace

bool CountAllocations::supported() {
#ifdef ELEGANS_OTHER_ALLOCATOR
  return false;
#else
  return true;
#endif
}

CountAllocations::CountAllocations() {
  calls_made = 0;
  bytes_asked = 0;
  counting = true;
}
CountAllocations::~CountAllocations() { counting = false; }
std::size_t CountAllocations::calls() const { return calls_made; }
std::size_t CountAllocations::bytes() const { return bytes_asked; }

}  // namespace elegans::testing

#ifndef ELEGANS_OTHER_ALLOCATOR

// glibc's own names for its allocator.
extern "C" {
void* __libc_malloc(std::size_t bytes);                           // NOLINT: the name is glibc's
void* __libc_calloc(std::size_t count, std::size_t bytes);        // NOLINT
void* __libc_realloc(void* memory, std::size_t bytes);            // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t bytes);  // NOLINT

void* malloc(std::size_t bytes) noexcept {
  elegans::testing::note(bytes);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  elegans::testing::note(count * bytes);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  elegans::testing::note(bytes);
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  elegans::testing::note(bytes);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  elegans::testing::note(bytes);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  elegans::testing::note(bytes);
  void* found = __libc_memalign(alignment, bytes);
  if (found == nullptr) return ENOMEM;
  *memory = found;
  return 0;
}
}

#endif
