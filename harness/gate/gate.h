// The gate: is the head slower than the base? Looks at all figures of all cells in pairs of runs, at those that
// seem slower once more, and gives verdicts (results/gate/).
//
// Pairs come in blocks of two, ABBA or BAAB by chance, so that neither side has the better place in a machine that
// warms up or throttles; the cells take turns block by block, so that drift hits all alike. The first run of each
// side is a warm-up: it tells how long a run takes and is thrown away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/gate/measurer.h"
#include "results/gate/verdict.h"

namespace dictbench {

struct GateOptions {
  double margin = 0.03;
  double blind = 0.5;                     // verdict_of()
  double budget_s = 300;                  // for everything; half of it is kept for the second look
  std::optional<std::size_t> pairs = {};  // of one look, even; nothing: as many as the budget gives, at most kMostPairs
  std::uint64_t seed = 1;                 // of the order of the runs
};

// More than so many tell little more: the interval shrinks with their root.
inline constexpr std::size_t kMostPairs = 40;

// Where the gate's ratios are judged against committed ones: of that cell, phase and figure. Null: there are none.
using CommittedPairs = std::function<const Pairs*(const GateRun& run, const GateCell& cell, const std::string& phase,
                                                  const std::string& figure)>;

struct GateResult {
  std::vector<GateRecord> figures;  // run_id, base, head and trial are the caller's to fill in
  std::size_t pairs = 0;            // of each look
  GateStanding standing = GateStanding::pass;
  std::string unfit;  // why nothing could be judged at all: too few pairs, no result; then `standing` is inconclusive
};

// `told` is called before each run with what it is and how many there are so far and in all.
using GateTold = std::function<void(const std::string& what, std::size_t run, std::size_t runs)>;

// Throws what the measurer throws, and std::invalid_argument for `pairs` below what the number of figures needs.
GateResult run_gate(const std::vector<GateCell>& cells, Measurer& measurer, const GateOptions& options,
                    const CommittedPairs& committed = nullptr, const GateTold& told = nullptr);

}  // namespace dictbench
