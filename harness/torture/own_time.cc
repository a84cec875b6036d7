#include "harness/torture/own_time.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

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

ChildEnd finish_in_own_time(Child& child, const WaitLimit& limit) {
  constexpr milliseconds kLook{5};
  const auto ended = [&] {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
  };
  const OwnTime own(child.pid());
  while (!becomes_true(ended, kLook)) {
    if (own.passed() >= limit.own) {
      child.kill();
      return {.text = {}, .trouble = fmt::format("no end after {} ms", limit.own.count())};
    }
    if (std::chrono::steady_clock::now() >= limit.end) {
      child.kill();
      throw StepTooSlow("a process has not ended in time");
    }
  }
  return child.finish(milliseconds(1000));  // it has ended: at once
}

}  // namespace dictbench::torture
