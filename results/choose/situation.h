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
  double arrival_rate = 0;        // operations a second, all processes together; 0: a closed loop
  std::string distribution;       // of the keys: "uniform", "zipfian 0.99"
  std::string special;            // what makes it no plain mix: "batches of 32"; empty: nothing

  double reads() const { return gets + scans; }
};

// How far a phase is from the need; smaller is nearer. Nothing when it does something else, so that no figure of it
// says anything about the need: other kinds of reads or writes, batches, a fixed rate, values of more than twice the
// size or less than half of it, and another share of reads or of writes by more than a quarter. A write may cost as
// much as one read or as hundreds, by engine, so reads alone never stand for a need with writes.
std::optional<double> distance(const PhaseTraits& traits, unsigned processes, const Requirements& asked);

// The same for a phase with a fixed rate, which only latencies are taken from.
std::optional<double> distance_of_open_loop(PhaseTraits traits, unsigned processes, const Requirements& asked);

// Two phases of one workload, mixed so that reads are as asked. Nothing where the asked share does not lie between
// theirs, or where they differ in keys, in values or in how often which key is used; counters are keys of their own.
struct Mixed {
  PhaseTraits traits;
  double share = 0;  // of the operations, that are as those of `more_reads`
};
std::optional<Mixed> mix(const PhaseTraits& fewer_reads, const PhaseTraits& more_reads, const Requirements& asked);

// "measured with 2 processes, you asked 8", one text for each thing that differs; empty: just as asked.
std::vector<std::string> extrapolations(const PhaseTraits& traits, unsigned processes, const Requirements& asked);

}  // namespace dictbench
