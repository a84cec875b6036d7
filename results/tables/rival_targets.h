// What the engine `lockfree` is to reach, as data: one entry a row of the table `lockfree-rivals`. Nothing else
// knows these numbers. Private to results/tables/.
#pragma once

#include <span>

namespace dictbench {

enum class TargetFigure {
  speed,  // ops/s of `subject` through ops/s of `base`, paired by repetition within one run: at least the target
  bytes_per_item,  // storage in use by items, of `subject` alone: at most the target
  read_p999_ns,    // of the gets and scans alone: at most the target
};

// Which cells: an engine's spec text, a workload's name, a number of processes (or threads).
struct TargetCells {
  const char* engine;
  const char* workload;
  unsigned processes;
};

struct RivalTarget {
  const char* measure;
  TargetFigure figure;
  TargetCells subject;
  TargetCells base;  // empty but for `speed`
  double target, stretch;
};

std::span<const RivalTarget> rival_targets();

// Fewer repetitions decide nothing.
inline constexpr std::size_t kFewestRounds = 5;

}  // namespace dictbench
