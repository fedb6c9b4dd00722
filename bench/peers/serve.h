/* What protocol.py is for workers in C and C++: bursts on request. */
#ifndef ELEGANS_BENCH_SERVE_H
#define ELEGANS_BENCH_SERVE_H

#include <stdio.h>
#include <string.h>
#include <time.h>

static double clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* Serves until "quit" or the end of the input. `run` makes so many calls. */
static void serve(const char* version, void (*run)(void* self, long calls), void* self) {
  char line[256];
  double milliseconds, estimate = 1e3;
  run(self, 2000);
  printf("{\"version\": \"%s\", \"peak_bytes\": 0}\n", version);
  fflush(stdout);
  while (fgets(line, sizeof(line), stdin) && strncmp(line, "quit", 4) != 0) {
    if (sscanf(line, "burst %lf", &milliseconds) != 1) return;
    const long wanted = (long)(milliseconds * 1e6 / estimate), calls = wanted > 0 ? wanted : 1;
    const double cpu_begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID), begin = clock_ns(CLOCK_MONOTONIC);
    run(self, calls);
    estimate = (clock_ns(CLOCK_MONOTONIC) - begin) / (double)calls;
    const double cpu = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin) / (double)calls;
    printf("{\"calls\": %ld, \"ns\": %.17g, \"cpu_ns\": %.17g, \"peak_bytes\": 0}\n", calls, estimate, cpu);
    fflush(stdout);
  }
}

#endif
