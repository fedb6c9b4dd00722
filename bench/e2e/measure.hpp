#pragma once
// Timing a series in bursts: as many calls in a row as take a given time. Bursts are short, so that a driver can take
// them in turns with those of another program, and one of each makes a pair.

#include "e2e/case.hpp"

namespace elegans::bench {

struct Burst {
  std::int64_t calls = 0;
  double ns = 0;      // of one call, by the clock on the wall
  double cpu_ns = 0;  // of one call, by the processor time of all threads
};

class Measured {
 public:
  // Runs twice, so that pages are there and caches warm, and estimates how long a call takes.
  explicit Measured(Work work);

  // Calls for about so long, at least one.
  Burst burst(double milliseconds);
  // So many calls, exactly.
  Burst run(std::int64_t calls);
  const Work& work() const { return work_; }

 private:
  Work work_;
  double estimate_ns_ = 0;
};

// The most memory that this process has had so far, and what it has now.
std::size_t peak_resident_bytes();
std::size_t resident_bytes();
// What it has allocated and not given back, by the allocator's own books (glibc); 0 where they cannot be read.
std::size_t allocated_bytes();

}  // namespace elegans::bench
