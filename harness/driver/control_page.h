// The page through which the driver and its workers agree on when to start, and in which each worker
// leaves its figures.
//
// Lives in a memfd that forked workers inherit mapped and spawned ones inherit as a file descriptor, so
// nothing of it can be left over. Protocol: the driver raises `released` to step k; workers wait for it,
// do step k and then raise their own `reached` to k. While a step's clock runs nobody writes a cache line
// that another process reads: a worker's area is its own, and it is filled when the clock has stopped.
// Written by one side each: an area by its worker, `first_done` by worker 0, `writes_done` by writers, the rest by the
// driver; all ring `arrivals`.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/meters/clock.h"
#include "harness/meters/histogram.h"
#include "results/record.h"
#include "workloads/workload.h"

namespace dictbench {

inline constexpr unsigned kMaxWorkers = kMaxProcesses;

// What one worker reports of one phase. Times are CLOCK_MONOTONIC nanoseconds, comparable across processes.
struct PhaseReport {
  std::uint64_t ops = 0;       // in the measured window
  std::uint64_t executed = 0;  // with those before it and after it: so much of its stream the worker has done
  std::uint64_t misses = 0;    // gets and erases that did not find their key, gets that found an absent one
  std::int64_t start_ns = 0, end_ns = 0;
  bool late = false;         // ended before all was done: at the phase's limit, or behind a fixed rate
  std::uint64_t one_in = 1;  // latency sampling
  std::uint64_t items = 0;   // Dict::size() when the phase was over
  Usage usage;
  Histogram reads, writes;  // latency
};

struct alignas(64) WorkerArea {
  std::atomic<std::uint32_t> reached{0};
  std::atomic<bool> failed{false};
  bool wrong_data = false;          // the failure is the dict's: it gave what it must not
  char failure[512] = {};           // why, when `failed`: one line
  PhaseReport report;               // of the last phase
  std::uint64_t verified_keys = 0;  // read back by the worker itself, where no other process can
};

struct ControlPage {
  alignas(64) std::atomic<std::uint32_t> released{0};
  alignas(64) std::atomic<std::uint32_t> arrivals{0};     // a bell that the driver sleeps on
  alignas(64) std::atomic<std::uint32_t> first_done{0};   // Start::first_alone: phases that worker 0 has ended
  alignas(64) std::atomic<std::uint32_t> writes_done{0};  // Phase::writers: how many of them have ended, of all phases
  TickClock clock;
  std::uint64_t one_in = 1;  // latency sampling of the phase: the rarest that a worker asked for, for all
  std::uint32_t config_length = 0;
  char config[8192] = {};  // JSON of WorkerConfig, for spawned workers
  WorkerArea workers[kMaxWorkers];
};

// Owns the mapping; the memfd is closed with it. Made by the driver; a worker maps it from the inherited fd.
class ControlMapping {
 public:
  ControlMapping();                 // a new page, zeroed
  explicit ControlMapping(int fd);  // an inherited one; takes the descriptor over
  ~ControlMapping();
  ControlMapping(const ControlMapping&) = delete;
  ControlMapping& operator=(const ControlMapping&) = delete;

  ControlPage* operator->() const noexcept { return page_; }
  ControlPage& operator*() const noexcept { return *page_; }
  int fd() const noexcept { return fd_; }

 private:
  int fd_ = -1;
  ControlPage* page_ = nullptr;
};

// A worker's last word when it cannot go on: `why` is cut to the room there is. `wrong_data`: the dict
// gave what it must not.
void fail_with(WorkerArea& area, std::string_view why, bool wrong_data = false) noexcept;

// Tells the driver that an area changed.
void ring_driver(ControlPage& page) noexcept;

// Sleeps while `word` is still `seen`, at most `milliseconds`; may wake early. Across processes.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen, int milliseconds) noexcept;
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace dictbench
