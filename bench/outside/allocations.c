/* Loaded in front of a program (LD_PRELOAD), counts what a thread asks of the allocator and of locks between its calls of
 * begin_allocation_count() and end_allocation_count(), and writes both numbers to the file that BENCH_ALLOCATIONS names
 * when the program ends. Other threads, as those that libraries keep waiting, are not counted, as the tracer of system
 * calls does not. Every call is passed on to the C library. */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own names for its allocator. */
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void* memory);

/* Found without a call that might allocate. */
static __thread int counting __attribute__((tls_model("initial-exec")));
static atomic_ulong allocations, locks;

static void note(atomic_ulong* count) {
  if (counting) atomic_fetch_add(count, 1);
}

void begin_allocation_count(void) { counting = 1; }
void end_allocation_count(void) { counting = 0; }

__attribute__((destructor)) static void report(void) {
  const char* name = getenv("BENCH_ALLOCATIONS");
  const int file = name ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
  if (file < 0) return;
  dprintf(file, "%lu %lu\n", atomic_load(&allocations), atomic_load(&locks));
  close(file);
}

void* malloc(size_t bytes) {
  note(&allocations);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  note(&allocations);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  note(&allocations);
  return __libc_realloc(memory, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
  note(&allocations);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  note(&allocations);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  note(&allocations);
  void* found = __libc_memalign(alignment, bytes);
  if (!found) return ENOMEM;
  *memory = found;
  return 0;
}
void free(void* memory) {
  if (memory) note(&allocations);
  __libc_free(memory);
}
/* glibc's own names for its locks are those with two underscores in front. */
#define COUNTED(lock, type)  \
  int __##lock(type* place); \
  int lock(type* place) {    \
    note(&locks);            \
    return __##lock(place);  \
  }
COUNTED(pthread_mutex_lock, pthread_mutex_t)
COUNTED(pthread_mutex_trylock, pthread_mutex_t)
COUNTED(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNTED(pthread_rwlock_wrlock, pthread_rwlock_t)
