// Reads a dict back after a run and holds it against what the operations must have left in it.
//
// For shared engines this runs in a process of its own that wrote nothing; a dict that each process has
// for itself is read by its own process. Checked: the number of keys, and key by key presence and value
// (workloads/expectation.h) of all keys, or of an evenly spread sample where there are more than
// kMostKeys, so that the check of a server takes about as long as the run and not ten times that.
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
Readback read_back(Dict& dict, const Workload& workload, unsigned processes,
                   const std::vector<std::vector<std::uint64_t>>& executed);

}  // namespace dictbench
