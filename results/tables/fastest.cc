// Tables `fastest` and `standings`: of each workload's phase the best engine that processes can share, and who may be
// called that. Pictures and report take both from here, so that all of dictbench ranks alike.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "results/number_format.h"
#include "results/statistics/paired.h"
#include "results/statistics/verdict.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "fastest";
constexpr const char* kTitle = "The best of each workload";
// Their phases differ in a size alone: a row each would outweigh all other workloads. `values`: of older records.
constexpr std::array<std::string_view, 6> kSeriesOverSizes = {"values",      "values-short", "values-middle",
                                                              "values-long", "blob-growth",  kCasesWorkload};

// Of one phase: those with a figure, at the largest number of processes, the best first.
std::vector<const Series*> racers(const Block& block, const TableContext& context) {
  std::vector<const Series*> found;
  for (const Series* series : fastest_first(block, context))
    if (series->good() && standing_of(*series, context) == Standing::shared) found.push_back(series);
  unsigned most = 0;
  for (const Series* series : found) most = std::max(most, series->processes);
  std::erase_if(found, [&](const Series* series) { return series->processes != most; });
  return found;
}

// By how much the first is ahead of another, by round: above 1 in operations a second, or in lateness at a fixed rate.
std::optional<PairedRatio> lead(const Block& block, const Series& first, const Series& other, double level) {
  if (block.open_loop()) return paired_ratio(by_round(other, latency_p99), by_round(first, latency_p99), level);
  return paired_ratio(by_round(first, ops_per_s), by_round(other, ops_per_s), level);
}

// All comparisons of the first with another hold together with the usual level.
std::string told_apart(const Block& block, const std::vector<const Series*>& best_first) {
  // No steady state. The next must not be called the best for it: it may be so short because it is so quick.
  if (!long_enough(*best_first[0])) return fmt::format("no: window {}", nanoseconds(1e9 * window_of(*best_first[0])));
  constexpr std::size_t kNamed = 2;
  const double level = level_of_each(best_first.size() - 1);
  std::vector<std::string> near;
  for (std::size_t i = 1; i < best_first.size(); ++i) {
    const auto ratio = lead(block, *best_first[0], *best_first[i], level);
    if (i == 1 && ratio && !covers(ratio->interval, level))
      return fmt::format("no: {} of {} rounds", ratio->rounds, pairs_for_interval(level));
    if (!ratio || !covers(ratio->interval, level) || ratio->interval.low <= 1) near.push_back(best_first[i]->engine);
  }
  if (near.empty()) return "yes";
  const std::size_t more = near.size() - std::min(near.size(), kNamed);
  near.resize(near.size() - more);
  return fmt::format("no: {}{}", fmt::join(near, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

TableCell figure_cell(const Block& block, const Series& series) {
  if (block.open_loop()) return cited(optional_cell(median_of(series, latency_p99), nanoseconds), series);
  return cited(optional_cell(median_of(series, ops_per_s), rate), series);
}

TableCell lead_cell(const Block& block, const Series& first, const Series& next) {
  const auto ratio = lead(block, first, next, kConfidenceLevel);
  if (!ratio) return no_figure();
  TableCell cell = number_cell(ratio_text(ratio->median) + " x", ratio->median);
  cell.interval = std::pair(ratio->interval.low, ratio->interval.high);
  return cited(std::move(cell), first, &next);
}

const std::vector<TableColumn> kColumns = {{"workload", "", Alignment::left},  {"best", "", Alignment::left},
                                           {"figure", "", Alignment::right},   {"next", "", Alignment::left},
                                           {"ahead by", "", Alignment::right}, {"told apart", "", Alignment::left},
                                           {"procs", "", Alignment::right}};

std::vector<TableCell> row_of(const Block& block, const std::string& what, const std::vector<const Series*>& racing) {
  const Series& best = *racing[0];
  std::vector<TableCell> row = {text_cell(what), text_cell(best.engine), figure_cell(block, best)};
  if (racing.size() > 1) {
    row.push_back(text_cell(racing[1]->engine));
    row.push_back(lead_cell(block, best, *racing[1]));
    row.push_back(text_cell(told_apart(block, racing)));
  } else {
    row.insert(row.end(), 3, no_figure());
  }
  row.push_back(number_cell(std::to_string(best.processes), best.processes));
  return row;
}

std::string standing_text(Standing standing) {
  switch (standing) {
    case Standing::shared: return "yes";
    case Standing::threads_only: return "no: processes cannot share it, threads of one can";
    case Standing::not_shared: return "no: private to each process";
    case Standing::stand_in: return "no: another engine in disguise";
    case Standing::cost: return "no: does nothing, shows the harness's own cost";
  }
  return "";
}

}  // namespace

std::vector<Table> build_fastest(const RecordFile& records, const TableContext& context) {
  std::vector<Block> blocks = group_blocks(records, context.selection);
  std::erase_if(blocks, [](const Block& block) {
    return block.tier != "c++" || std::ranges::find(kSeriesOverSizes, block.workload) != kSeriesOverSizes.end();
  });
  std::set<std::string> hosts;
  std::map<std::string, std::set<std::string>> phases;
  for (const Block& block : blocks) {
    hosts.insert(block.host);
    phases[block.workload].insert(block.phase);
  }
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    Table table{kName, hosts.size() > 1 ? fmt::format("{} on {}", kTitle, host) : kTitle, {}, kColumns, {}};
    std::vector<const RunRecord*> runs;
    for (const Block& block : blocks) {
      if (block.host != host) continue;
      const std::vector<const Series*> racing = racers(block, context);
      if (racing.empty()) continue;
      const bool several = phases[block.workload].size() > 1;
      table.rows.push_back(
          row_of(block, several ? fmt::format("{}, {}", block.workload, block.phase) : block.workload, racing));
      for (const RunRecord* run : block.runs)
        if (std::ranges::find(runs, run) == runs.end()) runs.push_back(run);
    }
    if (table.rows.empty()) continue;
    table.notes.emplace_back(
        "Of engines that processes can share, at the largest number of processes. By operations a second; where those "
        "come at a fixed rate, by p99. Told apart: the paired intervals of the best against each other one all lie "
        "beyond 1 (95 % together, Bonferroni), over windows of 0.2 s and more.");
    for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty()) return {{kName, kTitle, {"No records to show: `dictbench run` makes some."}, kColumns, {}}};
  return tables;
}

std::vector<Table> build_standings(const RecordFile& records, const TableContext& context) {
  Table table{"standings", "Who is ranked", {}, {{"engine", "", Alignment::left}, {"ranked", "", Alignment::left}}, {}};
  Selection selection = context.selection;
  selection.yardsticks = true;
  std::map<std::string, Standing> standings;
  for (const Block& block : group_blocks(records, selection))
    for (const Series& series : block.series)
      if (block.tier == "c++") standings.emplace(series.engine, standing_of(series, context));
  for (const auto& [engine, standing] : standings)
    table.rows.push_back({text_cell(engine), text_cell(standing_text(standing))});
  if (table.rows.empty()) table.notes.emplace_back("No records to show: `dictbench run` makes some.");
  return {table};
}

}  // namespace dictbench
