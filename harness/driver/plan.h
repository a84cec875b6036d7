// What a run consists of, resolved once at the door: engines bound to their specs, workloads loaded. Everything behind
// it takes the plan as it is, and no spec is parsed and no file read again.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engines/registry.h"
#include "harness/driver/worker_group.h"
#include "workloads/workload.h"

namespace dictbench {

// The shortest window of which a figure is told: 200 ms.
inline constexpr double kShortestSeconds = 0.2;

// What the command line asks for.
struct CellSelection {
  std::vector<std::string> engines;     // spec texts
  std::vector<std::string> workloads;   // names or files
  std::vector<unsigned> processes;      // empty: as each workload says
  bool most_processes_only = false;     // of what the workload says, the largest number
  std::optional<unsigned> repetitions;  // nothing: as each workload says
  std::optional<double> scale;          // nothing: 1
  std::optional<double> seconds;        // of every timed phase; nothing: as each workload says
  std::optional<double> limit;          // seconds, of phases that have a number of operations and no limit of their own
  std::uint64_t order_seed = 1;         // of the order of the cells
  std::optional<std::uint64_t> seed;    // of the operations; nothing: as each workload says
};

struct BoundEngine {
  explicit BoundEngine(const std::string& spec_text);  // throws SpecError

  Spec spec;
  const EngineDescription& description;
  Contract contract;
  unsigned batch = 1;  // EngineDescription::batch
};

// An engine under a workload with a number of processes, once. Points into its plan.
struct Cell {
  const BoundEngine* engine = nullptr;
  const Workload* workload = nullptr;
  unsigned processes = 1;
  unsigned repetition = 1;
};

class Plan {
 public:
  // Throws SpecError or WorkloadError for a name that does not exist, before anything runs.
  explicit Plan(const CellSelection& selection);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  unsigned rounds() const noexcept { return rounds_; }  // most repetitions of a cell
  unsigned most_processes() const;

  // All cells of one repetition, shuffled. Repetition by repetition, so that drift of the machine (clock rate,
  // neighbours on the host) hits every engine alike, and the k-th repetition of two engines is a pair.
  std::vector<Cell> round(unsigned repetition) const;

  // Adds rounds beyond those that the selection names.
  void repeat(unsigned rounds) {
    rounds_ = rounds;
    all_repeat_ = true;
  }

  const std::deque<Workload>& workloads() const noexcept { return workloads_; }

 private:
  CellSelection selection_;
  std::deque<BoundEngine> engines_;
  std::deque<Workload> workloads_;
  unsigned rounds_ = 0;
  bool all_repeat_ = false;
};

// The numbers of processes with which a run with this selection measures the workload.
std::vector<unsigned> processes_of(const CellSelection& selection, const Workload& workload);

// Loads a workload as a run with this selection does: scale, seed, seconds, limit.
Workload load_for(const CellSelection& selection, const std::string& name_or_path);

// With the run's seed instead of its own (the hash tells them apart).
Workload with_seed(Workload workload, const std::optional<std::uint64_t>& seed);

// The seed of one repetition: another one each time, the same for all engines.
std::uint64_t seed_of(const Workload& workload, unsigned repetition);

}  // namespace dictbench
