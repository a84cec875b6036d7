// Records sorted into what tables print: a Block per host, tier, workload, phase, work and commit; in it a Series per
// engine, number of processes and way to start. So whatever stands in one Block, or in two Blocks of one commit and
// work, did the same with the same keys and values; only such figures may be set against each other.
//
// Holds pointers into the RecordFile, which must outlive it. Private to results/ (tables, converters).
// Which cells count:
//  - of two records of one repetition of one run, the later, unless the earlier failed verification;
//  - of a host's, tier's and workload's records those with the work and the commit of the run that started last; all
//    runs of that commit are pooled. Work is the hash of the workload file and the scale; of several scales in that
//    run the largest. Others are left out and counted: Block::outdated did something else, Block::other_commits was
//    built from something else;
//  - an `unavailable` or `invalid` record that a later run replaced (resume) does not count;
//  - a failed verification always counts: lost data does not heal.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
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
  std::string start;
  std::vector<const CellRecord*> cells;  // all that count, in the order of the file
  std::string host, commit;              // as its Block's
  const CellRecord* broken = nullptr;    // the worst of them, when one is not fit to be shown

  // Whether a speed may be shown: all cells are ok and verified (or not applicable).
  bool good() const { return broken == nullptr; }

  // Why not: "failed: 3 keys lost". Begins with the status word, but for what was only too slow ("not in 30 s: 410,000
  // of 1,000,000"), which is no failure. With several cells: "... (1 of 5)".
  std::string reason() const;

  // Not good only because a loading phase reached its limit of time.
  bool unfinished() const;

  const CellRecord& any() const { return *cells.front(); }
};

struct Block {
  std::string host;  // host_name() of the runs
  std::string tier;
  std::string workload;
  std::string phase;
  std::string workload_hash;
  double scale = 1;
  std::string commit;                  // as commit_of() tells it
  std::vector<Series> series;          // by engine, processes, start
  std::vector<const RunRecord*> runs;  // in the order of the file
  std::size_t outdated = 0, other_commits = 0;

  // Operations came at fixed times: engines differ in how late they were, not in how many there were a second.
  bool open_loop() const;

  // A load of keys that were there (Work::overwrites): no figure of how a dict is filled.
  bool overwrites() const;
};

// Takes such loads out. Returns a note for each workload that had some, which names their phases.
std::map<std::string, std::string> leave_out_overwriting_loads(std::vector<Block>& blocks);

// `newest`: see above; `each`: also the other commits that did the newest run's work, a Block for each, the newest
// first.
enum class Commits { newest, each };

// Blocks by workload name, tier and host; phases in the order in which they were recorded.
std::vector<Block> group_blocks(const RecordFile& records, const Selection& selection,
                                Commits commits = Commits::newest);

// The commit that a run was built from, a dirty one apart: "0123456789abcdef", "0123456789abcdef with local changes".
std::string commit_of(const RunRecord& run);

// Whether figures of these two may be set against each other: one host, one commit, one work.
bool same_work(const Series& a, const Series& b);

// Where the figures of a table's cell come from: with two series, a ratio.
FigureSource source_of(const Series& series);
TableCell cited(TableCell cell, const Series& series, const Series* base = nullptr);

// "redis" of "redis?pipeline=16".
std::string engine_name(const std::string& spec);

// shared: a dict that the processes share; threads_only: shared by threads of one process; not_shared: private to each
// process, a ceiling; stand_in: another engine in disguise; cost: does nothing, so that its figures are the harness's
// own. Only what is shared is ranked, and this is the one place that decides it.
enum class Standing { shared, threads_only, not_shared, stand_in, cost };
Standing standing_of(const Series& series, const TableContext& context);

// By processes; within them the best first: the most operations a second, in an open loop the lowest p99, then p50.
// What has no figure comes after it, what was not finished in time before what failed, the harness's own cost last.
std::vector<const Series*> fastest_first(const Block& block, const TableContext& context);

// Whether this one record is fit to show a speed.
bool shows_speed(const CellRecord& cell);

using Metric = std::function<std::optional<double>(const CellRecord&)>;

// Of the cells for which the metric exists; nothing when there are none.
std::optional<double> median_of(const Series& series, const Metric& metric);
FigureByRound by_round(const Series& series, const Metric& metric);

// Median of the measured windows, in seconds; shorter than kShortestWindow it is no steady state: at 10 ms lockfree
// took 1.6 times as long an operation as at 200 ms, with the same keys. Such figures decide nothing.
inline constexpr double kShortestWindow = 0.2;
double window_of(const Series& series);
bool long_enough(const Series& series);

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
