// What was measured, and how far that is from what is asked: one workload's phase with one number of processes.
//
// results/ knows no workload files, so whoever calls says what a phase does (PhaseTraits). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/choose/requirements.h"

namespace dictbench {

struct PhaseTraits {
  // Shares of the operations; they sum to 1.
  double gets = 0, scans = 0, sets = 0, inserts = 0, erases = 0, adds = 0, read_modify_writes = 0;
  double value_bytes = 0;         // mean
  std::uint64_t keys = 0;         // at the scale of the record
  bool every_key_by_all = true;   // false: each process has keys of its own
  bool memory_is_its_own = true;  // false: the workload has values of other sizes too, so bytes per item say nothing
  bool alone = true;              // false: the workload has more phases
  std::string special;            // what makes it no plain mix: "batches of 32", "a fixed arrival rate"; empty: nothing

  double reads() const { return gets + scans; }
};

// How far a phase is from the need; smaller is nearer. Nothing when it does something else (other kinds of reads or
// writes, batches, a fixed rate), so that no figure of it says anything about the need.
std::optional<double> distance(const PhaseTraits& traits, unsigned processes, const Requirements& asked);

// Whether reads (within 0.1) and value size (within four times) are what is asked: then a figure of it counts as
// measured for the need, whatever the number of processes and of items.
bool covers(const PhaseTraits& traits, const Requirements& asked);

// "measured with 2 processes, you asked 8", one text for each thing that differs; empty: just as asked.
std::vector<std::string> extrapolations(const PhaseTraits& traits, unsigned processes, const Requirements& asked);

}  // namespace dictbench
