// What one recording process does: random operations on few keys, each written to its tape.
//
// Three of four keys are registers: get, set with values that no other operation writes, erase. Every fourth is a
// counter: add, get, and now and then erase or set. Runs in a process of its own; Dict as its contract says.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engines/engine.h"
#include "harness/check/tape.h"

namespace dictbench {

struct RecordingPlan {
  Contract contract;
  std::uint64_t seed = 1;
  std::uint32_t first_key = 0;  // of this round
  std::uint32_t keys = 16;
  std::uint64_t share = 0;  // operations of one tape
  std::function<std::unique_ptr<Dict>()> attach;
};

// What closing a tape adds to its share, generously: see record_share() and record_closing().
inline std::uint64_t closing_operations(const RecordingPlan& plan) { return 12 * std::uint64_t{plan.keys} + 16; }

// "check-17"
std::string check_key(std::uint32_t key);

// A worker: waits for `go`, does what is left of the tape's share and then a get, before which buffered sets are
// written. Where each process has a dict of its own, closes that as record_closing() does. The tape's state says how
// it went. Returns the exit status.
int record_share(const RecordingPlan& plan, Tape tape, TapeMemory::Signals& signals, std::uint32_t process);

// After all workers, by a process of its own: gets every key, holds size() and for_each() against that, and erases
// the keys, so that the next round finds a dict without them.
int record_closing(const RecordingPlan& plan, Tape tape, std::uint32_t process);

}  // namespace dictbench
