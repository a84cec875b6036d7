#include "results/tables/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "results/number_format.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

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

std::optional<double> storage_per_item(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.items == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_bytes) / static_cast<double>(cell.memory.items);
}

std::optional<double> read_p999(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.read_latency_ns) return std::nullopt;
  return cell.read_latency_ns->p999;
}

std::optional<double> longest_read(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.read_latency_ns) return std::nullopt;
  return cell.read_latency_ns->max;
}

std::optional<double> longest(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.latency_ns) return std::nullopt;
  return cell.latency_ns->max;
}

std::optional<double> storage_in_use(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.storage_bytes == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_bytes);
}

std::optional<double> storage_length(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.storage_length_bytes == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_length_bytes);
}

std::optional<double> updates_per_s(const CellRecord& cell) {
  const auto p50 = latency_p50(cell);
  if (!shows_speed(cell) || !p50 || *p50 <= 0) return std::nullopt;
  const auto updates = number_fact(cell, "updates");
  if (!updates) return std::nullopt;
  return *updates / (*p50 * 1e-9);
}

// What a kind of figure is taken from, whether it compares two sides and how, and whether more of it is better.
struct Kind {
  Metric metric;
  enum { alone, subject_by_base, base_by_subject } sides;
  bool more_is_better;
  std::string (*text)(double);
};

Kind kind_of(TargetFigure figure) {
  switch (figure) {
    case TargetFigure::speed: return {ops_per_s, Kind::subject_by_base, true, ratio_text};
    case TargetFigure::ops_per_s: return {ops_per_s, Kind::alone, true, rate};
    case TargetFigure::updates_per_s: return {updates_per_s, Kind::alone, true, rate};
    case TargetFigure::blocks_saved: return {storage_in_use, Kind::base_by_subject, true, ratio_text};
    case TargetFigure::length_saved: return {storage_length, Kind::base_by_subject, true, ratio_text};
    case TargetFigure::bytes_per_item: return {storage_per_item, Kind::alone, false, byte_size};
    case TargetFigure::read_p999_ns: return {read_p999, Kind::alone, false, nanoseconds};
    case TargetFigure::longest_read_ns: return {longest_read, Kind::alone, false, nanoseconds};
    case TargetFigure::longest_ns: return {longest, Kind::alone, false, nanoseconds};
  }
  return {};
}

// The records of one host.
class Host {
 public:
  Host(std::vector<const Block*> blocks, const TargetList& list) : blocks_(std::move(blocks)), list_(list) {}

  // Figures by round, or nothing and why in `reason`.
  FigureByRound figures(const TargetCells& cells, const Metric& metric, std::string& reason,
                        std::vector<std::string>& notes, std::vector<FigureSource>& sources) const {
    const std::string name = fmt::format("{} under {} with {} {}", cells.engine, cells.workload, cells.processes,
                                         cells.processes == 1 ? "process" : "processes");
    const Series* const series = find(cells);
    if (series == nullptr) {
      reason = "n/a: no record of " + name;
      return {};
    }
    if (!series->good()) {
      reason = fmt::format("n/a: {}: {}", cells.engine, short_reason(*series, notes));
      return {};
    }
    FigureByRound figures = by_round(*series, metric);
    if (figures.empty()) reason = fmt::format("n/a: the record of {} lacks the figure", name);
    sources.push_back(source_of(*series));
    return figures;
  }

  std::vector<const RunRecord*> runs() const {
    std::vector<const RunRecord*> all;
    for (const Block* block : blocks_)
      for (const RunRecord* run : block->runs)
        if (std::find(all.begin(), all.end(), run) == all.end()) all.push_back(run);
    std::stable_sort(all.begin(), all.end(),
                     [](const RunRecord* a, const RunRecord* b) { return a->started < b->started; });
    return all;
  }

 private:
  // Forked processes or threads; at full scale, for which the targets are. With an engine's options only where there is
  // nothing without: they are a run's business (how long to wait for a lock). Unless the list names these options too.
  const Series* find(const TargetCells& cells) const {
    const Series* with_options = nullptr;
    for (const Block* block : blocks_) {
      if (block->workload != cells.workload || (cells.phase != nullptr && block->phase != cells.phase)) continue;
      for (const Series& series : block->series) {
        if (series.processes != cells.processes || series.scale != 1 || series.start == "spawn") continue;
        if (series.engine == cells.engine) return &series;
        if (engine_name(series.engine) == cells.engine && !named(series.engine)) with_options = &series;
      }
    }
    return with_options;
  }

