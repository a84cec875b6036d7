// How long the phases of a run last and how often it goes round, so that it ends in a given time.
//
// Every engine has the same keys, values, processes and seconds; what a short time costs is the length of the windows,
// and then the number of rounds. A window is never shorter than kShortestSeconds: what is steady only after the caches
// and the clock rate have settled is not seen in less.
#pragma once

#include <chrono>

#include "harness/driver/plan.h"

namespace dictbench {

inline constexpr double kLongestSeconds = 1;

struct Pace {
  double seconds = kLongestSeconds;  // of every timed phase
  double limit = 0;                  // seconds in which a number of operations must be done
};

// For a run whose budget, in seconds, is for at least `rounds` rounds of these cells. Half of it goes to the windows;
// the rest is loading, verification and servers that start.
Pace pace_of(const CellSelection& selection, double budget_s, unsigned rounds);

// How long a load, which no window ends, may take: as long as ten windows.
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
