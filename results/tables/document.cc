// Tables `mpdict-1m`, `redis-100k` and `pyshmht-mp`: the published rows, then every engine and package here in the same
// columns. A table for each variant: as published (the first process alone, then the others) and as meant (all at
// once).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "results/number_format.h"
#include "results/published.h"
#include "results/tables/builders.h"
#include "results/tables/place.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

std::string count_text(double count) { return grouped(static_cast<std::uint64_t>(std::llround(count))); }
std::string percent_number(double figure) { return fmt::format("{:.0f}", figure); }
std::string megabytes(double figure) { return ratio_text(figure); }

double cpu_percent(const CellRecord& cell) {
  const Usage usage = total_usage(cell);
  return 100 * (usage.user_s + usage.system_s) / cell.elapsed_s;
}

// A column of figures: where the document has it, and how it is computed from a record.
struct Figure {
  TableColumn column;
  const char* published;  // name in the document's row; empty: it has none
  double published_unit;  // the document's figure divided by the column's
  std::optional<double> (*measured)(const CellRecord& cell);
  std::string (*text)(double);
  bool only_of_files = false;  // only where the document tells the length of a file
};

const std::vector<Figure> kFigures = {
    {{"elapsed", "s", Alignment::right},
     "elapsed_s",
     1,
     [](const CellRecord& cell) { return std::optional(cell.elapsed_s); },
     seconds},
    {{"user", "s", Alignment::right},
     "user_s",
     1,
     [](const CellRecord& cell) { return std::optional(total_usage(cell).user_s); },
     seconds},
    {{"sys", "s", Alignment::right},
     "system_s",
     1,
     [](const CellRecord& cell) { return std::optional(total_usage(cell).system_s); },
     seconds},
    {{"CPU", "%", Alignment::right},
     "cpu_percent",
     1,
     [](const CellRecord& cell) { return cell.elapsed_s > 0 ? std::optional(cpu_percent(cell)) : std::nullopt; },
     percent_number},
    {{"max RSS", "kB", Alignment::right},
     "max_rss_kb",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(cell.memory.max_rss_bytes) / 1024); },
     count_text},
    {{"minor faults", "", Alignment::right},
     "minor_faults",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(total_usage(cell).minor_faults)); },
     count_text},
    {{"vol", "", Alignment::right},
     "voluntary_switches",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(total_usage(cell).voluntary_switches)); },
     count_text},
    {{"invol", "", Alignment::right},
     "involuntary_switches",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(total_usage(cell).involuntary_switches)); },
     count_text},
    {{"items", "", Alignment::right},
     "items",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(cell.memory.items)); },
     count_text},
    {{"in use", "MB", Alignment::right},
     "",
     1,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(cell.memory.storage_bytes) / 1e6); },
     megabytes,
     true},
    {{"length", "MB", Alignment::right},
     "file_bytes",
     1e6,
     [](const CellRecord& cell) { return std::optional(static_cast<double>(cell.memory.storage_length_bytes) / 1e6); },
     megabytes,
     true},
    {{"B/item", "", Alignment::right}, "", 1, bytes_per_item, byte_size},
};

// What was done to get a block's figures. The C++ tier's files have one variant, in which the first process is alone.
std::string variant_of(const Block& block) { return block.tier == "c++" ? "as published" : block.phase; }

class Builder {
 public:
  Builder(const char* name, const TableContext& context) : published_(load_published(name)), context_(context) {
    const bool files = std::ranges::any_of(
        published_.rows, [](const PublishedRow& row) { return row.figure("file_bytes").has_value(); });
    for (const Figure& figure : kFigures)
      if (files || !figure.only_of_files) figures_.push_back(&figure);
    if (std::ranges::none_of(published_.rows, [](const PublishedRow& row) { return row.figure("elapsed_s") > 0; })) {
      throw PublishedError(fmt::format("{}: a row needs a figure 'elapsed_s' above 0",
                                       (published_folder() / (std::string(name) + ".json")).string()));
    }
  }

  // Of the blocks of one host and one variant; none: the published rows alone.
  Table table(const std::string& title, const std::vector<const Block*>& blocks) const {
    Table table{published_.name, title, {}, columns(), {}};
    for (const PublishedRow& row : published_.rows) table.rows.push_back(published_row(row));
    for (const auto& [block, series] : ordered(blocks))
      table.rows.push_back(measured_row(*block, *series, table.notes));
    if (blocks.empty()) return table;
    table.notes.push_back(
        "Ratio: elapsed here to elapsed published with as many processes and items, on other hardware. User, sys, "
        "faults and switches: workers and servers together. Max RSS: the largest "
        "single process; B/item: what the dict costs, servers included.");
    table.notes.push_back(repetitions_note(*blocks.front()));
    for (std::string& note : standing_notes(*blocks.front(), context_)) table.notes.push_back(std::move(note));
    for (std::string& note : doubt_notes(*blocks.front())) table.notes.push_back(std::move(note));
    return table;
  }

  std::vector<std::string> published_notes() const {
    std::vector<std::string> notes;
    std::string source = fmt::format("Published: {}; host: {}", published_.source, published_.host);
    if (!published_.software.empty()) source += "; " + published_.software;
    notes.push_back(source + ".");
    for (const std::string& remark : published_.remarks) notes.push_back("Published: " + remark);
    return notes;
  }

