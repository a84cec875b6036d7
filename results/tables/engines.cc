// Table `engines`: one block per workload and phase, every engine in it.
#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

enum class Standing { shared, not_shared, cost };

Standing standing_of(const Series& series, const TableContext& context) {
  const std::string name = engine_name(series.engine);
  if (context.cost_engines.contains(name)) return Standing::cost;
  return context.private_engines.contains(name) ? Standing::not_shared : Standing::shared;
}

// The fastest engine that really is shared, among those with this number of processes; null: none.
const Series* fastest_shared(const Block& block, unsigned processes, const TableContext& context) {
  const Series* fastest = nullptr;
  double best = 0;
  for (const Series& series : block.series) {
    if (series.processes != processes || !series.good() || standing_of(series, context) != Standing::shared) continue;
    const double speed = median_of(series, ops_per_s).value_or(0);
    if (speed > best) {
      best = speed;
      fastest = &series;
    }
  }
  return fastest;
}

TableCell ratio_cell(const Series& series, const Series* fastest) {
  if (fastest == nullptr || !series.good()) return no_figure();
  const auto ratio = paired_ratio(by_round(series, ops_per_s), by_round(*fastest, ops_per_s));
  if (!ratio) return no_figure();
  return {.text = ratio_text(ratio->median),
          .number = ratio->median,
          .interval = std::pair(ratio->interval.low, ratio->interval.high)};
}

// By processes; within them the fastest first, what has no speed after it, the harness's own cost last.
std::vector<const Series*> ordered(const Block& block, const TableContext& context) {
  std::vector<const Series*> rows;
  for (const Series& series : block.series) rows.push_back(&series);
  const auto rank = [&](const Series* series) {
    const double speed = series->good() ? median_of(*series, ops_per_s).value_or(0) : -1;
    return std::tuple(series->processes, standing_of(*series, context) == Standing::cost, -speed, series->engine,
                      -series->scale, series->start);
  };
  std::sort(rows.begin(), rows.end(), [&](const Series* a, const Series* b) { return rank(a) < rank(b); });
  return rows;
}

std::string remark_of(const Series& series, Standing standing) {
  std::string remark = row_remark(series);
  const auto add = [&](const std::string& text) { remark += (remark.empty() ? "" : ", ") + text; };
  if (standing == Standing::not_shared) add("not shared");
  if (standing == Standing::cost) {
    const auto cost = series.good() ? median_of(series, ns_per_op) : std::nullopt;
    add(cost ? fmt::format("harness: {}/op", nanoseconds(*cost)) : "harness");
  }
  return remark;
}

std::vector<std::string> notes_of(const Block& block, const TableContext& context) {
  const auto any = [&](Standing standing) {
    return std::any_of(block.series.begin(), block.series.end(),
                       [&](const Series& series) { return standing_of(series, context) == standing; });
  };
  std::vector<std::string> notes = {
      statistics_note(block),
      "Ratio: to the fastest shared engine with as many processes, paired by repetition within one run. Switches: "
      "context switches of workers and servers per 1,000 operations, voluntary and involuntary."};
  if (any(Standing::not_shared)) {
    notes.push_back("Not shared: a private dict in each process, a ceiling for comparison.");
  }
  if (any(Standing::cost)) {
    notes.push_back("Harness: the engine does nothing; its time per operation of one process is dictbench's own cost.");
  }
  for (std::string& note : provenance_notes(block)) notes.push_back(std::move(note));
  return notes;
}

std::string title_of(const Block& block, const std::vector<Block>& blocks) {
  std::string title = block.workload;
  const auto differs = [&](auto member) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) {
      return other.workload == block.workload && other.*member != block.*member;
    });
  };
  if (differs(&Block::phase)) title += ", phase " + block.phase;
  if (block.tier != "c++") title += ", " + block.tier;
  const bool several_hosts =
      std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) { return other.host != block.host; });
  if (several_hosts) title += " on " + block.host;
  return title;
}

const std::vector<TableColumn> kColumns = {
    {"engine", "", Alignment::left},   {"procs", "", Alignment::right}, {"ops/s", "", Alignment::right},
    {"ratio", "", Alignment::right},   {"p50", "", Alignment::right},   {"p99", "", Alignment::right},
    {"B/item", "", Alignment::right},  {"vol", "", Alignment::right},   {"invol", "", Alignment::right},
    {"verified", "", Alignment::left}, {"remark", "", Alignment::left}};

}  // namespace

std::vector<Table> build_engines(const RecordFile& records, const TableContext& context) {
  const std::vector<Block> blocks = group_blocks(records, context.selection);
  if (blocks.empty()) return {{"engines", "", {"No records to show: `dictbench run` makes some."}, kColumns, {}}};

  std::vector<Table> tables;
  for (const Block& block : blocks) {
    Table table{"engines", title_of(block, blocks), {}, kColumns, {}};
    for (const Series* series : ordered(block, context)) {
      const Standing standing = standing_of(*series, context);
      const bool good = series->good();
      const auto figure = [&](const Metric& metric, auto format) {
        return good ? optional_cell(median_of(*series, metric), format) : no_figure();
      };
      const bool stores = standing != Standing::cost;
      table.rows.push_back(
          {text_cell(series->engine), number_cell(std::to_string(series->processes), series->processes),
           speed_cell(*series, table.notes),
           stores ? ratio_cell(*series, fastest_shared(block, series->processes, context)) : no_figure(),
           figure(latency_p50, nanoseconds), figure(latency_p99, nanoseconds), figure(bytes_per_item, bytes_number),
           figure(voluntary_per_1000, small_number), figure(involuntary_per_1000, small_number), verified_cell(*series),
           text_cell(remark_of(*series, standing))});
    }
    for (std::string& note : notes_of(block, context)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dictbench
