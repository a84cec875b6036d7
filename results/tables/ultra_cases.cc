// Table `ultra-cases`: what a read costs that finds nothing new, some updates, or a full dump (`dictbench cases`).
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = kCasesWorkload;

const std::vector<TableColumn> kColumns = {
    {"engine", "", Alignment::left},        {"items", "", Alignment::right},
    {"updates", "", Alignment::right},      {"read p50", "", Alignment::right},
    {"read p99", "", Alignment::right},     {"per update", "", Alignment::right},
    {"dumps loaded", "", Alignment::right}, {"dumps written", "", Alignment::right},
    {"a set takes", "", Alignment::right},  {"remark", "", Alignment::left}};

const std::vector<std::string> kMeaning = {
    "One process makes so many updates (16-byte keys, 10-byte values, evenly spread), then another reads once: read is "
    "the time of that read, per update its median divided by the updates, dumps loaded and written are per read.",
    "stream-log: a read applies what the stream has brought since the last one, and loads a dump when the stream has "
    "been written over meanwhile. Engines with one shared table have no dumps."};

Metric per_read(const char* name) {
  return [name](const CellRecord& cell) -> std::optional<double> {
    const auto count = number_fact(cell, name);
    if (!count || cell.ops == 0) return std::nullopt;
    return *count / static_cast<double>(cell.ops);
  };
}

std::uint64_t whole(const Series& series, const char* name) {
  return static_cast<std::uint64_t>(number_fact(series.any(), name).value_or(0));
}

std::vector<TableCell> row(const Block& block, const Series& series, const TableContext& context,
                           std::vector<std::string>& notes) {
  const std::uint64_t items = whole(series, "items"), updates = whole(series, "updates");
  const auto median_if_good = [&](const Metric& metric) -> std::optional<double> {
    return series.good() ? median_of(series, metric) : std::nullopt;
  };
  const auto time = [](double ns) { return nanoseconds(ns); };
  const auto count = [](double number) { return fmt::format("{:.2f}", number); };
  const auto figure = [&](const std::optional<double>& number, auto format) {
    return cited(optional_cell(number, format), series);
  };
  const auto p50 = median_if_good(latency_p50);
  const auto per_update = p50 && updates > 0 ? std::optional(*p50 / static_cast<double>(updates)) : std::nullopt;
  auto a_set = median_if_good(per_read("written_ns"));
  if (updates == 0) a_set.reset();
  if (a_set) *a_set /= static_cast<double>(updates);
  return {text_cell(series.engine),
          number_cell(grouped(items), static_cast<double>(items)),
          number_cell(grouped(updates), static_cast<double>(updates)),
          figure(p50, time),
          figure(median_if_good(latency_p99), time),
          figure(per_update, time),
          figure(median_if_good(per_read("dumps_loaded")), count),
          figure(median_if_good(per_read("dumps_written")), count),
          figure(a_set, time),
          text_cell(series.good() ? standing_remark(block, series, context) : short_reason(series, notes))};
}

}  // namespace

std::vector<Table> build_ultra_cases(const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.workloads = {kName};
  const std::vector<Block> blocks = group_blocks(records, selection);  // one for each case
  std::vector<std::string> hosts;
  for (const Block& block : blocks)
    if (std::ranges::find(hosts, block.host) == hosts.end()) hosts.push_back(block.host);
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    Table table{kName, "a read after updates by another process", {}, kColumns, {}};
    if (hosts.size() > 1) table.title += " on " + host;
    std::vector<std::pair<const Block*, const Series*>> rows;
    const Block* any = nullptr;
    for (const Block& block : blocks) {
      if (block.host != host) continue;
      any = &block;
      for (const Series& series : block.series) rows.emplace_back(&block, &series);
    }
    std::ranges::sort(rows, {}, [](const auto& row) {
      const Series& series = *row.second;
      return std::tuple(series.engine, whole(series, "items"), whole(series, "updates"));
    });
    for (const auto& [block, series] : rows) table.rows.push_back(row(*block, *series, context, table.notes));
    table.notes.insert(table.notes.end(), kMeaning.begin(), kMeaning.end());
    table.notes.push_back(repetitions_note(*any));
    for (std::string& note : provenance_notes(*any)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty()) {
    std::vector<std::string> notes = kMeaning;
    notes.emplace_back("Nothing measured yet: `dictbench cases` does.");
    tables.push_back({kName, "a read after updates by another process", std::move(notes), kColumns, {}});
  }
  return tables;
}

}  // namespace dictbench