  const std::string& title() const { return published_.title; }

 private:
  std::vector<TableColumn> columns() const {
    std::vector<TableColumn> columns = {
        {"engine", "", Alignment::left}, {"tier", "", Alignment::left}, {"procs", "", Alignment::right}};
    for (const Figure* figure : figures_) columns.push_back(figure->column);
    columns.insert(
        columns.end(),
        {{"ratio", "", Alignment::right}, {"verified", "", Alignment::left}, {"remark", "", Alignment::left}});
    return columns;
  }

  std::vector<TableCell> published_row(const PublishedRow& row) const {
    std::vector<TableCell> cells = {text_cell(row.system + ", published"), text_cell("-"),
                                    number_cell(std::to_string(row.processes), row.processes)};
    for (const Figure* figure : figures_) {
      auto value = row.figure(figure->published);
      if (value) *value /= figure->published_unit;
      cells.push_back(optional_cell(value, figure->text));
    }
    const bool timed = row.figure("elapsed_s").has_value();
    cells.insert(cells.end(), {timed ? number_cell("1.00", 1) : no_figure(), text_cell("-"), text_cell(row.remark)});
    return cells;
  }

  std::vector<TableCell> measured_row(const Block& block, const Series& series, std::vector<std::string>& notes) const {
    std::vector<TableCell> cells = {text_cell(series.engine), text_cell(block.tier),
                                    number_cell(std::to_string(series.processes), series.processes)};
    for (const Figure* figure : figures_) {
      if (!series.good())
        cells.push_back(no_figure());
      else if (figure->measured == bytes_per_item)
        cells.push_back(cited(memory_cell(series), series));
      else
        cells.push_back(cited(optional_cell(median_of(series, figure->measured), figure->text), series));
    }
    if (!series.good()) cells[3] = cited(text_cell(short_reason(series, notes)), series);
    cells.insert(cells.end(), {ratio_cell(block, series), cited(verified_cell(series), series),
                               text_cell(row_remark(block, series, context_))});
    return cells;
  }

  // Another number of processes, or of items, is another task.
  TableCell ratio_cell(const Block& block, const Series& series) const {
    if (block.scale != 1) return no_figure();
    const auto elapsed = median_of(series, [](const CellRecord& cell) { return std::optional(cell.elapsed_s); });
    for (const PublishedRow& row : published_.rows) {
      const auto published = row.figure("elapsed_s");
      if (!series.good() || !elapsed || !published || row.processes != series.processes) continue;
      return cited(number_cell(ratio_text(*elapsed / *published), *elapsed / *published), series);
    }
    return no_figure();
  }

  // By time; the rows without one after it, those that were too slow before those that failed, the harness's cost last.
  std::vector<std::pair<const Block*, const Series*>> ordered(const std::vector<const Block*>& blocks) const {
    std::vector<std::pair<const Block*, const Series*>> rows;
    for (const Block* block : blocks)
      for (const Series& series : block->series) rows.emplace_back(block, &series);
    std::ranges::sort(rows, {}, [&](const auto& row) {
      const Series& series = *row.second;
      const auto elapsed = median_of(series, [](const CellRecord& cell) { return std::optional(cell.elapsed_s); });
      return std::tuple(series.processes, standing_of(series, context_) == Standing::cost, !series.good(),
                        !series.unfinished(), elapsed.value_or(0), series.engine, row.first->tier, series.start);
    });
    return rows;
  }

  const PublishedTable published_;
  const TableContext& context_;
  std::vector<const Figure*> figures_;
};

std::vector<Table> build(const char* name, const RecordFile& records, const TableContext& context) {
  const Builder builder(name, context);
  Selection selection = context.selection;
  selection.workloads = {name};
  const std::vector<Block> blocks = group_blocks(records, selection);
  const std::vector<std::string> hosts = hosts_of(blocks);
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    std::vector<std::string> variants;
    for (const Block& block : blocks)
      if (block.host == host && std::ranges::find(variants, variant_of(block)) == variants.end())
        variants.push_back(variant_of(block));
    for (const std::string& variant : variants) {
      std::vector<const Block*> own;
      std::vector<const RunRecord*> runs;
      for (const Block& block : blocks)
        if (block.host == host && variant_of(block) == variant) own.push_back(&block);
      // The tiers are scaled each for itself: beside each other only where both were alike.
      const double scale = (*std::ranges::max_element(own, {}, &Block::scale))->scale;
      std::erase_if(own, [&](const Block* block) { return block->scale != scale; });
      for (const Block* block : own) runs.insert(runs.end(), block->runs.begin(), block->runs.end());
      std::string title = builder.title();
      if (variants.size() > 1) title += ", " + variant;
      if (hosts.size() > 1) title += " on " + host;
      Table table = builder.table(title, own);
      for (std::string& note : builder.published_notes()) table.notes.push_back(std::move(note));
      for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
      tables.push_back(std::move(table));
    }
  }
  if (tables.empty()) {
    Table table = builder.table(builder.title(), {});
    table.notes = builder.published_notes();
    table.notes.push_back(fmt::format(
        "Nothing measured yet: `dictbench run --workload {0}` and `python -m tier --programs {0}` do.", name));
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

std::vector<Table> build_pyshmht_mp(const RecordFile& records, const TableContext& context) {
  return build("pyshmht-mp", records, context);
}

}  // namespace dictbench
