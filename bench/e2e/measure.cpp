#include "e2e/measure.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>

namespace elegans::bench {
namespace {

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

}  // namespace

Measured::Measured(Work work) : work_(std::move(work)) {
  run(1);
  estimate_ns_ = run(1).ns;
  if (estimate_ns_ < 1e5) estimate_ns_ = run(static_cast<std::int64_t>(1 + 1e6 / (estimate_ns_ + 1))).ns;
}

Burst Measured::burst(double milliseconds) {
  const Burst burst = run(std::max<std::int64_t>(1, static_cast<std::int64_t>(milliseconds * 1e6 / estimate_ns_)));
  estimate_ns_ = burst.ns;
  return burst;
}

Burst Measured::run(std::int64_t calls) {
  using Clock = std::chrono::steady_clock;
  Burst burst{.calls = calls};
  const std::int64_t at_once = work_.before ? 1 : calls;
  for (std::int64_t done = 0; done < calls; done += at_once) {
    if (work_.before) work_.before();
    const double cpu = cpu_ns();
    const auto begin = Clock::now();
    work_.run(at_once);
    burst.ns += std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    burst.cpu_ns += cpu_ns() - cpu;
  }
  burst.ns /= static_cast<double>(calls);
  burst.cpu_ns /= static_cast<double>(calls);
  return burst;
}

std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::size_t resident_bytes() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t allocated_bytes() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 books = mallinfo2();
  return books.uordblks + books.hblkhd;
#else
  return 0;
#endif
}

}  // namespace elegans::bench
