// One cell of a run: an engine under a workload with a number of processes, once.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "harness/driver/plan.h"
#include "harness/driver/worker_group.h"
#include "results/record.h"

namespace dictbench {

struct CellOptions {
  std::string run_id;
  StartMode start = StartMode::fork;
  std::chrono::seconds timeout{300};  // for one step of a cell
  std::vector<std::string> plugins;   // for spawned workers
  TickClock clock;
};

// Runs it and returns one record per phase. What goes wrong inside the cell (engine not there, a worker
// that died or hung, data lost) is in the records' status; when this returns or throws, the cell's
// processes, segments, files and servers are gone. Throws WorkloadError.
std::vector<CellRecord> run_cell(const Cell& cell, const CellOptions& options);

}  // namespace dictbench
