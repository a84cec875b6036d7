// Table `engines`: one block per workload and phase, every engine in it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"
#include "results/tables/trust.h"

namespace dictbench {
namespace {

// What the other rows with as many processes are set against: the first row of a shared engine whose figure is of a
// steady state, for want of one the first of a shared engine. Null: none.
const Series* base_of(const std::vector<const Series*>& best_first, unsigned processes, const TableContext& context) {
  const Series* base = nullptr;
  for (const Series* series : best_first) {
    if (series->processes != processes || !series->good() || standing_of(*series, context) != Standing::shared)
      continue;
    if (long_enough(*series)) return series;
    if (base == nullptr) base = series;
  }
  return base;
}

TableCell ratio_cell(const Block& block, const Series& series, const Series* base) {
  if (base == nullptr || !series.good()) return no_figure();
  const Metric metric = block.open_loop() ? latency_p99 : ops_per_s;
  const auto ratio = paired_ratio(by_round(series, metric), by_round(*base, metric));
  if (!ratio) return no_figure();
  return {.text = ratio_text(ratio->median),
          .number = ratio->median,
          .interval = std::pair(ratio->interval.low, ratio->interval.high),
          .sources = {source_of(series), source_of(*base)}};
}

std::string order_note(const Block& block) {
  if (!block.open_loop())
    return "Ratio: of operations per second, to the shared engine with the highest median among those with as many "
           "processes, paired by repetition within one run.";
  double rate = 0;
  for (const Series& series : block.series) rate = std::max(rate, series.any().work.arrival_rate);
  return fmt::format(
      "Open loop: {} come at fixed times, and latencies count from then. By p99, the lowest first. Ratio: of p99, to "
      "the "
      "shared engine with the lowest median among those with as many processes, paired by repetition within one run.",
      dictbench::rate(rate));
}

std::vector<std::string> notes_of(const Block& block, const TableContext& context) {
  std::vector<std::string> notes = {
      statistics_note(block), order_note(block),
      "B/item: of one more item; after the +, what the empty dict takes. Switches: context switches of workers and "
      "servers per 1,000 operations, voluntary and involuntary."};
  for (std::string& note : standing_notes(block, context)) notes.push_back(std::move(note));
  for (std::string& note : doubt_notes(block)) notes.push_back(std::move(note));
  for (std::string& note : provenance_notes(block)) notes.push_back(std::move(note));
  return notes;
}

std::string title_of(const Block& block, const std::vector<Block>& blocks, const Selection& selection) {
  std::string title = block.workload;
  const auto differs = [&](auto member) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) {
      return other.workload == block.workload && other.*member != block.*member;
    });
  };
  if (differs(&Block::phase) || !selection.phases.empty()) title += ", phase " + block.phase;
  const bool several_hosts =
      std::any_of(blocks.begin(), blocks.end(), [&](const Block& other) { return other.host != block.host; });
  if (several_hosts) title += " on " + block.host;
  return title;
}

const std::vector<TableColumn> kColumns = {
    {"engine", "", Alignment::left},   {"procs", "", Alignment::right}, {"ops/s", "", Alignment::right},
    {"ratio", "", Alignment::right},   {"p50", "", Alignment::right},   {"p99", "", Alignment::right},
    {"B/item", "", Alignment::right},  {"vol", "", Alignment::right},   {"invol", "", Alignment::right},
    {"verified", "", Alignment::left}, {"order", "", Alignment::left},  {"remark", "", Alignment::left}};

}  // namespace

std::vector<Table> build_engines(const RecordFile& records, const TableContext& context) {
  std::vector<Block> blocks = group_blocks(records, context.selection);
  // The Python tier's programs have tables of their own.
  std::erase_if(blocks, [](const Block& block) { return block.workload == kCasesWorkload || block.tier != "c++"; });
  const std::map<std::string, std::string> left_out = leave_out_overwriting_loads(blocks);
  if (blocks.empty()) return {{"engines", "", {"No records to show: `dictbench run` makes some."}, kColumns, {}}};

  std::vector<Table> tables;
  for (const Block& block : blocks) {
    Table table{"engines", title_of(block, blocks, context.selection), {}, kColumns, {}};
    const OrderChecks order(records, block.host);
    const std::vector<const Series*> best_first = fastest_first(block, context);
    for (const Series* series : best_first) {
      const Standing standing = standing_of(*series, context);
      const bool good = series->good();
      const auto figure = [&](const Metric& metric, auto format) {
        return good ? cited(optional_cell(median_of(*series, metric), format), *series) : no_figure();
      };
      const bool stores = standing != Standing::cost;
      table.rows.push_back(
          {text_cell(series->engine), number_cell(std::to_string(series->processes), series->processes),
           cited(speed_cell(*series, table.notes), *series),
           stores ? ratio_cell(block, *series, base_of(best_first, series->processes, context)) : no_figure(),
           figure(latency_p50, nanoseconds), figure(latency_p99, nanoseconds), cited(memory_cell(*series), *series),
           figure(voluntary_per_1000, small_number), figure(involuntary_per_1000, small_number),
           cited(verified_cell(*series), *series), stores ? order.cell(series->engine, block.runs) : no_figure(),
           text_cell(row_remark(block, *series, context))});
    }
    table.notes.emplace_back(
        order.any() ? "Order: whether `dictbench check` saw that the promised order of operations is kept, with which "
                      "version, over how many operations (docs/method.md)."
                    : "Order: none of these records is of `dictbench check`.");
    if (const auto note = left_out.find(block.workload); note != left_out.end()) table.notes.push_back(note->second);
    for (std::string& note : notes_of(block, context)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dictbench
