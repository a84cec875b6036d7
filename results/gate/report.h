// A gate's result for people and for CI: a table, a step summary in Markdown, JUnit's XML, JSON.
//
// Pure functions. What failed stands first, then what is open, then the rest.
#pragma once

#include <string>
#include <vector>

#include "results/gate/verdict.h"
#include "results/record.h"
#include "results/table.h"

namespace dictbench {

struct GateReport {
  std::vector<GateRecord> figures;
  std::string base, head;  // what was compared
  std::string beside;      // the yardstick whose ratio was gated, of a gate against records; else empty
  std::size_t pairs = 0;   // of each look
  double margin = 0;
  GateStanding standing = GateStanding::pass;
  std::string unfit;               // why nothing could be judged; else empty
  std::vector<std::string> notes;  // about the machine
};

// One line: what came out, in how many figures, and the smallest slowdown that could have been seen.
std::string gate_headline(const GateReport& report);

// One row a figure.
Table gate_table(const GateReport& report);

// At most so many bytes: GitHub refuses step summaries of 1 MiB and more. Rows that have no room are counted.
inline constexpr std::size_t kMostSummaryBytes = 1'000'000;
std::string gate_markdown(const GateReport& report);

// One test case a figure: a regressed one is a failure, an inconclusive one is skipped, with the reason. Of an unfit
// gate one test case, an error.
std::string gate_junit(const GateReport& report);

// {"standing","headline","base","head","beside","pairs","margin","unfit","notes","figures":[a gate's record each]}
std::string gate_json(const GateReport& report);

}  // namespace dictbench
