// A process's own time: it ran, or waited for something else than a processor.
//
// On a busy machine a process is also ready to run with no processor free. That time says nothing about the engine, so
// who looks for processes that hang leaves it out. One that spins and one that sleeps both count.
// The kernel's scheduler tells (harness/meters/thread_times.h); where it does not, all time counts. Any thread.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace dictbench::torture {

// How long the process's first thread has been ready to run with no processor free, since it was begun.
std::chrono::nanoseconds queued_time(pid_t pid);

// A stopwatch, which runs from the beginning on.
class OwnTime {
 public:
  explicit OwnTime(pid_t pid);

  std::chrono::nanoseconds passed() const;

 private:
  pid_t pid_;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::nanoseconds queued_before_;
};

}  // namespace dictbench::torture
