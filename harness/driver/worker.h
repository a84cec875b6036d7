// One worker's life: attach, preload, then each phase of the workload, in step with the others.
//
// Steps, in the order in which the driver releases them (control_page.h):
//   1            attach to the dict
//   2            preload: this process's share of the keys, untimed
//   3 + 6p       prepare phase p: generate its operations, propose the sampling
//   4 + 6p       warm up: the first operations of a phase that lasts some time, untimed
//   5 + 6p       run phase p, report: between this step's release and its end the clock runs
//   6 + 6p       check: some more operations, each looked at (checked_round.h)
//   7 + 6p       fill: what a load left undone at its limit, untimed
//   8 + 6p       settle: free the operations, count the items; the driver then measures memory
//   last + 1     check a dict that no other process can read; one that others can read is read now by one of them
//   last + 2     detach, end
// Runs in the worker's process only, or as a thread of it (worker_threads.h); ends by returning the exit status, never
// by throwing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engines/engine.h"
#include "harness/driver/control_page.h"
#include "workloads/workload.h"

namespace dictbench {

constexpr std::uint32_t kAttachStep = 1;
constexpr std::uint32_t kPreloadStep = 2;
constexpr std::uint32_t prepare_step(std::size_t phase) { return 3 + 6 * static_cast<std::uint32_t>(phase); }
constexpr std::uint32_t warm_step(std::size_t phase) { return prepare_step(phase) + 1; }
constexpr std::uint32_t run_step(std::size_t phase) { return prepare_step(phase) + 2; }
constexpr std::uint32_t check_window_step(std::size_t phase) { return prepare_step(phase) + 3; }
constexpr std::uint32_t fill_step(std::size_t phase) { return prepare_step(phase) + 4; }
constexpr std::uint32_t settle_step(std::size_t phase) { return prepare_step(phase) + 5; }
inline std::uint32_t check_step(const Workload& workload) { return prepare_step(workload.phases.size()); }
inline std::uint32_t finish_step(const Workload& workload) { return check_step(workload) + 1; }

// Whose dict the workers' dicts are.
enum class Sharing {
  processes,  // one, which any process can attach to
  threads,    // one, of the process whose threads the workers are
  none,       // each worker has its own
};

Sharing sharing_of(const Contract& contract);

struct WorkerPlan {
  const Workload& workload;
  const Contract& contract;
  Sharing sharing = Sharing::processes;
  unsigned worker = 0;
  unsigned processes = 1;
  unsigned engine_batch = 1;  // EngineDescription::batch
  std::function<std::unique_ptr<Dict>()> attach{};
};

// [phase][worker]: operations done, of the workers of one process. Each worker writes its own numbers; one that has a
// dict for itself, and fills it, those of the others too.
struct Executed {
  Executed(const Workload& workload, unsigned workers)
      : counts(workload.phases.size(), std::vector<std::uint64_t>(workers, 0)) {}
  std::vector<std::vector<std::uint64_t>> counts;
};

// Returns the worker's exit status: 0, or 1 after a failure that the area tells.
int run_worker(ControlPage& page, const WorkerPlan& plan, Executed& executed);

// As above, for a worker that is alone in its process.
int run_worker(ControlPage& page, const WorkerPlan& plan);

// The operations that one call handles in this phase: the workload's own batch or the engine's.
unsigned batch_of(const Phase& phase, unsigned engine_batch);

}  // namespace dictbench
