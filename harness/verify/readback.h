// Reads a dict back after a run and holds it against what the operations must have left in it.
//
// For shared engines this runs in a process of its own that wrote nothing, while the workers are still attached: what
// a worker only holds back until it detaches is not there for others, and so is lost. A dict that each process has
// for itself is read by its own process.
//
// Checked: the number of keys; key by key presence and value (workloads/expectation.h), with keys that never were
// among them; one walk over all of it (walk_check.h). All keys are read, but of servers, where a key takes a round
// trip, an evenly spread sample of kMostKeys, so that the check takes about as long as the run and not ten times that.
// Which ones follows from the workload's seed, another one in each repetition.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engines/engine.h"
#include "workloads/workload.h"

namespace dictbench {

inline constexpr std::uint64_t kMostKeys = 100'000;

struct Readback {
  std::uint64_t keys = 0;   // read and compared
  std::uint64_t items = 0;  // that the dict must hold
  std::string wrong{};      // the first thing that is wrong with the dict, or empty
  std::string not_done{};   // why it could not be read to its end (server gone, time out), or empty
};

// executed[phase][worker]: operations done. Errors of the dict become `wrong`, or `not_done` where its server is gone.
Readback read_back(Dict& dict, const Contract& contract, const Workload& workload, unsigned processes,
                   const std::vector<std::vector<std::uint64_t>>& executed);

// The number of keys alone, which must be `items`.
Readback recount(Dict& dict, std::uint64_t items);

}  // namespace dictbench
