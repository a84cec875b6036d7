#include "results/tables/published_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "results/number_format.h"
#include "results/published.h"
#include "results/tables/host_labels.h"
#include "results/tables/place.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

// Operations per second, as far as the document's figures give them.
std::optional<double> published_rate(const PublishedRow& row) {
  if (const auto rate = row.figure("per_s")) return rate;
  if (const auto seconds = row.figure("seconds_per_million"); seconds && *seconds > 0) return 1e6 / *seconds;
  const auto items = row.figure("items_set"), elapsed = row.figure("elapsed_s");
  return items && elapsed && *elapsed > 0 ? std::optional(*items / *elapsed) : std::nullopt;
}

}  // namespace

Table published_figures(const std::string& table_name, const RecordFile& records, const TableContext& context) {
  const std::vector<Block> blocks = group_blocks(records, context.selection);
  const std::vector<std::string> hosts = sorted_hosts(blocks);
  Table table{table_name,
              "The documents' machines, and the same programs here",
              {},
              {{"machine, published", "", Alignment::left},
               {"table", "", Alignment::left},
               {"system", "", Alignment::left},
               {"operation", "", Alignment::left},
               {"procs", "", Alignment::right},
               {"ops/s, published", "", Alignment::right}},
              {}};
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    const std::string name = hosts.size() > 1 ? host_label(host) + ": " : "";
    table.columns.push_back({name + "ops/s", "", Alignment::right});
    table.columns.push_back({name + "to published", "", Alignment::right});
  }
  const auto add = [&](const PublishedTable& published, const PublishedMachine& machine, const PublishedRow& row) {
    const auto rate = published_rate(row);
    if (!rate) return;
    const unsigned processes = row.here ? row.here->processes : row.processes;
    std::vector<TableCell>& cells = table.rows.emplace_back();
    cells = {text_cell(machine.name),
             text_cell(published.name),
             text_cell(row.system),
             text_cell(row.operation.empty() ? "whole program" : row.operation),
             number_cell(std::to_string(processes), processes),
             number_cell(engineering(*rate), *rate)};
    for (const std::string& host : hosts) {
      const Series* const series = row.here ? Places(blocks, host).find(*row.here) : nullptr;
      cells.push_back(series == nullptr ? no_figure() : speed_cell(*series, table.notes));
      const auto here = series != nullptr && series->good() ? median_of(*series, ops_per_s) : std::nullopt;
      cells.push_back(here ? number_cell(ratio_text(*here / *rate), *here / *rate) : no_figure());
    }
    if (!row.remark.empty())
      table.notes.push_back(fmt::format("Published, {}, {}{}: {}.", published.name, row.system,
                                        row.operation.empty() ? "" : " " + row.operation, row.remark));
  };
  for (const std::string& name : list_published()) {
    const PublishedTable published = load_published(name);
    for (const PublishedMachine& machine : published.machines)
      for (const PublishedRow& row : machine.rows.empty() ? published.rows : machine.rows) add(published, machine, row);
  }
  std::ranges::stable_sort(table.rows, {}, [](const std::vector<TableCell>& row) { return row.front().text; });
  if (hosts.size() > 1) table.notes.push_back(host_legend(hosts));
  table.notes.emplace_back(
      "Published figures are the documents', on other hardware with other versions, and some measure something else "
      "than they "
      "say (docs/documents.md): ratios to them are for orientation, no ranking. Tables that tell no machine are left "
      "out.");
  return table;
}

}  // namespace dictbench
