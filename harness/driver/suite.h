// Named sets of cells: what ./run_all.sh runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dictbench {

struct Suite {
  std::vector<std::string> engines;
  std::vector<std::string> workloads;
  std::optional<unsigned> repetitions;
  double scale = 1;
  std::optional<double> budget_s;
};

// "standard": every engine but the yardsticks (usual_engines()) and every workload at full scale where the time allows
// it, in about ten minutes. "smoke": all engines, each cell tiny and once: does everything run? Throws
// std::invalid_argument.
Suite find_suite(const std::string& name);

}  // namespace dictbench
