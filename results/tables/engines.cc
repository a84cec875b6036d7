// Table `engines`: one block per workload and phase, every engine in it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

// The fastest engine that really is shared, among those with this number of processes and, of these, the largest scale:
// one that was measured with a hundredth of the keys owes its speed to the caches. Null: none.
const Series* fastest_shared(const Block& block, unsigned processes, const TableContext& context) {
  const Series* fastest = nullptr;
  std::pair<double, double> best;  // scale, then speed
  for (const Series& series : block.series) {
    if (series.processes != processes || !series.good() || standing_of(series, context) != Standing::shared) continue;
    const std::pair<double, double> rank{series.scale, median_of(series, ops_per_s).value_or(0)};
    if (fastest != nullptr && rank <= best) continue;
    best = rank;
    fastest = &series;
  }
  return fastest;
}

TableCell ratio_cell(const Series& series, const Series* fastest) {
  if (fastest == nullptr || !series.good()) return no_figure();
  const auto ratio = paired_ratio(by_round(series, ops_per_s), by_round(*fastest, ops_per_s));
  if (!ratio) return no_figure();
  // At another scale there is another number of keys, so other cache misses: not like for like.
  const char* const about = series.scale == fastest->scale ? "" : "~";
  return {.text = fmt::format("{}{}", about, ratio_text(ratio->median)),
          .number = ratio->median,
          .interval = std::pair(ratio->interval.low, ratio->interval.high),
          .sources = {source_of(series), source_of(*fastest)}};
}

std::vector<std::string> notes_of(const Block& block, const TableContext& context) {
  std::vector<std::string> notes = {
      statistics_note(block),
      "Ratio: to the fastest shared engine with as many processes, of those at the largest scale, paired by repetition "
      "within one run; ~: at another scale, so of another number of keys. Switches: context switches of workers and "
      "servers per "
      "1,000 operations, voluntary and involuntary."};
  for (std::string& note : standing_notes(block, context)) notes.push_back(std::move(note));
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
  std::vector<Block> blocks = group_blocks(records, context.selection);
  // The Python tier's programs have tables of their own.
  std::erase_if(blocks, [](const Block& block) { return block.workload == kCasesWorkload || block.tier != "c++"; });
  if (blocks.empty()) return {{"engines", "", {"No records to show: `dictbench run` makes some."}, kColumns, {}}};

  std::vector<Table> tables;
  for (const Block& block : blocks) {
    Table table{"engines", title_of(block, blocks), {}, kColumns, {}};
    for (const Series* series : fastest_first(block, context)) {
      const Standing standing = standing_of(*series, context);
      const bool good = series->good();
      const auto figure = [&](const Metric& metric, auto format) {
        return good ? cited(optional_cell(median_of(*series, metric), format), *series) : no_figure();
      };
      const bool stores = standing != Standing::cost;
      table.rows.push_back(
          {text_cell(series->engine), number_cell(std::to_string(series->processes), series->processes),
           cited(speed_cell(*series, table.notes), *series),
           stores ? ratio_cell(*series, fastest_shared(block, series->processes, context)) : no_figure(),
           figure(latency_p50, nanoseconds), figure(latency_p99, nanoseconds), figure(bytes_per_item, bytes_number),
           figure(voluntary_per_1000, small_number), figure(involuntary_per_1000, small_number),
           cited(verified_cell(*series), *series), text_cell(row_remark(*series, context))});
    }
    for (std::string& note : notes_of(block, context)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dictbench
