// From what workers and meters saw of one cell to the figures of its records.
#pragma once

#include <sys/types.h>

#include <vector>

#include "engines/engine.h"
#include "harness/driver/control_page.h"
#include "results/record.h"
#include "workloads/workload.h"

namespace dictbench {

// The work of one phase: figures stand beside each other only where all of it is equal.
Work work_of(const Workload& workload, const Phase& phase);

// What all workers together did in the measured window of a phase: operations, latencies, overlap, usage; and the
// status: "ok", or why there is no speed. Called when all have ended it.
void take_window(const ControlPage& page, unsigned workers, const TickClock& clock, const Phase& phase,
                 CellRecord& record);

// Whether a get or an erase of phase `index` must find its key: every key was stored before, and nothing but a
// process's own erase ever removes one. Gets may ask for a key that was erased. executed[phase][worker]: operations
// done, of the phases up to this one.
bool misses_are_wrong(const Contract& contract, const Workload& workload, std::size_t index,
                      const std::vector<std::vector<std::uint64_t>>& executed);

// What a dict costs: storage in use, its servers' private memory, and what its workers' has grown by since they
// attached. The same of the empty dict is told apart.
class MemoryMeter {
 public:
  // When all workers have attached to an empty dict.
  MemoryMeter(const Engine& engine, const std::vector<pid_t>& workers);

  // Fills in all but `items`, which must be there.
  void measure(const std::vector<pid_t>& workers, Memory& memory) const;

 private:
  const Engine& engine_;
  std::uint64_t attached_bytes_ = 0;  // private memory of all workers just after attaching
  std::uint64_t empty_bytes_ = 0;
};

}  // namespace dictbench
