// What a gate takes from the records of runs: the figures of one cell, and the pairs of two engines that were run
// in turn.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "results/gate/rules.h"
#include "results/record.h"

namespace dictbench {

// The figures there are, as GateRecord::figure describes them; in reports they stand in this order.
inline constexpr const char* kTime = "time";
inline constexpr const char* kMemory = "memory";
inline constexpr const char* kSwitches = "switches";

// By the figure's name, all above 0 and better when smaller. Without "memory" for what stores nothing.
std::map<std::string, double> gate_figures(const CellRecord& cell);

// Committed records as the other side of a gate between machines that differ: rounds in which both the engine and
// its yardstick were measured, and were right.
class CommittedRatios {
 public:
  explicit CommittedRatios(RecordFile records) : records_(std::move(records)) {}

  // `yardstick` as the base side, `engine` as the head's, of cells with this workload, phase and number of
  // processes; null when no round has both. Owned by this object.
  const Pairs* find(const std::string& yardstick, const std::string& engine, const std::string& workload_hash,
                    const std::string& phase, unsigned processes, const std::string& figure);

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string, unsigned, std::string>;
  RecordFile records_;
  std::map<Key, Pairs> found_;
};

}  // namespace dictbench
