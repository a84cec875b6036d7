// One torture worker: a process that reads and writes a shared dict as fast as it can and judges all it reads.
//
// It writes the keys of its own slot, reads those of all, adds to shared counters. What must hold of a read:
//  - a value is whole, and one that its key's owner set;
//  - linearizable engines: the version lies between the one acknowledged before the read and the one begun
//    after it, and is no older than what this process has seen of the key; of a counter likewise;
//  - other engines: of keys that this process has written, the same; of others nothing but wholeness.
// What does not hold goes to the ledger, and the process ends. Runs in the forked worker process, one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engines/contract.h"
#include "engines/engine.h"
#include "engines/shm/crash_point.h"
#include "harness/torture/ledger.h"

namespace dictbench::torture {

// What the workers of one arena know.
struct Rules {
  Contract contract;
  unsigned processes = 3;
  std::uint64_t seed = 1;
  bool ends_with_server = false;  // a worker that cannot attach again ends as `refused`

  std::size_t longest_value() const noexcept {
    return contract.largest_value < kLongestValue ? contract.largest_value : kLongestValue;
  }
  // Whether what one process acknowledged binds what another one reads.
  bool linearizable() const noexcept {
    return contract.stores && contract.shared_between_processes && contract.consistency == Consistency::linearizable;
  }
};

// A crash point that a worker arms before it attaches; no name: none.
struct Arming {
  std::string point;
  std::uint64_t nth = 1;
  CrashAction action = CrashAction::kill;
};

// The whole life of the process in a slot; `life` numbers the slot's processes. Returns its exit status.
int run_worker(Ledger& ledger, unsigned slot, std::uint64_t life, const Rules& rules, const Arming& arming,
               const std::function<std::unique_ptr<Dict>()>& attach);

// Reads everything that the ledger knows, while no worker runs: every key and counter, the retired ones too, size()
// and the listing. Writes to the ledger what does not hold and how many acknowledged writes are lost. `only`: the one
// slot whose process had this dict for itself.
void audit(Ledger& ledger, const Rules& rules, Dict& dict, std::optional<unsigned> only);

}  // namespace dictbench::torture
