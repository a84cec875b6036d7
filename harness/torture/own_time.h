// A process's own time: it ran, or waited for something else than a processor.
//
// On a busy machine a process is also ready to run with no processor free. That time says nothing about the engine, so
// who looks for processes that hang leaves it out. One that spins and one that sleeps both count.
// The kernel's scheduler tells (harness/meters/thread_times.h); where it does not, all time counts. Any thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <stdexcept>

#include "harness/torture/child.h"

namespace dictbench::torture {

// The machine gave a process too little time, or too late: it says nothing about the engine.
class StepTooSlow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// How long to wait for a process: it hangs when so much of its own time has passed. At `end` it is no longer waited
// for, and nobody knows whether it hangs.
struct WaitLimit {
  WaitLimit(milliseconds own_time, std::chrono::steady_clock::time_point latest) : own(own_time), end(latest) {}
  // With as much time again, and some seconds, in which it may have no processor.
  WaitLimit(milliseconds own_time)  // NOLINT(google-explicit-constructor)
      : WaitLimit(own_time, std::chrono::steady_clock::now() + 2 * own_time + milliseconds(10'000)) {}

  milliseconds own;
  std::chrono::steady_clock::time_point end;
};

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

// As Child::finish(). Throws StepTooSlow, with the child killed and reaped, when it is not told whether it hangs.
ChildEnd finish_in_own_time(Child& child, const WaitLimit& limit);

}  // namespace dictbench::torture
