// What each thread of some processes had of the processors, and how long it had to wait for one.
//
// From the kernel's scheduler (/proc/PID/task/TID/schedstat), in nanoseconds, where /proc/PID/stat counts ticks of
// 10 ms. Time on a processor and time in its queue together are what a thread *asked for*: on a machine whose
// processors are all busy, a server that asks for all of the time is the limit although it gets half of it.
#pragma once

#include <sys/types.h>

#include <map>
#include <vector>

namespace dictbench {

struct ThreadTime {
  double running_s = 0;  // on a processor
  double queued_s = 0;   // ready to run, with no processor free

  double asked_s() const noexcept { return running_s + queued_s; }
};

// An entry a process, in the order in which they were asked for; in it the threads by their ids. None for a process
// that is gone, or where the kernel keeps no such account.
using ThreadTimes = std::vector<std::map<pid_t, ThreadTime>>;
ThreadTimes thread_times_of(const std::vector<pid_t>& processes);

// after - before of the same processes, thread by thread; of threads that are in `after`.
ThreadTimes difference(const ThreadTimes& after, const ThreadTimes& before);

// On processors, all threads together.
double running_s(const ThreadTimes& times) noexcept;

}  // namespace dictbench
