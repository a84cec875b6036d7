// Table `lock-counter`: how fast several processes increment one counter, and whether the count is exact.
#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/published.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "lock-counter";

const std::vector<TableColumn> kColumns = {{"engine", "", Alignment::left}, {"procs", "", Alignment::right},
                                           {"ops/s", "", Alignment::right}, {"increments", "", Alignment::right},
                                           {"exact", "", Alignment::left},  {"remark", "", Alignment::left}};

TableCell exact_cell(const Series& series) {
  const std::string verified = verified_cell(series).text;
  if (verified == "ok") return text_cell("yes");
  return text_cell(verified == "failed" ? "no" : verified);
}

// The Python tier tells how a row increments.
std::string remark(const Block& block, const Series& series, const TableContext& context) {
  std::string text = row_remark(block, series, context);
  for (const auto& [name, value] : series.any().engine_facts)
    if (name == "increment") text = text.empty() ? value : fmt::format("{}; {}", value, text);
  return text;
}

}  // namespace

std::vector<Table> build_lock_counter(const RecordFile& records, const TableContext& context) {
  const PublishedTable published = load_published(kName);
  std::vector<std::string> task = {fmt::format("Task ({}): {}.", published.source, published.workload)};

  Selection selection = context.selection;
  selection.workloads = {kName};
  const std::vector<Block> blocks = group_blocks(records, selection);
  std::vector<Table> tables;
  for (const Block& block : blocks) {
    Table table{kName, published.title, {}, kColumns, {}};
    if (block.tier != "c++") table.title += ", " + block.tier;
    if (std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) { return other.host != block.host; })) {
      table.title += " on " + block.host;
    }
    for (const Series* series : fastest_first(block, context)) {
      const auto increments = median_of(*series, [](const CellRecord& cell) { return static_cast<double>(cell.ops); });
      TableCell count = optional_cell(series->good() ? increments : std::nullopt,
                                      [](double ops) { return grouped(static_cast<std::uint64_t>(ops)); });
      table.rows.push_back({text_cell(series->engine),
                            number_cell(std::to_string(series->processes), series->processes),
                            cited(speed_cell(*series, table.notes), *series), cited(std::move(count), *series),
                            cited(exact_cell(*series), *series), text_cell(remark(block, *series, context))});
    }
    table.notes.insert(table.notes.end(), task.begin(), task.end());
    table.notes.push_back(statistics_note(block));
    for (std::string& note : standing_notes(block, context)) table.notes.push_back(std::move(note));
    for (std::string& note : doubt_notes(block)) table.notes.push_back(std::move(note));
    for (std::string& note : provenance_notes(block)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty()) {
    task.push_back(fmt::format("Nothing measured yet: `dictbench run --workload {}` does.", kName));
    tables.push_back({kName, published.title, task, kColumns, {}});
  }
  return tables;
}

}  // namespace dictbench
