// What a need is judged by: the phase that comes nearest to it, or two phases of one workload between whose shares of
// reads that of the need lies. Then the time of an operation is reckoned between them.
//
// Pure functions. Holds pointers into the blocks, which must outlive it.
#pragma once

#include <optional>
#include <vector>

#include "results/choose/knowledge.h"
#include "results/choose/requirements.h"
#include "results/choose/situation.h"
#include "results/tables/series.h"

namespace dictbench {

// What a choice is made from.
struct Source {
  const RecordFile& records;
  const Knowledge& knowledge;

  std::optional<PhaseTraits> traits_of(const Series& series) const;
  std::optional<EnginePromises> promises_of(const std::string& spec) const;
};

// All engines of a choice are judged by one.
struct Situation {
  const Block* block = nullptr;       // null: no record is of the asked kind
  const Block* more_reads = nullptr;  // null: `block` alone
  double share = 0;                   // of the operations, that are as those of `more_reads`
  unsigned processes = 0;

  // "get", "update and get".
  std::string phase() const;
};

// The nearest in which a shared engine has a figure. Two phases are further than one; of equally near ones that with
// the most keys, then with the most engines, then the first by name: the order of the records says nothing.
Situation nearest_situation(const std::vector<Block>& blocks, const Requirements& asked, const Source& source);

// The same for latencies at a fixed rate, with the situation's processes: the rate next above what is asked, or the
// lowest, which every engine holds.
Situation nearest_open_loop(const std::vector<Block>& blocks, const Situation& situation, const Requirements& asked,
                            const Source& source);

// How a figure is reckoned between two phases: a rate by the mean time of an operation, a count of each operation by
// its mean; what nothing says how it mixes (p99, bytes per item) lies between the better and the worse.
enum class Between { rate, mean, better, worse };

// What one engine has in a situation.
struct Basis {
  const Series* series = nullptr;           // null: no figure
  const Series* more_reads = nullptr;       // null: `series` alone
  const Series* fewer_processes = nullptr;  // `series` with the next lower number of processes; null: not measured
  double share = 0;
  PhaseTraits traits;

  // Of the rounds that both have.
  FigureByRound figures(const Metric& metric, Between between) const;
  std::optional<double> median(const Metric& metric, Between between) const;
};

Basis basis_of(const std::string& engine, const Situation& situation, const Requirements& asked, const Source& source);

}  // namespace dictbench
