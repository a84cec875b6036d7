#include "results/tables/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "results/number_format.h"
#include "results/statistics/paired.h"
#include "results/statistics/verdict.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"
#include "results/tables/target_figures.h"

namespace dictbench {
namespace {

bool has_stretch(const TargetList& list) {
  return std::ranges::any_of(list.targets, [](const Target& target) { return target.stretch != 0; });
}

std::vector<TableColumn> columns_of(const TargetList& list) {
  std::vector<TableColumn> columns = {{"measure", "", Alignment::left},
                                      {"workload", "", Alignment::left},
                                      {"measured", "", Alignment::right},
                                      {"rounds", "", Alignment::right},
                                      {"target", "", Alignment::right}};
  if (has_stretch(list)) columns.push_back({"stretch", "", Alignment::right});
  columns.push_back({"verdict", "", Alignment::left});
  return columns;
}

// The records of one host.
class Host {
 public:
  Host(std::vector<const Block*> blocks, const TargetList& list) : blocks_(std::move(blocks)), list_(list) {
    for (const Block* block : blocks_)
      if (std::ranges::find(commits_, block->commit) == commits_.end()) commits_.push_back(block->commit);
    std::ranges::stable_sort(commits_, std::greater{}, [&](const std::string& commit) { return last_start(commit); });
  }

  // The newest first.
  const std::vector<std::string>& commits() const { return commits_; }

  // Forked processes or threads; at full scale, for which the targets are. With an engine's options only where there is
  // nothing without: they are a run's business (how long to wait for a lock). Unless the list names these options too.
  // Null: nothing of that commit.
  const Series* find(const TargetCells& cells, const std::string& commit) const {
    const Series* with_options = nullptr;
    for (const Block* block : blocks_) {
      if (block->commit != commit || block->workload != cells.workload || block->scale != 1 ||
          (cells.phase != nullptr && block->phase != cells.phase))
        continue;
      for (const Series& series : block->series) {
        if (series.processes != cells.processes || series.start == "spawn") continue;
        if (series.engine == cells.engine) return &series;
        if (engine_name(series.engine) == cells.engine && !named(series.engine)) with_options = &series;
      }
    }
    return with_options;
  }

  // Those of the runs with these cells.
  std::vector<const RunRecord*> runs_of(const Series& series) const {
    std::vector<const RunRecord*> runs;
    for (const Block* block : blocks_)
      for (const RunRecord* run : block->runs)
        if (std::ranges::find(series.cells, run->run_id, &CellRecord::run_id) != series.cells.end() &&
            std::ranges::find(runs, run) == runs.end())
          runs.push_back(run);
    return runs;
  }

 private:
  bool named(const std::string& engine) const {
    return std::ranges::any_of(list_.targets, [&](const Target& target) {
      return engine == target.subject.engine || (target.base.engine != nullptr && engine == target.base.engine);
    });
  }

  std::string last_start(const std::string& commit) const {
    std::string last;
    for (const Block* block : blocks_)
      if (block->commit == commit)
        for (const RunRecord* run : block->runs) last = std::max(last, run->started);
    return last;
  }

