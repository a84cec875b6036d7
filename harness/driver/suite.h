// Named sets of cells: what ./run_all.sh runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dictbench {

struct Suite {
  std::vector<std::string> engines;
  std::vector<std::string> workloads;
  std::vector<unsigned> processes;      // empty: as each workload says
  std::optional<unsigned> repetitions;  // nothing: as many as `budget_s` holds
  unsigned least_repetitions = 1;
  double scale = 1;
  std::optional<double> seconds, limit;
  std::optional<double> budget_s;
};

// "standard": every engine but the yardsticks (usual_engines()) with at least three repetitions in about ten minutes.
// "host": the same workloads, also with one process, at least nine repetitions in up to an hour: what is committed for
// a machine. "smoke": all engines, every workload tiny and once: does everything run? Throws std::invalid_argument.
Suite find_suite(const std::string& name);

std::vector<std::string> suite_names();

}  // namespace dictbench
