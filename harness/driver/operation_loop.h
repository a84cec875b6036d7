// The timed loop: one process walks its operation stream over one dict.
//
// Closed loop: the next operation starts when the last one has ended; one operation in `one_in`, at
// random distances, is timed. Open loop (Phase::arrival_rate): operation i is due at start + i / rate
// whatever the dict does, and its latency counts from then, so that a stall is charged to every
// operation it delays (G. Tene's "coordinated omission"); every operation is timed. A dict that cannot keep the rate
// would take for ever, so the loop is left after twice its time.
// Sampled gets also check the value, outside the time stamps.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engines/engine.h"
#include "harness/meters/clock.h"
#include "harness/meters/histogram.h"
#include "workloads/operation_stream.h"
#include "workloads/value_content.h"
#include "workloads/workload.h"

namespace dictbench {

struct LoopPlan {
  Dict& dict;
  const OperationStream& stream;
  const Workload& workload;
  const Phase& phase;
  const TickClock& clock;
  unsigned worker = 0;
  unsigned processes = 1;
  unsigned batch = 1;                // operations per get_many / set_many call
  std::uint64_t one_in = 1;          // latency sampling in the closed loop
  std::uint64_t first_sequence = 0;  // of this phase's first operation, counted over the worker's life
  std::uint64_t already = 0;         // operations of the stream that are done
  double seconds = 0;                // after which the loop ends; 0: no end by time
  // A stream of a given number of operations is left before the one with this number; one that goes round is not.
  std::uint64_t stop_before = UINT64_MAX;
  // The stream goes round and round until this reaches `writes_wanted`; null: until it or `seconds` end.
  const std::atomic<std::uint32_t>* writes_done = nullptr;
  std::uint32_t writes_wanted = 0;
};

struct LoopResult {
  std::uint64_t ops = 0;
  std::uint64_t misses = 0;  // gets and erases that did not find their key, gets that found an absent one
  bool late = false;         // an open loop that was left behind its rate
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint64_t one_in = 1;
  Histogram reads{}, writes{};  // latency of gets and scans, and of the rest
  std::string wrong_value{};    // what the first wrong sampled value was, or empty
};

// Runs the stream from `already` on to its end or to `stop_before`, or for `seconds`, or until others have written.
// Errors of the dict pass through.
LoopResult run_operations(const LoopPlan& plan);

// Picks how many operations to leave between two timed ones: the smallest power of two, at most 256,
// that keeps a sample's cost below 2 % of what the operations between them take. A sample costs up to
// 560 ns: two clock reads (60 ns), and the overlap with its neighbours, about three cache misses.
// Finds out by up to 512 gets or 5 ms, untimed.
std::uint64_t choose_sampling(Dict& dict, const OperationStream& stream, const TickClock& clock, unsigned batch);

}  // namespace dictbench
