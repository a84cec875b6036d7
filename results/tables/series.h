// Records sorted into what tables print: a Block per host, tier, workload and phase; in it a Series per engine,
// number of processes, scale and way to start.
//
// Holds pointers into the RecordFile, which must outlive it. Private to results/ (tables, converters).
// Which cells count:
//  - of two records of one repetition of one run, the later, unless the earlier failed verification;
//  - records of another version of the workload file (another hash at the same scale) than the newest run's
//    are left out and counted in Block::outdated: they did something else;
//  - an `unavailable` or `invalid` record that a later run replaced (resume) does not count;
//  - a failed verification always counts: lost data does not heal.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/statistics/statistics.h"
#include "results/tables/tables.h"

namespace dictbench {

struct Series {
  std::string engine;  // spec text
  unsigned processes = 0;
  double scale = 1;
  std::string start;
  std::vector<const CellRecord*> cells;  // all that count, in the order of the file
  const CellRecord* broken = nullptr;    // the worst of them, when one is not fit to be shown

  // Whether a speed may be shown: all cells are ok and verified (or not applicable).
  bool good() const { return broken == nullptr; }

  // Why not: "failed: 3 keys lost". Begins with the status word. With several cells: "... (1 of 5)".
  std::string reason() const;
};

struct Block {
  std::string host;  // host_name() of the runs
  std::string tier;
  std::string workload;
  std::string phase;
  std::vector<Series> series;          // by engine, processes, scale (largest first)
  std::vector<const RunRecord*> runs;  // in the order of the file
  std::size_t outdated = 0;
};

// Blocks by workload name, tier and host; phases in the order in which they were recorded.
std::vector<Block> group_blocks(const RecordFile& records, const Selection& selection);

// Where the figures of a table's cell come from: with two series, a ratio.
FigureSource source_of(const Series& series);
TableCell cited(TableCell cell, const Series& series, const Series* base = nullptr);

// "redis" of "redis?pipeline=16".
std::string engine_name(const std::string& spec);

// shared: a dict that the processes share; threads_only: shared by threads of one process; not_shared: private to each
// process, a ceiling; cost: does nothing, so that its figures are the harness's own.
enum class Standing { shared, threads_only, not_shared, cost };
Standing standing_of(const Series& series, const TableContext& context);

// By processes; within them the fastest first, what has no speed after it, the harness's own cost last.
std::vector<const Series*> fastest_first(const Block& block, const TableContext& context);

// Whether this one record is fit to show a speed.
bool shows_speed(const CellRecord& cell);

using Metric = std::function<std::optional<double>(const CellRecord&)>;

// Of the cells for which the metric exists; nothing when there are none.
std::optional<double> median_of(const Series& series, const Metric& metric);
FigureByRound by_round(const Series& series, const Metric& metric);

// Workers and servers together, measured window.
Usage total_usage(const CellRecord& cell);

// What the engine said about itself under that name, where it is a number.
std::optional<double> number_fact(const CellRecord& cell, std::string_view name);

// Metrics.
std::optional<double> ops_per_s(const CellRecord& cell);
std::optional<double> ns_per_op(const CellRecord& cell);  // of one process
std::optional<double> latency_p50(const CellRecord& cell);
std::optional<double> latency_p99(const CellRecord& cell);
std::optional<double> bytes_per_item(const CellRecord& cell);
std::optional<double> voluntary_per_1000(const CellRecord& cell);
std::optional<double> involuntary_per_1000(const CellRecord& cell);

}  // namespace dictbench
