#include "cli/allocation_count.hpp"

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

namespace elegans::cli {
namespace {

std::atomic<std::uint64_t> requests{0};

[[maybe_unused]] void count() noexcept { requests.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

bool counts_allocations() noexcept {
#ifdef ELEGANS_OTHER_ALLOCATOR
  return false;
#else
  return true;
#endif
}

std::uint64_t allocations() noexcept { return requests.load(std::memory_order_relaxed); }

}  // namespace elegans::cli

#ifndef ELEGANS_OTHER_ALLOCATOR

// The linker puts these in front of the C library's; they count, and do what those would have done under glibc's own
// names.
extern "C" {
void* __libc_malloc(std::size_t bytes);                           // NOLINT: the name is glibc's
void* __libc_calloc(std::size_t count, std::size_t bytes);        // NOLINT
void* __libc_realloc(void* memory, std::size_t bytes);            // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t bytes);  // NOLINT

void* malloc(std::size_t bytes) noexcept {
  elegans::cli::count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  elegans::cli::count();
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  elegans::cli::count();
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  elegans::cli::count();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  elegans::cli::count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  elegans::cli::count();
  void* found = __libc_memalign(alignment, bytes);
  if (found == nullptr) return ENOMEM;
  *memory = found;
  return 0;
}
}

#endif
