// One recorded round: workers on fresh keys, some of them killed, and a process that closes it.
//
// Called by the driver's main thread. Every process it starts is ended and reaped when it returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/check/recorder.h"

namespace dictbench {

struct RoundPlan {
  RecordingPlan recording;
  unsigned processes = 4;
  std::uint64_t kills = 0;
  std::uint32_t first_process = 0;             // processes are numbered on over the rounds
  std::chrono::milliseconds patience{10'000};  // so long without an operation done anywhere is a hang
};

struct Round {
  std::vector<Operation> operations;
  std::uint64_t kills = 0;
  std::uint32_t next_process = 0;
  bool corrupt = false;  // the engine said so after a kill, which its contract allows; make the dict anew
  std::string mismatch;  // of size() or for_each()
  std::string failed;    // why the round is not what it should be
};

Round record_round(const RoundPlan& plan);

}  // namespace dictbench
