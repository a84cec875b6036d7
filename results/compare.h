// `dictbench compare`: which of two is faster, cell by cell, and how sure that is.
//
// Pure functions from records to tables. A and B are two engines of one set of records, or two record files. B's
// operations per second are told as a ratio to A's: above 1, B is faster. A verdict is given where the sign-test
// interval of the paired ratios (results/statistics/paired.h) leaves 1 out and covers the level; where A and B differ
// in more than what is compared (results/comparability.h) there is none, and the cell says in what. A cell that is
// wrong, lost data or did not finish has no speed here either.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "results/statistics/statistics.h"
#include "results/tables/tables.h"

namespace dictbench {

// Nothing to compare: an engine without records, or no cell that both have. One line, with what there is.
class CompareError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

struct CompareOptions {
  TableContext context;  // its selection narrows the cells
  double level = kConfidenceLevel;
};

// Two specs, as the records name them. Pairs are rounds of one run, in which the machine's drift cancels.
// Tables `compare` (speed) and `compare-costs` (bytes per item, context switches).
std::vector<Table> compare_engines(const RecordFile& records, const std::string& engine_a, const std::string& engine_b,
                                   const CompareOptions& options);

// Repetitions of equal cells, paired in their order. Drift between the two runs does not cancel; a note says so.
// `name_a` and `name_b` stand for the files in the heading.
std::vector<Table> compare_files(const RecordFile& a, const std::string& name_a, const RecordFile& b,
                                 const std::string& name_b, const CompareOptions& options);

}  // namespace dictbench
