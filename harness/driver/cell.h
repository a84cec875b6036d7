// One cell of a run: an engine under a workload with a number of processes, once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engines/registry.h"
#include "harness/driver/worker_group.h"
#include "results/record.h"
#include "workloads/workload.h"

namespace dictbench {

struct Cell {
  std::string engine;    // spec text
  std::string workload;  // name or file, as load_workload() takes it
  double scale = 1;
  unsigned processes = 1;
  unsigned repetition = 1;
};

struct CellOptions {
  std::string run_id;
  StartMode start = StartMode::fork;
  std::optional<std::uint64_t> seed;  // instead of the workload's own
  std::chrono::seconds timeout{300};  // for one step of a cell
  std::vector<std::string> plugins;   // for spawned workers
  TickClock clock;
};

// Loads the workload at the cell's scale, with the run's seed when it has one (the hash tells them apart).
Workload workload_of(const Cell& cell, const std::optional<std::uint64_t>& seed);

// Runs it and returns one record per phase. What goes wrong inside the cell (engine not there, a worker
// that died or hung, data lost) is in the records' status; when this returns or throws, the cell's
// processes, segments, files and servers are gone. Throws SpecError, WorkloadError.
std::vector<CellRecord> run_cell(const Cell& cell, const CellOptions& options);

}  // namespace dictbench