  std::vector<const Block*> blocks_;
  std::vector<std::string> commits_;
  const TargetList& list_;
};

struct Measured {
  std::vector<double> figures;  // by round
  std::vector<FigureSource> sources;
  double window = kShortestWindow;  // of the shorter side, where the figure is a speed over it
};

std::string name_of(const TargetCells& cells) {
  return fmt::format("{} under {} with {} {}", cells.engine, cells.workload, cells.processes,
                     cells.processes == 1 ? "process" : "processes");
}

// The figures by round, or nothing and why in `reason`.
FigureByRound figures_of(const TargetCells& cells, const Series* series, const Metric& metric, std::string& reason,
                         std::vector<std::string>& notes) {
  FigureByRound figures;
  if (series == nullptr) {
    reason = "n/a: no record of " + name_of(cells);
  } else if (!series->good()) {
    reason = fmt::format("n/a: {}: {}", cells.engine, short_reason(*series, notes));
  } else {
    figures = by_round(*series, metric);
    if (figures.empty()) reason = fmt::format("n/a: the record of {} lacks the figure", name_of(cells));
  }
  return figures;
}

// An engine is set against itself in another workload (batches against single gets) too, but not with other items.
bool same_items(const Series& a, const Series& b) {
  const Work &own = a.any().work, &other = b.any().work;
  return own.keys == other.keys && own.key_bytes == other.key_bytes && own.value_bytes == other.value_bytes &&
         (a.engine == b.engine || same_work(a, b));
}

// Of the newest commit that has the figure, of all its runs; a ratio is of rounds of one run.
std::optional<Measured> measure(const Host& host, const Target& target, std::set<const RunRecord*>& used,
                                std::string& reason, std::vector<std::string>& notes) {
  const TargetKind kind = kind_of(target.figure);
  const bool compares = kind.sides != TargetKind::alone;
  std::string newest;  // why the newest commit that has something of it lacks the figure
  for (const std::string& commit : host.commits()) {
    const Series* const own = host.find(target.subject, commit);
    const Series* const base = compares ? host.find(target.base, commit) : nullptr;
    std::string why;
    std::vector<std::string> more;
    const FigureByRound figures = figures_of(target.subject, own, kind.metric, why, more);
    const FigureByRound bases =
        compares && why.empty() ? figures_of(target.base, base, kind.metric, why, more) : FigureByRound();
    if (compares && why.empty() && !same_items(*own, *base)) why = "n/a: both did not do the same work";
    Measured measured;
    if (why.empty()) {
      for (const auto& [round, figure] : figures) {
        const auto paired = bases.find(round);
        if (compares && (paired == bases.end() || paired->second <= 0 || figure <= 0)) continue;
        measured.figures.push_back(!compares                                   ? figure
                                   : kind.sides == TargetKind::subject_by_base ? figure / paired->second
                                                                               : paired->second / figure);
      }
      if (measured.figures.empty()) why = "n/a: no run has both";
    }
    if (!why.empty()) {
      if (newest.empty() && (own != nullptr || base != nullptr)) {
        newest = why;
        notes.insert(notes.end(), more.begin(), more.end());
      }
      if (reason.empty()) reason = why;
      continue;
    }
    for (const Series* series : {own, base}) {
      if (series == nullptr) continue;
      measured.sources.push_back(source_of(*series));
      for (const RunRecord* run : host.runs_of(*series)) used.insert(run);
      if (kind.metric_is_speed) measured.window = std::min(measured.window, window_of(*series));
    }
    reason.clear();
    return measured;
  }
  if (!newest.empty()) reason = newest;
  if (reason.empty()) reason = "n/a: no record of " + name_of(target.subject);
  return std::nullopt;
}

std::string verdict(const Target& target, const Measured& measured) {
  if (target.target == 0) return "no target";
  if (measured.window < kShortestWindow) return fmt::format("open: window {}", nanoseconds(1e9 * measured.window));
  const bool more_is_better = kind_of(target.figure).more_is_better;
  if (target.stretch != 0 && judge_bound(measured.figures, more_is_better, target.stretch) == Judged::met)
    return "met, stretch too";
  return judged_text(measured.figures, more_is_better, target.target);
}

std::vector<TableCell> row_of(const Host& host, const TargetList& list, const Target& target,
                              std::set<const RunRecord*>& used, std::set<std::size_t>& rounds,
                              std::vector<std::string>& notes) {
  const TargetKind kind = kind_of(target.figure);
  const auto wanted = [&](double number) {
    if (number == 0) return no_figure();
    return number_cell(fmt::format("{} {}", kind.more_is_better ? "at least" : "at most", kind.text(number)), number);
  };
  std::string reason;
  const std::optional<Measured> measured = measure(host, target, used, reason, notes);
  std::vector<TableCell> row = {text_cell(target.measure), text_cell(target.subject.workload)};
  if (measured) {
    const std::size_t count = measured->figures.size();
    rounds.insert(count);
    const double middle = median(measured->figures);
    const Interval interval = median_interval(measured->figures);
    row.push_back(
        {.text = fmt::format("{} [{}, {}]", kind.text(middle), kind.text(interval.low), kind.text(interval.high)),
         .number = middle,
         .interval = std::pair(interval.low, interval.high),
         .sources = measured->sources});
    row.push_back(number_cell(std::to_string(count), static_cast<double>(count)));
  } else {
    row.insert(row.end(), 2, no_figure());
  }
  row.push_back(wanted(target.target));
  if (has_stretch(list)) row.push_back(wanted(target.stretch));
  row.push_back(text_cell(measured ? verdict(target, *measured) : reason));
  return row;
}

std::vector<std::string> notes_of(const TargetList& list, const std::set<std::size_t>& rounds) {
  std::vector<std::string> notes = {
      fmt::format("A ratio is the median of the ratios of single rounds of one run, each of both sides' operations per "
                  "second; storage and latency are medians over the rounds. All runs of the newest commit that has the "
                  "figure count; `{}` makes one.",
                  list.command),
      fmt::format(
          "Met, missed: the whole interval lies on that side of the target; else open, as are figures of fewer than "
          "{} rounds and speeds over windows below {:g} ms.",
          pairs_for_interval(), 1000 * kShortestWindow)};
  std::vector<std::string> coverages;
  constexpr double kTie = 1e-6;  // 93.75 is rounded up whatever its last bit
  for (const std::size_t count : rounds)
    coverages.push_back(fmt::format("{} rounds: {:.1f} %", count, 100 * median_ranks(count).coverage + kTie));
  if (!coverages.empty())
    notes.push_back(
        fmt::format("In brackets the exact order-statistic interval of the median ({}).", fmt::join(coverages, ", ")));
  notes.emplace_back(list.note);
  return notes;
}

}  // namespace

std::vector<Table> build_targets(const TargetList& list, const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.yardsticks = true;
  const std::vector<Block> blocks = group_blocks(records, selection, Commits::each);
  std::vector<std::string> hosts;
  for (const Block& block : blocks)
    if (block.tier == "c++" && std::find(hosts.begin(), hosts.end(), block.host) == hosts.end())
      hosts.push_back(block.host);
  const bool several = hosts.size() > 1;
  if (hosts.empty()) hosts.emplace_back();
  std::vector<Table> tables;
  for (const std::string& name : hosts) {
    std::vector<const Block*> own;
    for (const Block& block : blocks)
      if (block.host == name && block.tier == "c++") own.push_back(&block);
    const Host host(std::move(own), list);
    Table table{list.table, several ? fmt::format("{} on {}", list.title, name) : list.title, {}, columns_of(list), {}};
    std::set<const RunRecord*> used;
    std::set<std::size_t> rounds;
    for (const Target& target : list.targets)
      table.rows.push_back(row_of(host, list, target, used, rounds, table.notes));
    for (std::string& note : notes_of(list, rounds)) table.notes.push_back(std::move(note));
    std::vector<const RunRecord*> runs(used.begin(), used.end());
    std::ranges::sort(runs, {}, [](const RunRecord* run) { return std::tie(run->started, run->run_id); });
    if (!runs.empty())
      for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  // A host on which none of it was measured says nothing.
  if (several)
    std::erase_if(tables, [](const Table& table) {
      return std::ranges::none_of(table.rows, [](const auto& row) { return row[2].number.has_value(); });
    });
  return tables;
}

}  // namespace dictbench
