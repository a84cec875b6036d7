// Which cells a run consists of, and in which order.
//
// Repetition by repetition, and within one repetition all cells shuffled: so drift of the machine (clock
// rate, neighbours on the host) hits every engine alike, and the k-th repetition of two engines is a pair.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/driver/cell.h"
#include "results/record.h"

namespace dictbench {

struct CellSelection {
  std::vector<std::string> engines;     // spec texts
  std::vector<std::string> workloads;   // names or files
  std::vector<unsigned> processes;      // empty: as each workload says
  std::optional<unsigned> repetitions;  // nothing: as each workload says
  std::optional<double> scale;          // nothing: 1
  std::uint64_t order_seed = 1;         // of the shuffle
  std::optional<std::uint64_t> seed;    // of the operations; nothing: as each workload says
};

// Throws SpecError or WorkloadError for a name that does not exist, before anything runs.
std::vector<Cell> make_schedule(const CellSelection& selection);

// Takes out the cells that `done` holds already: all phases of one attempt, with the same workload hash,
// ended "ok". A cell that was invalid or unavailable is tried again.
std::vector<Cell> without_done(std::vector<Cell> cells, const RecordFile& done, StartMode start,
                               const std::optional<std::uint64_t>& seed);

}  // namespace dictbench
