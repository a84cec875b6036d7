#include "harness/driver/pace.h"

#include <algorithm>

namespace dictbench {

double limit_for(double seconds) { return 10 * seconds; }

Pace pace_of(const CellSelection& selection, double budget_s, unsigned rounds) {
  double windows = 0;
  for (const std::string& name : selection.workloads) {
    const Workload workload = load_for(selection, name);
    const auto timed = std::ranges::count_if(workload.phases, [](const Phase& phase) { return phase.seconds > 0; });
    const std::size_t kinds = processes_of(selection, workload).size();
    windows += static_cast<double>(timed) * static_cast<double>(kinds * selection.engines.size());
  }
  const double seconds = windows > 0 ? budget_s / 2 / (windows * rounds) : kLongestSeconds;
  Pace pace{.seconds = std::clamp(seconds, kShortestSeconds, kLongestSeconds)};
  pace.limit = limit_for(pace.seconds);
  return pace;
}

bool RoundClock::another(unsigned rounds, Clock::time_point now) const {
  if (rounds < least_) return true;
  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  return rounds > 0 && elapsed + elapsed / rounds <= budget_s_;
}

}  // namespace dictbench
