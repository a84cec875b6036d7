// Table `lockfree-rivals`: what the engine `lockfree` is to reach (rival_targets.h) and what was measured.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/rival_targets.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "lockfree-rivals";
constexpr const char* kTitle = "lockfree and its rivals";

const std::vector<TableColumn> kColumns = {{"measure", "", Alignment::left},   {"workload", "", Alignment::left},
                                           {"measured", "", Alignment::right}, {"rounds", "", Alignment::right},
                                           {"target", "", Alignment::right},   {"stretch", "", Alignment::right},
                                           {"verdict", "", Alignment::left}};

std::optional<double> storage_per_item(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.items == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_bytes) / static_cast<double>(cell.memory.items);
}

std::optional<double> read_p999(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.read_latency_ns) return std::nullopt;
  return cell.read_latency_ns->p999;
}

Metric metric_of(TargetFigure figure) {
  switch (figure) {
    case TargetFigure::speed: return ops_per_s;
    case TargetFigure::bytes_per_item: return storage_per_item;
    case TargetFigure::read_p999_ns: return read_p999;
  }
  return {};
}

std::string figure_text(TargetFigure figure, double number) {
  switch (figure) {
    case TargetFigure::speed: return ratio_text(number);
    case TargetFigure::bytes_per_item: return byte_size(number);
    case TargetFigure::read_p999_ns: return nanoseconds(number);
  }
  return {};
}

// The records of one host.
class Host {
 public:
  explicit Host(std::vector<const Block*> blocks) : blocks_(std::move(blocks)) {}

  // Figures by round, or nothing and why in `reason`.
  FigureByRound figures(const TargetCells& cells, const Metric& metric, std::string& reason,
                        std::vector<std::string>& notes) const {
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
  // nothing without: they are a run's business (how long to wait for a lock).
  const Series* find(const TargetCells& cells) const {
    const Series* with_options = nullptr;
    for (const Block* block : blocks_) {
      if (block->workload != cells.workload) continue;
      for (const Series& series : block->series) {
        if (series.processes != cells.processes || series.scale != 1 || series.start == "spawn") continue;
        if (series.engine == cells.engine) return &series;
        if (engine_name(series.engine) == cells.engine) with_options = &series;
      }
    }
    return with_options;
  }

  std::vector<const Block*> blocks_;
};

struct Measured {
  double median = 0;
  Interval interval;
  std::size_t rounds = 0;
};

// Of the newest run that has the figure: what several runs say is not one sample.
std::optional<Measured> measure(const Host& host, const RivalTarget& target, std::set<const RunRecord*>& used,
                                std::string& reason, std::vector<std::string>& notes) {
  const Metric metric = metric_of(target.figure);
  const bool ratio = target.figure == TargetFigure::speed;
  const FigureByRound own = host.figures(target.subject, metric, reason, notes);
  const FigureByRound base = ratio && !own.empty() ? host.figures(target.base, metric, reason, notes) : FigureByRound();
  if (!reason.empty()) return std::nullopt;
  const std::vector<const RunRecord*> runs = host.runs();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    std::vector<double> sample;
    for (const auto& [round, figure] : own) {
      if (round.first != (*run)->run_id) continue;
      const auto paired = base.find(round);
      if (ratio && (paired == base.end() || paired->second <= 0)) continue;
      sample.push_back(ratio ? figure / paired->second : figure);
    }
    if (sample.empty()) continue;
    used.insert(*run);
    return Measured{median(sample), median_interval(sample), sample.size()};
  }
  reason = "n/a: no run has both";
  return std::nullopt;
}

std::string verdict(const RivalTarget& target, const Measured& measured) {
  if (measured.rounds < kFewestRounds)
    return fmt::format("n/a: {} of at least {} rounds", measured.rounds, kFewestRounds);
  const auto reached = [&](double wanted) {
    return target.figure == TargetFigure::speed ? measured.median >= wanted : measured.median <= wanted;
  };
  if (reached(target.stretch)) return "met, stretch too";
  return reached(target.target) ? "met" : "not met";
}

std::vector<TableCell> row_of(const Host& host, const RivalTarget& target, std::set<const RunRecord*>& used,
                              std::set<std::size_t>& rounds, std::vector<std::string>& notes) {
  const auto text = [&](double number) { return figure_text(target.figure, number); };
  const char* const at = target.figure == TargetFigure::speed ? "at least" : "at most";
  std::string reason;
  const std::optional<Measured> measured = measure(host, target, used, reason, notes);
  std::vector<TableCell> row = {text_cell(target.measure), text_cell(target.subject.workload)};
  if (measured) {
    rounds.insert(measured->rounds);
    row.push_back({.text = fmt::format("{} [{}, {}]", text(measured->median), text(measured->interval.low),
                                       text(measured->interval.high)),
                   .number = measured->median,
                   .interval = std::pair(measured->interval.low, measured->interval.high)});
    row.push_back(number_cell(std::to_string(measured->rounds), static_cast<double>(measured->rounds)));
  } else {
    row.insert(row.end(), 2, no_figure());
  }
  row.push_back(number_cell(fmt::format("{} {}", at, text(target.target)), target.target));
  row.push_back(number_cell(fmt::format("{} {}", at, text(target.stretch)), target.stretch));
  row.push_back(text_cell(measured ? verdict(target, *measured) : reason));
  return row;
}

std::vector<std::string> notes_of(const std::set<std::size_t>& rounds) {
  std::vector<std::string> notes = {
      "A ratio is the median of the ratios of single rounds of one run, each of both sides' operations per second; "
      "storage and "
      "latency are medians over the rounds. The newest run that has the figure counts; `./run_all.sh rivals` makes "
      "one."};
  std::vector<std::string> coverages;
  constexpr double kTie = 1e-6;  // 93.75 is rounded up whatever its last bit
  for (const std::size_t count : rounds)
    coverages.push_back(fmt::format("{} rounds: {:.1f} %", count, 100 * median_ranks(count).coverage + kTie));
  if (!coverages.empty())
    notes.push_back(
        fmt::format("In brackets the exact order-statistic interval of the median ({}).", fmt::join(coverages, ", ")));
  notes.emplace_back(
      "1,000,000 keys of 16 bytes, values of 10 bytes; rivals on std::string in one process, used by threads: no "
      "process shares "
      "them. absl::flat_hash_map is the engine local, without any synchronisation.");
  return notes;
}

}  // namespace

std::vector<Table> build_lockfree_rivals(const RecordFile& records, const TableContext& context) {
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
    const Host host(std::move(own));
    Table table{kName, several ? fmt::format("{} on {}", kTitle, name) : kTitle, {}, kColumns, {}};
    std::set<const RunRecord*> used;
    std::set<std::size_t> rounds;
    for (const RivalTarget& target : rival_targets())
      table.rows.push_back(row_of(host, target, used, rounds, table.notes));
    for (std::string& note : notes_of(rounds)) table.notes.push_back(std::move(note));
    std::vector<const RunRecord*> runs;
    for (const RunRecord* run : host.runs())
      if (used.contains(run)) runs.push_back(run);
    if (!runs.empty())
      for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  // A host on which lockfree was never measured says nothing.
  if (several)
    std::erase_if(tables, [](const Table& table) {
      return std::ranges::none_of(table.rows, [](const auto& row) { return row[2].number.has_value(); });
    });
  return tables;
}

}  // namespace dictbench
