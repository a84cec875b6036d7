// What went on beside a cell's own clock in a measured window: how much of the processors workers and servers asked
// for, and what the rest of the machine took.
//
// Read by the driver while the workers sleep at their barrier, just before the window and just after it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "harness/meters/host.h"
#include "harness/meters/thread_times.h"
#include "results/record.h"

namespace dictbench {

struct WindowFigures {
  ThreadTimes workers, servers;            // within the window
  std::optional<Disturbance> disturbance;  // nothing where the kernel does not tell
};

class WindowMeter {
 public:
  WindowMeter(std::vector<pid_t> workers, std::vector<pid_t> servers);  // starts
  WindowFigures stop() const;

 private:
  std::vector<pid_t> workers_, servers_;
  ThreadTimes workers_before_, servers_before_, driver_before_;
  StealReading machine_before_;
};

// `own_s`: of the processors' time between two readings, what the cell's own processes had. Nothing where the machine
// tells no times, or the two readings lie within one tick of its count (10 ms as a rule).
std::optional<Disturbance> disturbance_between(const StealReading& before, const StealReading& after, double own_s);

}  // namespace dictbench
