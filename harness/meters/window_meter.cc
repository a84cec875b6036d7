#include "harness/meters/window_meter.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace dictbench {

WindowMeter::WindowMeter(std::vector<pid_t> workers, std::vector<pid_t> servers)
    : workers_(std::move(workers)),
      servers_(std::move(servers)),
      workers_before_(thread_times_of(workers_)),
      servers_before_(thread_times_of(servers_)),
      driver_before_(thread_times_of({getpid()})),
      machine_before_(StealReading::take()) {}

WindowFigures WindowMeter::stop() const {
  const StealReading machine = StealReading::take();
  WindowFigures figures{.workers = difference(thread_times_of(workers_), workers_before_),
                        .servers = difference(thread_times_of(servers_), servers_before_),
                        .disturbance = {}};
  const ThreadTimes driver = difference(thread_times_of({getpid()}), driver_before_);
  // Without an account of our own, all would be called others' work.
  if (std::ranges::any_of(figures.workers, [](const auto& threads) { return !threads.empty(); }))
    figures.disturbance = disturbance_between(
        machine_before_, machine, running_s(figures.workers) + running_s(figures.servers) + running_s(driver));
  return figures;
}

std::optional<Disturbance> disturbance_between(const StealReading& before, const StealReading& after, double own_s) {
  if (after.total <= before.total) return std::nullopt;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto seconds = [&](std::uint64_t later, std::uint64_t earlier) {
    return later > earlier ? static_cast<double>(later - earlier) * tick : 0.0;
  };
  return Disturbance{.steal_s = seconds(after.steal, before.steal),
                     .others_s = std::max(0.0, seconds(after.busy, before.busy) - own_s)};
}

}  // namespace dictbench
