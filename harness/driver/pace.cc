#include "harness/driver/pace.h"

#include <algorithm>

namespace dictbench {
namespace {

constexpr double kWindowShare = 1.0 / 3;   // of the budget
constexpr double kWarmShare = 0.2;         // of the window
constexpr double kWarmWriteSeconds = 0.2;  // at least, of a phase that writes

bool writes(const Mix& mix) { return mix.set + mix.insert + mix.erase + mix.add + mix.read_modify_write > 0; }

double warm_up(double window, bool writing) {
  const double share = kWarmShare * window;
  return writing && window >= kShortestSeconds ? std::max(share, kWarmWriteSeconds) : share;
}

// Phases that last some time, over all cells of a round.
struct Windows {
  double reading = 0, writing = 0;
  double fixed_s = 0;  // of those at a fixed rate, which last as long as their file says (plan.h), with their warm-up

  double seconds(double window) const {
    return reading * (window + warm_up(window, false)) + writing * (window + warm_up(window, true)) + fixed_s;
  }
};

Windows windows_of(const CellSelection& selection) {
  Windows windows;
  for (const std::string& name : selection.workloads) {
    const Workload workload = load_for(selection, name);
    const auto cells = static_cast<double>(processes_of(selection, workload).size() * selection.engines.size());
    for (const Phase& phase : workload.phases) {
      if (phase.seconds == 0) continue;
      if (phase.arrival_rate > 0)
        windows.fixed_s += cells * (phase.seconds + warm_up_seconds(phase));
      else
        (writes(phase.mix) ? windows.writing : windows.reading) += cells;
    }
  }
  return windows;
}

}  // namespace

double warm_up_seconds(const Phase& phase) { return warm_up(phase.seconds, writes(phase.mix)); }

double limit_for(double seconds) { return 8 * (seconds + warm_up(seconds, true)); }

double seconds_of_windows(const CellSelection& selection, double window) {
  return windows_of(selection).seconds(window);
}

Pace pace_of(const CellSelection& selection, double budget_s, unsigned rounds) {
  const Windows windows = windows_of(selection);
  const double wanted = kWindowShare * budget_s / rounds;
  // Between the shortest and the longest window the time of a round is a straight line: all warm-ups of writes are as
  // short as they may be.
  const double least = windows.seconds(kShortestSeconds), most = windows.seconds(kLongestSeconds);
  Pace pace;
  if (most > least)
    pace.seconds =
        std::clamp(kShortestSeconds + (wanted - least) / (most - least) * (kLongestSeconds - kShortestSeconds),
                   kShortestSeconds, kLongestSeconds);
  pace.limit = limit_for(pace.seconds);
  return pace;
}

bool RoundClock::another(unsigned rounds, Clock::time_point now) const {
  if (rounds < least_) return true;
  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  return rounds > 0 && elapsed + elapsed / rounds <= budget_s_;
}

}  // namespace dictbench
