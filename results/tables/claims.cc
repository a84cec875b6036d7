// Table `claims`: every sentence of the documents that can be decided (results/published/), and whether it holds here.
#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/published.h"
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
      // With few items, what a server takes at its start would count.
      return [](const CellRecord& cell) {
        return shows_speed(cell) && cell.scale == 1 ? bytes_per_item(cell) : std::nullopt;
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
  std::optional<double> number;
  if (reason.empty() && claim.base) {
    const FigureByRound base = figures_at(places, *claim.base, metric, reason, notes);
    if (reason.empty()) {
      const bool turned = claim.figure == ClaimFigure::slowness;
      const auto ratio = paired_ratio(turned ? base : figures, turned ? figures : base);
      if (ratio) number = ratio->median;
      if (!ratio) reason = "no run has both";
    }
  } else if (reason.empty()) {
    std::vector<double> sample;
    for (const auto& [round, figure] : figures) sample.push_back(figure);
    number = median(sample);
  }
  Answer answer = {no_figure(), text_cell(reason)};
  if (number) {
    const bool holds = claim.at_least ? *number >= claim.bound : *number <= claim.bound;
    answer = {number_cell(figure_text(claim, *number), *number), text_cell(holds ? "yes" : "no")};
  }
  (number ? answer.figure : answer.holds).sources = sources_at(places, place, claim.base ? &*claim.base : nullptr);
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
        "included. "
        "\"n times slower\" holds where it is no slower than that.");
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
