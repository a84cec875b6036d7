// Which cells of a plan are still to be done: `--resume`.
#pragma once

#include <vector>

#include "harness/driver/plan.h"
#include "results/record.h"

namespace dictbench {

// Takes out the cells that `done` holds already: all phases of one attempt, with the same workload hash, each of them
// measured, or found to be too slow. A cell that was invalid or unavailable is tried again.
std::vector<Cell> without_done(std::vector<Cell> cells, const RecordFile& done, StartMode start);

}  // namespace dictbench
