// What engines are to reach, as data, and the table that says whether they did: one Target a row. Each list
// (rival_targets.cc, design_targets.cc) is the only place that knows its numbers. Private to results/tables/.
#pragma once

#include <span>
#include <vector>

#include "results/tables/tables.h"

namespace dictbench {

enum class TargetFigure {
  speed,            // ops/s of `subject` through ops/s of `base`, paired by repetition within one run: at least
  ops_per_s,        // of `subject` alone: at least
  updates_per_s,    // that a read of table ultra-cases applied: at least
  blocks_saved,     // storage in use of `base` through that of `subject`, paired likewise: at least
  length_saved,     // the same of the storage's length, which counts what a sparse file leaves out
  bytes_per_item,   // storage in use by items, of `subject` alone: at most
  read_p999_ns,     // of the gets and scans alone: at most
  longest_read_ns,  // of the sampled gets and scans: at most
  longest_ns,       // of all sampled operations: at most
};

// Which cells: an engine's spec text, a workload's name, a number of processes (or threads), a phase.
struct TargetCells {
  const char* engine;
  const char* workload;
  unsigned processes;
  const char* phase = nullptr;  // nullptr: whichever there is
};

struct Target {
  const char* measure;
  TargetFigure figure;
  TargetCells subject;
  TargetCells base;  // of the figures that compare
  double target;     // 0: none, the figure is only told
  double stretch = 0;
};

struct TargetList {
  const char* table;
  const char* title;
  const char* command;  // makes a run with all figures
  const char* note;     // what was measured
  std::span<const Target> targets;
};

// A table for each host that has any of the figures; a column `stretch` where the list has such targets.
std::vector<Table> build_targets(const TargetList& list, const RecordFile& records, const TableContext& context);

}  // namespace dictbench
