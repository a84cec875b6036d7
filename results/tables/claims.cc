// Table `claims`: every sentence of the documents that can be decided (results/published/), and whether it holds here.
#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/published.h"
#include "results/statistics/verdict.h"
#include "results/tables/builders.h"
#include "results/tables/place.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

constexpr const char* kName = "claims";
constexpr const char* kTitle = "What the documents claim, and what holds here";

const std::vector<TableColumn> kColumns = {{"claim", "", Alignment::left},
                                           {"table", "", Alignment::left},
                                           {"published", "", Alignment::left},
                                           {"to hold", "", Alignment::right},
                                           {"original here", "", Alignment::right},
                                           {"holds", "", Alignment::left},
                                           {"lockfree here", "", Alignment::right},
                                           {"holds for it", "", Alignment::left},
                                           {"why", "", Alignment::left}};

Metric metric_of(ClaimFigure figure) {
  switch (figure) {
    case ClaimFigure::rate:
    case ClaimFigure::slowness: return ops_per_s;
    case ClaimFigure::elapsed:
      return [](const CellRecord& cell) -> std::optional<double> {
        if (!shows_speed(cell) || cell.scale != 1) return std::nullopt;
        return cell.elapsed_s;
      };
    case ClaimFigure::bytes_per_item:
      // All that the dict costs, as the documents have it: what a server takes at its start is in it.
      return [](const CellRecord& cell) {
        if (!shows_speed(cell) || cell.scale != 1 || cell.memory.items == 0) return std::optional<double>();
        return std::optional(static_cast<double>(cell.memory.engine_bytes) / static_cast<double>(cell.memory.items));
      };
    case ClaimFigure::max_rss: break;
  }
  return [](const CellRecord& cell) -> std::optional<double> {
    if (!shows_speed(cell) || cell.scale != 1) return std::nullopt;
    return static_cast<double>(cell.memory.max_rss_bytes) / 1e6;
  };
}

std::string figure_text(const PublishedClaim& claim, double number) {
  if (claim.unit == "/s") return rate(number);
  if (claim.unit == "s") return seconds(number) + " s";
  return fmt::format("{} {}", ratio_text(number), claim.unit);
}

struct Answer {
  TableCell figure, holds;
};

Answer answer(const Places& places, const PublishedClaim& claim, const MeasuredPlace& place,
              std::vector<std::string>& notes) {
  const Metric metric = metric_of(claim.figure);
  std::string reason;
  const FigureByRound figures = figures_at(places, place, metric, reason, notes);
  std::vector<double> sample;  // by round
  if (reason.empty() && claim.base) {
    const FigureByRound base = figures_at(places, *claim.base, metric, reason, notes);
    if (reason.empty() && !same_work(*places.find(place), *places.find(*claim.base))) reason = "other work";
    const bool turned = claim.figure == ClaimFigure::slowness;
    if (reason.empty()) sample = paired_ratios(turned ? base : figures, turned ? figures : base);
    if (reason.empty() && sample.empty()) reason = "no run has both";
  } else if (reason.empty()) {
    for (const auto& [round, figure] : figures) sample.push_back(figure);
  }
  Answer answer = {no_figure(), text_cell(reason)};
  if (!sample.empty()) {
    const Interval interval = median_interval(sample);
    answer.figure = number_cell(figure_text(claim, median(sample)), median(sample));
    answer.figure.interval = std::pair(interval.low, interval.high);
    switch (judge_bound(sample, claim.at_least, claim.bound)) {
      case Judged::met: answer.holds = text_cell("yes"); break;
      case Judged::missed: answer.holds = text_cell("no"); break;
      case Judged::open: answer.holds = text_cell(judged_text(sample, claim.at_least, claim.bound)); break;
    }
  }
  if (reason != "other work")
    (sample.empty() ? answer.holds : answer.figure).sources =
        sources_at(places, place, claim.base ? &*claim.base : nullptr);
  return answer;
}

std::vector<TableCell> row_of(const Places& places, const std::string& table, const PublishedClaim& claim,
                              std::vector<std::string>& notes) {
  const Answer original = answer(places, claim, claim.subject, notes);
  const Answer own = answer(places, claim, claim.own, notes);
  return {text_cell(claim.text),
          text_cell(table),
          text_cell(claim.published),
          number_cell(fmt::format("{} {}", claim.at_least ? "at least" : "at most", figure_text(claim, claim.bound)),
                      claim.bound),
          original.figure,
          original.holds,
          own.figure,
          own.holds,
          text_cell(claim.why)};
}

}  // namespace

std::vector<Table> build_claims(const RecordFile& records, const TableContext& context) {
  const std::vector<Block> blocks = group_blocks(records, context.selection);
  const std::vector<std::string> hosts = hosts_of(blocks);
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    const Places places(blocks, host);
    Table table{kName, hosts.size() > 1 ? fmt::format("{} on {}", kTitle, host) : kTitle, {}, kColumns, {}};
    std::vector<std::string> workloads;
    for (const std::string& name : list_published())
      for (const PublishedClaim& claim : load_published(name).claims) {
        table.rows.push_back(row_of(places, name, claim, table.notes));
        workloads.push_back(claim.own.workload);
      }
    table.notes.emplace_back(
        "Original here: the document's own package in the Python tier; lockfree here: SharedDict(lockfree) asked the "
        "same. Ratios are medians of ratios paired by repetition; memory counts all that the dict costs, servers "
        "included. \"n times slower\" holds where it is no slower than that. Yes, no: the whole order-statistic "
        "interval "
        "of the median lies on that side of the bound; else open, as with fewer than 6 rounds.");
    const std::vector<const RunRecord*> runs = places.runs(workloads);
    if (runs.empty()) {
      table.notes.emplace_back("Nothing measured yet: `python -m tier` does (docs/documents.md).");
    } else {
      for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
    }
    tables.push_back(std::move(table));
  }
  // A host on which the Python tier never ran says nothing.
  if (tables.size() > 1)
    std::erase_if(tables, [](const Table& table) {
      return std::ranges::none_of(table.rows, [](const auto& row) { return row[6].number.has_value(); });
    });
  return tables;
}

}  // namespace dictbench
