#pragma once
// Marks between which a program around this one counts: what is asked of the allocator and of locks by a library loaded
// in front, system calls by a tracer (bench/outside), instructions by valgrind where its headers were there when this
// was compiled. Without these around, they do nothing.

namespace elegans::bench {

void begin_outside_count();
void end_outside_count();

}  // namespace elegans::bench
