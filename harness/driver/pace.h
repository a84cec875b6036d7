// How long the phases of a run last and how often it goes round, so that it ends in a given time.
//
// Every engine has the same keys, values, processes and seconds; what a short time costs is the length of the windows,
// and then the number of rounds. A window is never shorter than kShortestSeconds: what is steady only after the caches
// and the clock rate have settled is not seen in less. Pure functions and plain values; any thread may call them.
#pragma once

#include <chrono>

#include "harness/driver/plan.h"

namespace dictbench {

inline constexpr double kLongestSeconds = 1;

// How long every worker does the operations of a phase before its window, untimed, in seconds: a fifth of the window,
// and 0.2 s at least where the phase writes. In the first tenths of a second after a load an engine takes new chunks
// and pages; with 0.04 s of warm-up lockfree took 1.3 to 1.4 times as long an operation in windows of 0.2 s as in those
// of 2 s. A window below kShortestSeconds is no steady state and is told as one that is none, so it has its fifth only.
// 0 for a phase that no time ends.
double warm_up_seconds(const Phase& phase);

struct Pace {
  double seconds = kLongestSeconds;  // of every timed phase
  double limit = 0;                  // seconds in which a number of operations must be done
};

// For a run whose budget, in seconds, is for at least `rounds` rounds of these cells. A third of it goes to the windows
// and what warms up before them; the rest is loading, verification and servers that start. In `host` they take 2,060 of
// 5,500 s. A run that needs less for the rest goes round more often.
Pace pace_of(const CellSelection& selection, double budget_s, unsigned rounds);

// What the windows of one round take, with what warms up before them, where each lasts so many seconds.
double seconds_of_windows(const CellSelection& selection, double window);

// How long a load, which no window ends, may take: as long as eight windows of writes with their warm-up.
double limit_for(double seconds);

// Tells whether another round fits into the budget.
class RoundClock {
 public:
  using Clock = std::chrono::steady_clock;

  RoundClock(double budget_s, unsigned least, Clock::time_point now = Clock::now())
      : budget_s_(budget_s), least_(least), begun_(now) {}

  // After `rounds` rounds: whether there are fewer than `least`, or the budget has room for one that takes as long as
  // the mean of those before.
  bool another(unsigned rounds, Clock::time_point now = Clock::now()) const;

 private:
  double budget_s_;
  unsigned least_;
  Clock::time_point begun_;
};

}  // namespace dictbench
