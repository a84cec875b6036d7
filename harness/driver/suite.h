// Named sets of cells: what ./run_all.sh runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dictbench {

struct Suite {
  std::vector<std::string> engines;
  std::vector<std::string> workloads;
  bool most_processes_only = false;     // CellSelection::most_processes_only
  std::optional<unsigned> repetitions;  // nothing: as many as `budget_s` holds
  unsigned least_repetitions = 1;
  double scale = 1;
  std::optional<double> seconds, limit;
  std::optional<double> budget_s;
  std::string takes;  // "about 18 minutes": of two slow cores, warm-ups and all
};

// "standard": every engine but the yardsticks (usual_engines()), each workload with its largest number of processes, at
// least three repetitions. "host": all numbers of processes and of value sizes, at least nine repetitions, and
// "documents": the documents' programs, at least three; both are what is committed for a machine.
// "smoke": all engines, every workload tiny and once: does everything run? Throws std::invalid_argument.
Suite find_suite(const std::string& name);

std::vector<std::string> suite_names();

}  // namespace dictbench
