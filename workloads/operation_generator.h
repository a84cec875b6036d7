// The operations of one process in one phase, one after the other, without keys' texts: what OperationStream
// writes down and what Expectation replays. Everything follows from workload, phase, worker and
// number of processes. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "workloads/distribution.h"
#include "workloads/operation_stream.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace dictbench {

// Which kind comes next: random by weight, except that inserts and erases (one weight together) take
// strict turns by their weights, so that a dict with as many of both keeps its size.
class KindSequence {
 public:
  KindSequence(const Mix& mix, std::uint64_t seed) noexcept;

  OperationKind next() noexcept;

 private:
  static constexpr std::size_t kClasses = 7;

  OperationKind turn() noexcept;

  std::uint64_t limits_[kClasses];  // class c is meant by random numbers below limits_[c], in units of 2^-53
  std::size_t only_ = kClasses;     // the class with all the weight
  std::uint64_t insert_share_;      // of inserts among inserts and erases, in units of 2^-32
  std::uint64_t credit_;            // an insert is due when this reaches one
  Random random_;
};

// The keys that one process inserts and erases, over all phases: a queue of its part of the keys and then
// of those that it inserted; the oldest is erased first.
class OwnKeys {
 public:
  OwnKeys(const Workload& workload, unsigned worker, unsigned processes);

  std::uint64_t insert() noexcept { return inserted_key(inserted_++); }  // number of the fresh key
  std::uint64_t erase() noexcept;  // number of the oldest key; where none is left, the last one again

  std::uint64_t inserted() const noexcept { return inserted_; }
  std::uint64_t erased() const noexcept { return erased_; }
  std::uint64_t inserted_key(std::uint64_t k) const noexcept { return count_ + k * processes_ + worker_; }

 private:
  std::uint64_t count_, worker_, processes_;
  std::uint64_t first_, size_;  // the process's part of the keys; size 0 where nobody has set them
  std::uint64_t inserted_ = 0, erased_ = 0;
};

class OperationGenerator {
 public:
  struct Step {
    std::uint64_t key_number;
    OperationKind kind;
  };

  OperationGenerator(const Workload& workload, const Phase& phase, unsigned worker, unsigned processes);

  Step next();

  // The next `steps` key numbers of keys that there are, counters apart, stay below this.
  std::uint64_t key_limit(std::uint64_t steps) const noexcept;

 private:
  std::uint64_t first_, count_;  // the keys that get, set, add, scan and read_modify_write touch
  bool inserts_;
  bool counters_;
  std::uint64_t all_keys_;
  KindSequence kinds_;
  OwnKeys own_;
  Random random_;
  std::unique_ptr<Distribution> distribution_;
};

// What one process does of the phase's mix: all of it, or its writes or reads where `writers` set those apart.
Mix mix_of(const Phase& phase, unsigned worker) noexcept;

// True for a process that reads until the writers have ended: its stream goes round and round.
bool reads_on(const Phase& phase, unsigned worker) noexcept;

// Operations of one process in a phase that is limited by a number of them; 0 for one that reads on.
std::uint64_t operation_share(const Phase& phase, unsigned worker, unsigned processes) noexcept;

// Throws WorkloadError where `processes` is no number of processes for this workload, or one would own no key.
void check_processes(const Workload& workload, unsigned processes);

// True where operations of this mix write or delete keys 0..count-1 / insert or erase.
bool sets_keys(const Mix& mix) noexcept;
bool has_own_keys(const Mix& mix) noexcept;

// What a process has inserted and erased once phases 0..before-1 have run: to their ends, or as many operations as
// executed[phase][worker] says.
OwnKeys own_keys_before(const Workload& workload, std::size_t before, unsigned worker, unsigned processes,
                        const std::vector<std::vector<std::uint64_t>>& executed = {});

// The sequence of kinds of the workload's phase `index`.
KindSequence kinds_of_phase(const Workload& workload, std::size_t index, unsigned worker);

}  // namespace dictbench
