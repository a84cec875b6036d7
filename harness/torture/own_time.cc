#include "harness/torture/own_time.h"

#include "harness/meters/thread_times.h"

namespace dictbench::torture {

std::chrono::nanoseconds queued_time(pid_t pid) {
  const ThreadTimes times = thread_times_of({pid});
  const auto first = times.front().find(pid);
  const double seconds = first == times.front().end() ? 0 : first->second.queued_s;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

OwnTime::OwnTime(pid_t pid) : pid_(pid), begun_(std::chrono::steady_clock::now()), queued_before_(queued_time(pid)) {}

std::chrono::nanoseconds OwnTime::passed() const {
  return std::chrono::steady_clock::now() - begun_ - (queued_time(pid_) - queued_before_);
}

}  // namespace dictbench::torture
