// Runs a program and counts the system calls of its first thread between the marks of marks.h:
//
//     bench_system_calls FILE PROGRAM ARGUMENT…
//
// writes a line "NUMBER COUNT" for each kind of call to FILE, and exits as the program does. Exits with 77 where
// tracing is not allowed here.

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>

#include "outside/marks.h"

namespace {

constexpr int not_allowed = 77;

[[noreturn]] void run_traced(char** command) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(not_allowed);
  execv(command[0], command);
  std::perror(command[0]);
  _exit(127);
}

// The system call that the stopped `process` is about to make.
bool entering(pid_t process, __ptrace_syscall_info& info) {
  return ptrace(PTRACE_GET_SYSCALL_INFO, process, reinterpret_cast<void*>(sizeof(info)), &info) > 0 &&
         info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

// Follows `process` to its end; returns its exit status.
int count_calls(pid_t process, std::map<std::uint64_t, std::uint64_t>& counts) {
  bool counting = false;
  int status = 0, signal = 0;
  while (ptrace(PTRACE_SYSCALL, process, nullptr, reinterpret_cast<void*>(static_cast<std::intptr_t>(signal))) == 0 &&
         waitpid(process, &status, 0) == process) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    const bool at_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
    signal =
        at_call || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);  // a plain one says that it begins a program
    __ptrace_syscall_info info{};
    if (!at_call || !entering(process, info)) continue;
    const bool is_mark = info.entry.nr == SYS_lseek && static_cast<int>(info.entry.args[0]) == MARK_FILE;
    if (is_mark)
      counting = info.entry.args[1] == MARK_BEGIN;
    else if (counting)
      ++counts[info.entry.nr];
  }
  return not_allowed;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return 2;
  const pid_t process = fork();
  if (process == 0) run_traced(words + 2);
  int status = 0;
  if (process < 0 || waitpid(process, &status, 0) != process) return 1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  ptrace(PTRACE_SETOPTIONS, process, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
  std::map<std::uint64_t, std::uint64_t> counts;
  status = count_calls(process, counts);
  std::ofstream file(words[1]);
  for (const auto& [number, times] : counts) file << number << ' ' << times << '\n';
  return status;
}
