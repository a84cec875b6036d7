// Table `python-targets`: what SharedDict is to reach in the Python tier, and did.
#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/statistics/paired.h"
#include "results/statistics/verdict.h"
#include "results/tables/builders.h"
#include "results/tables/place.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

constexpr const char* kName = "python-targets";
constexpr const char* kTitle = "SharedDict and its targets";

const std::vector<TableColumn> kColumns = {{"measure", "", Alignment::left},
                                           {"measured", "", Alignment::right},
                                           {"rounds", "", Alignment::right},
                                           {"target", "", Alignment::right},
                                           {"verdict", "", Alignment::left}};

// Operations per second of `subject` through those of `base`, paired by repetition within one run: at least the target.
// Without a target the row only tells: a floor to compare with.
struct PythonTarget {
  const char* measure;
  MeasuredPlace subject, base;
  std::optional<double> target;
};

MeasuredPlace rank(const char* engine, const char* phase) { return {"python", engine, "ultra-rank", phase, 1}; }
MeasuredPlace items(const char* engine) { return {"python", engine, "mpdict-1m", "as meant", 3}; }

const std::vector<PythonTarget>& python_targets() {
  constexpr const char* kOwn = "SharedDict(lockfree)";
  constexpr const char* kLog = "SharedDict(stream-log)";
  static const std::vector<PythonTarget> targets = {
      {"lockfree read, against UltraDict", rank(kOwn, "read"), rank("UltraDict", "read"), 5},
      {"lockfree write, against UltraDict", rank(kOwn, "write"), rank("UltraDict", "write"), 15},
      {"lockfree read, against dict", rank(kOwn, "read"), rank("dict", "read"), 1.0 / 3},
      {"stream-log read, against dict", rank(kLog, "read"), rank("dict", "read"), 1.0 / 2},
      {"lockfree, 999,999 items of 3 processes at once, against redis-py", items(kOwn), items("redis-py"), 40},
      // Of a million items mpdict's readers die: some keys lie on the heap of the process that wrote them.
      {"lockfree, 99,999 items of 3 processes at once, against mpdict",
       {"python", kOwn, "redis-100k", "as meant", 3},
       {"python", "mpdict", "redis-100k", "as meant", 3},
       2},
      {"floor: empty call read, against dict", rank("empty call", "read"), rank("dict", "read"), std::nullopt},
      {"floor: lockfree read, against empty call", rank(kOwn, "read"), rank("empty call", "read"), std::nullopt},
      {"floor: stream-log read, against empty call", rank(kLog, "read"), rank("empty call", "read"), std::nullopt},
  };
  return targets;
}

std::string verdict(const PythonTarget& target, std::span<const double> ratios, double window) {
  if (!target.target) return "-";
  if (window < kShortestWindow) return fmt::format("open: window {}", nanoseconds(1e9 * window));
  return judged_text(ratios, true, *target.target);
}

std::vector<TableCell> row_of(const Places& places, const PythonTarget& target, std::vector<std::string>& notes) {
  std::string reason;
  const FigureByRound own = figures_at(places, target.subject, ops_per_s, reason, notes);
  const FigureByRound base =
      reason.empty() ? figures_at(places, target.base, ops_per_s, reason, notes) : FigureByRound();
  const std::vector<double> ratios = paired_ratios(own, base);
  if (reason.empty() && ratios.empty()) reason = "no run has both";
  std::vector<TableCell> row = {text_cell(target.measure)};
  double window = 0;
  if (reason.empty()) {
    const double middle = median(ratios);
    const Interval interval = median_interval(ratios);
    row.push_back(
        {.text = fmt::format("{} [{}, {}]", ratio_text(middle), ratio_text(interval.low), ratio_text(interval.high)),
         .number = middle,
         .interval = std::pair(interval.low, interval.high),
         .sources = sources_at(places, target.subject, &target.base)});
    row.push_back(number_cell(std::to_string(ratios.size()), static_cast<double>(ratios.size())));
    window = std::min(window_of(*places.find(target.subject)), window_of(*places.find(target.base)));
  } else {
    row.insert(row.end(), 2, no_figure());
  }
  row.push_back(target.target ? number_cell(fmt::format("at least {}", ratio_text(*target.target)), *target.target)
                              : no_figure());
  row.push_back(text_cell(reason.empty() ? verdict(target, ratios, window) : fmt::format("n/a: {}", reason)));
  return row;
}

}  // namespace

std::vector<Table> build_python_targets(const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.workloads = {"ultra-rank", "mpdict-1m", "redis-100k"};
  std::vector<Block> blocks = group_blocks(records, selection);
  std::erase_if(blocks, [](const Block& block) { return block.tier != "python"; });
  const std::vector<std::string> hosts = hosts_of(blocks);
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    const Places places(blocks, host);
    Table table{kName, hosts.size() > 1 ? fmt::format("{} on {}", kTitle, host) : kTitle, {}, kColumns, {}};
    for (const PythonTarget& target : python_targets()) table.rows.push_back(row_of(places, target, table.notes));
    table.notes.emplace_back(
        "Ratios of operations per second, medians over the rounds of all runs of the newest commit; in brackets the "
        "exact "
        "order-statistic interval of the median. Met, missed: the whole interval lies on that side of the target; else "
        "open, as with fewer than 6 rounds and windows below 200 ms. Reads and writes: one process, the loop of "
        "ultra-rank. Items: "
        "mpdict-1m as "
        "meant, every item read back. Empty call: an extension type that looks nothing up, in the same loop.");
    if (places.blocks().empty()) {
      table.notes.emplace_back("Nothing measured yet: `python -m tier --targets` does (docs/documents.md).");
    } else {
      for (std::string& note : provenance_notes(places.runs(selection.workloads)))
        table.notes.push_back(std::move(note));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dictbench
