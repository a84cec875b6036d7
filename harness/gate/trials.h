// Does the gate keep what it promises? Gates over what is known: unchanged programs, a slowdown that was put in, noise
// on one side, a speed-up; by the hundred in simulated noise, and really on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/gate/gate.h"

namespace dictbench {

// The names of the trials, as records have them.
inline constexpr const char* kUnchanged = "unchanged";  // at most 1 % of the gates may fail
inline constexpr const char* kVisible =
    "slower, visible size";  // by what the gate before called visible: 9 of 10 must fail
inline constexpr const char* kTwice = "slower, twice that";        // all must fail
inline constexpr const char* kOneSided = "noise beside the head";  // all must be inconclusive
inline constexpr const char* kQuicker = "quicker";                 // none may fail

struct TrialPlan {
  unsigned simulated = 300;  // gates over unchanged programs; of each other trial a third as many
  unsigned real = 20;        // likewise: half as many
  std::string engine = "lockfree";
  std::string workload;  // name or file
  unsigned processes = 2;
  double scale = 1;
  double margin = 0.03;
  std::uint64_t seed = 1;
  std::chrono::seconds limit{300};  // for one run
};

// Called with the figures of every gate when it is done; run_id is still to be filled in.
using TrialDone = std::function<void(std::vector<GateRecord> figures)>;

// What delays in each operation are to come to, as a share of the base's time per operation, its own delay included:
// taken away from it they make a negative one. The time is of all processes together, the delay is in each of them.
double slowdown_of_delays(std::uint64_t base_ns, std::uint64_t head_ns, double base_time_ns, unsigned processes);

// Throws Interrupted, SpecError and WorkloadError.
void run_trials(const TrialPlan& plan, const TrialDone& done);

}  // namespace dictbench
