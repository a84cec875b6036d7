// Tables `mpdict-1m` and `redis-100k`: the published row, then every engine here in the same columns.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/number_format.h"
#include "results/published.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

const std::vector<TableColumn> kColumns = {
    {"engine", "", Alignment::left},     {"procs", "", Alignment::right},        {"elapsed", "s", Alignment::right},
    {"user", "s", Alignment::right},     {"sys", "s", Alignment::right},         {"CPU", "%", Alignment::right},
    {"max RSS", "kB", Alignment::right}, {"minor faults", "", Alignment::right}, {"vol", "", Alignment::right},
    {"invol", "", Alignment::right},     {"items", "", Alignment::right},        {"B/item", "", Alignment::right},
    {"ratio", "", Alignment::right},     {"verified", "", Alignment::left},      {"remark", "", Alignment::left}};

std::string count_text(double count) { return grouped(static_cast<std::uint64_t>(std::llround(count))); }

double cpu_percent(const CellRecord& cell) {
  const Usage usage = total_usage(cell);
  return 100 * (usage.user_s + usage.system_s) / cell.elapsed_s;
}

std::string percent_number(double figure) { return fmt::format("{:.0f}", figure); }

std::vector<TableCell> published_row(const PublishedRow& row, double elapsed) {
  const auto count = [&](const char* name) { return optional_cell(row.figure(name), count_text); };
  const auto time = [&](const char* name) { return optional_cell(row.figure(name), seconds); };
  return {text_cell(row.system + ", published"),
          number_cell(std::to_string(row.processes), row.processes),
          number_cell(seconds(elapsed), elapsed),
          time("user_s"),
          time("system_s"),
          optional_cell(row.figure("cpu_percent"), percent_number),
          count("max_rss_kb"),
          count("minor_faults"),
          count("voluntary_switches"),
          count("involuntary_switches"),
          count("items"),
          no_figure(),
          number_cell("1.00", 1),
          text_cell("-"),
          text_cell(row.remark)};
}

std::vector<TableCell> measured_row(const Series& series, const PublishedRow& published, double published_elapsed,
                                    std::vector<std::string>& notes) {
  const std::string processes = std::to_string(series.processes);
  if (!series.good()) {
    std::vector<TableCell> row(kColumns.size(), no_figure());
    row[0] = text_cell(series.engine);
    row[1] = number_cell(processes, series.processes);
    row[2] = text_cell(short_reason(series, notes));
    row[13] = verified_cell(series);
    row[14] = text_cell(row_remark(series));
    return row;
  }
  const auto figure = [&](const Metric& metric, auto format) {
    return optional_cell(median_of(series, metric), format);
  };
  const auto elapsed = median_of(series, [](const CellRecord& cell) { return cell.elapsed_s; });
  // Another number of items or processes is another task: no ratio to the published one.
  const bool comparable = elapsed && series.scale == 1 && series.processes == published.processes;
  return {
      text_cell(series.engine),
      number_cell(processes, series.processes),
      optional_cell(elapsed, seconds),
      figure([](const CellRecord& cell) { return total_usage(cell).user_s; }, seconds),
      figure([](const CellRecord& cell) { return total_usage(cell).system_s; }, seconds),
      figure(
          [](const CellRecord& cell) { return cell.elapsed_s > 0 ? std::optional(cpu_percent(cell)) : std::nullopt; },
          percent_number),
      figure([](const CellRecord& cell) { return static_cast<double>(cell.memory.max_rss_bytes) / 1024; }, count_text),
      figure([](const CellRecord& cell) { return static_cast<double>(total_usage(cell).minor_faults); }, count_text),
      figure([](const CellRecord& cell) { return static_cast<double>(total_usage(cell).voluntary_switches); },
             count_text),
      figure([](const CellRecord& cell) { return static_cast<double>(total_usage(cell).involuntary_switches); },
             count_text),
      figure([](const CellRecord& cell) { return static_cast<double>(cell.memory.items); }, count_text),
      figure(bytes_per_item, bytes_number),
      comparable ? number_cell(ratio_text(*elapsed / published_elapsed), *elapsed / published_elapsed) : no_figure(),
      verified_cell(series),
      text_cell(row_remark(series))};
}

// By time, the engines without one after it.
std::vector<const Series*> ordered(const Block& block) {
  std::vector<const Series*> rows;
  for (const Series& series : block.series) rows.push_back(&series);
  const auto rank = [](const Series* series) {
    const auto elapsed = median_of(*series, [](const CellRecord& cell) { return cell.elapsed_s; });
    return std::tuple(series->processes, !series->good(), -series->scale, elapsed.value_or(0), series->engine,
                      series->start);
  };
  std::sort(rows.begin(), rows.end(), [&](const Series* a, const Series* b) { return rank(a) < rank(b); });
  return rows;
}

std::vector<std::string> published_notes(const PublishedTable& published) {
  std::vector<std::string> notes;
  std::string source = fmt::format("Published: {}; host: {}", published.source, published.host);
  if (!published.software.empty()) source += "; " + published.software;
  notes.push_back(source + ".");
  for (const std::string& remark : published.remarks) notes.push_back("Published: " + remark);
  return notes;
}

std::vector<Table> build(const char* name, const RecordFile& records, const TableContext& context) {
  const PublishedTable published = load_published(name);
  const PublishedRow& reference = published.rows.front();
  const auto elapsed = reference.figure("elapsed_s");
  if (!elapsed || !(*elapsed > 0)) {
    throw PublishedError(fmt::format("{}: the first row needs a figure 'elapsed_s' above 0",
                                     (published_folder() / (std::string(name) + ".json")).string()));
  }

  Selection selection = context.selection;
  selection.workloads = {name};
  const std::vector<Block> blocks = group_blocks(records, selection);
  std::vector<Table> tables;
  for (const Block& block : blocks) {
    Table table{name, published.title, {}, kColumns, {}};
    if (std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) { return other.phase != block.phase; })) {
      table.title += ", phase " + block.phase;
    }
    if (block.tier != "c++") table.title += ", " + block.tier;
    if (std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) { return other.host != block.host; })) {
      table.title += " on " + block.host;
    }
    table.rows.push_back(published_row(reference, *elapsed));
    for (const Series* series : ordered(block)) {
      table.rows.push_back(measured_row(*series, reference, *elapsed, table.notes));
    }
    table.notes.push_back(
        "Ratio: elapsed here to elapsed published, on other hardware. User, sys, faults and switches: workers and "
        "servers together. Max RSS: the largest single process; B/item: what the dict costs, servers included.");
    table.notes.push_back(statistics_note(block));
    for (std::string& note : published_notes(published)) table.notes.push_back(std::move(note));
    for (std::string& note : provenance_notes(block)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty()) {
    Table table{name, published.title, published_notes(published), kColumns, {published_row(reference, *elapsed)}};
    table.notes.push_back(fmt::format("Nothing measured yet: `dictbench run --workload {}` does.", name));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace

std::vector<Table> build_mpdict_1m(const RecordFile& records, const TableContext& context) {
  return build("mpdict-1m", records, context);
}

std::vector<Table> build_redis_100k(const RecordFile& records, const TableContext& context) {
  return build("redis-100k", records, context);
}

}  // namespace dictbench