  bool named(const std::string& engine) const {
    return std::ranges::any_of(list_.targets, [&](const Target& target) {
      return engine == target.subject.engine || (target.base.engine != nullptr && engine == target.base.engine);
    });
  }

  std::vector<const Block*> blocks_;
  const TargetList& list_;
};

struct Measured {
  double median = 0;
  Interval interval;
  std::size_t rounds = 0;
  std::vector<FigureSource> sources;
};

// Of the newest run that has the figure: what several runs say is not one sample.
std::optional<Measured> measure(const Host& host, const Target& target, std::set<const RunRecord*>& used,
                                std::string& reason, std::vector<std::string>& notes) {
  const Kind kind = kind_of(target.figure);
  const bool compares = kind.sides != Kind::alone;
  std::vector<FigureSource> sources;
  const FigureByRound own = host.figures(target.subject, kind.metric, reason, notes, sources);
  const FigureByRound base =
      compares && !own.empty() ? host.figures(target.base, kind.metric, reason, notes, sources) : FigureByRound();
  if (!reason.empty()) return std::nullopt;
  const std::vector<const RunRecord*> runs = host.runs();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    std::vector<double> sample;
    for (const auto& [round, figure] : own) {
      if (round.first != (*run)->run_id) continue;
      const auto paired = base.find(round);
      if (compares && (paired == base.end() || paired->second <= 0 || figure <= 0)) continue;
      sample.push_back(!compares                             ? figure
                       : kind.sides == Kind::subject_by_base ? figure / paired->second
                                                             : paired->second / figure);
    }
    if (sample.empty()) continue;
    used.insert(*run);
    for (FigureSource& source : sources) source.runs = {(*run)->run_id};
    return Measured{median(sample), median_interval(sample), sample.size(), std::move(sources)};
  }
  reason = "n/a: no run has both";
  return std::nullopt;
}

std::string verdict(const Target& target, const Measured& measured) {
  if (measured.rounds < kFewestRounds)
    return fmt::format("n/a: {} of at least {} rounds", measured.rounds, kFewestRounds);
  if (target.target == 0) return "no target";
  const bool more_is_better = kind_of(target.figure).more_is_better;
  const auto reached = [&](double wanted) {
    return more_is_better ? measured.median >= wanted : measured.median <= wanted;
  };
  if (target.stretch != 0 && reached(target.stretch)) return "met, stretch too";
  return reached(target.target) ? "met" : "not met";
}

std::vector<TableCell> row_of(const Host& host, const TargetList& list, const Target& target,
                              std::set<const RunRecord*>& used, std::set<std::size_t>& rounds,
                              std::vector<std::string>& notes) {
  const Kind kind = kind_of(target.figure);
  const auto wanted = [&](double number) {
    if (number == 0) return no_figure();
    return number_cell(fmt::format("{} {}", kind.more_is_better ? "at least" : "at most", kind.text(number)), number);
  };
  std::string reason;
  const std::optional<Measured> measured = measure(host, target, used, reason, notes);
  std::vector<TableCell> row = {text_cell(target.measure), text_cell(target.subject.workload)};
  if (measured) {
    rounds.insert(measured->rounds);
    row.push_back({.text = fmt::format("{} [{}, {}]", kind.text(measured->median), kind.text(measured->interval.low),
                                       kind.text(measured->interval.high)),
                   .number = measured->median,
                   .interval = std::pair(measured->interval.low, measured->interval.high),
                   .sources = measured->sources});
    row.push_back(number_cell(std::to_string(measured->rounds), static_cast<double>(measured->rounds)));
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
                  "second; storage and latency are medians over the rounds. The newest run that has the figure counts; "
                  "`{}` makes one.",
                  list.command)};
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
  const std::vector<Block> blocks = group_blocks(records, selection);
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
    std::vector<const RunRecord*> runs;
    for (const RunRecord* run : host.runs())
      if (used.contains(run)) runs.push_back(run);
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
