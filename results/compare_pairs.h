// Which cells of two sets of records belong together, for `dictbench compare`. Private to results/.
//
// Pure; holds pointers into the records and their blocks, which must outlive it.
#pragma once

#include <cstddef>
#include <vector>

#include "results/tables/series.h"

namespace dictbench {

// One side of a cell: what was measured there, and in which records.
struct ComparedSide {
  const RecordFile* records = nullptr;
  const Block* block = nullptr;
  const Series* series = nullptr;

  std::vector<const RunRecord*> runs() const;
};

struct ComparedPair {
  ComparedSide a, b;
};

// Every series of these blocks, in their order.
std::vector<ComparedSide> sides_of(const RecordFile& records, const std::vector<Block>& blocks);

struct Matched {
  std::vector<ComparedPair> pairs;  // in the order of A's records, so that a workload's phases stay in theirs
  std::size_t only_a = 0, only_b = 0, both = 0;  // places: tier, workload, phase, processes and, where asked, engine
};

// Pairs what was measured at the same place. Of several series there, those that are alike in host, scale and start;
// where no two are, those that are less and less alike, at last one pair that stands for the place and says in what it
// differs.
Matched match_sides(const std::vector<ComparedSide>& as, const std::vector<ComparedSide>& bs, bool same_engine);

// The figures of both sides, pair by pair.
struct PairedFigures {
  std::vector<double> a, b;
};

// `by_rounds`: rounds of one run that both have; else the k-th repetition of one side with the k-th of the other.
PairedFigures paired_figures(const ComparedPair& pair, const Metric& metric, bool by_rounds);

}  // namespace dictbench
