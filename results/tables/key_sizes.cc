// Table `key-sizes`: the same keys and values but for the length of the keys, so that what is said of two engines is
// said for a length. 15 bytes are the last that libstdc++'s std::string keeps inside itself, 16 the first on the heap.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "key-sizes";
constexpr const char* kTitle = "Time of an operation by the length of the keys";
constexpr std::array<unsigned, 5> kSizes = {8, 15, 16, 24, 40};  // workloads keys-8 to keys-40
constexpr std::array<const char*, 2> kPhases = {"get", "update"};
constexpr unsigned kProcesses = 2;

struct Place {
  const Block* block = nullptr;
  const Series* series = nullptr;
};

// By phase and size.
using Row = std::map<std::pair<std::string, unsigned>, Place>;

std::vector<TableColumn> columns() {
  std::vector<TableColumn> all = {{"engine", "", Alignment::left}};
  for (const char* const phase : kPhases)
    for (const unsigned size : kSizes) all.push_back({fmt::format("{} @ {} B", phase, size), "", Alignment::right});
  all.push_back({"remark", "", Alignment::left});
  return all;
}

std::string workload_of(unsigned size) { return fmt::format("keys-{}", size); }

TableCell time_cell(const Place& place, std::vector<std::string>& notes) {
  if (place.series == nullptr) return no_figure();
  if (!place.series->good()) return cited(text_cell(short_reason(*place.series, notes)), *place.series);
  const FigureByRound rounds = by_round(*place.series, ns_per_op);
  if (rounds.empty()) return no_figure();
  std::vector<double> times;
  for (const auto& [round, time] : rounds) times.push_back(time);
  TableCell cell = number_cell(nanoseconds(median(times)), median(times));
  if (times.size() > 1) {
    const Interval interval = median_interval(times);
    cell.interval = std::pair(interval.low, interval.high);
    cell.text += fmt::format(" [{:.0f}, {:.0f}]", interval.low, interval.high);
  }
  return cited(std::move(cell), *place.series);
}

// What is the same for all sizes once, else the sizes at which it holds.
std::string remark_of(const Row& row, const TableContext& context) {
  std::vector<std::pair<std::string, std::vector<std::string>>> remarks;
  for (const auto& [where, place] : row) {
    const std::string text = row_remark(*place.block, *place.series, context);
    if (text.empty()) continue;
    auto found = std::ranges::find(remarks, text, &std::pair<std::string, std::vector<std::string>>::first);
    if (found == remarks.end()) found = remarks.insert(found, {text, {}});
    found->second.push_back(fmt::format("{} @ {} B", where.first, where.second));
  }
  std::string all;
  for (const auto& [text, places] : remarks) {
    if (!all.empty()) all += "; ";
    all += places.size() == row.size() ? text : fmt::format("{}: {}", places.front(), text);
    if (places.size() < row.size() && places.size() > 1) all += fmt::format(" (and {} more)", places.size() - 1);
  }
  return all;
}

// By the time of a get with 16 bytes, what has none after it.
std::vector<std::string> engines_in_order(const std::map<std::string, Row>& rows) {
  std::vector<std::tuple<bool, double, std::string>> order;
  for (const auto& [engine, row] : rows) {
    const auto place = row.find({"get", 16});
    const bool good = place != row.end() && place->second.series->good();
    const auto time = good ? median_of(*place->second.series, ns_per_op) : std::nullopt;
    order.emplace_back(!time, time.value_or(0), engine);
  }
  std::ranges::sort(order);
  std::vector<std::string> engines;
  for (const auto& [none, time, engine] : order) engines.push_back(engine);
  return engines;
}

}  // namespace

std::vector<Table> build_key_sizes(const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.yardsticks = true;
  selection.workloads.clear();
  for (const unsigned size : kSizes) selection.workloads.push_back(workload_of(size));
  const std::vector<Block> blocks = group_blocks(records, selection);
  // A row holds five workloads, of which only the keys may differ: of one host and one commit.
  std::map<std::pair<std::string, std::string>, std::map<std::string, Row>> groups;
  std::map<std::pair<std::string, std::string>, std::vector<const RunRecord*>> runs;
  for (const Block& block : blocks)
    for (const unsigned size : kSizes) {
      if (block.workload != workload_of(size) || block.scale != 1) continue;
      if (std::ranges::find(kPhases, block.phase) == kPhases.end()) continue;
      const std::pair where(block.host, block.commit);
      for (const Series& series : block.series)
        if (series.processes == kProcesses) groups[where][series.engine][{block.phase, size}] = {&block, &series};
      for (const RunRecord* run : block.runs)
        if (std::ranges::find(runs[where], run) == runs[where].end()) runs[where].push_back(run);
    }
  std::vector<Table> tables;
  for (const auto& [where, rows] : groups) {
    Table table{kName, groups.size() > 1 ? fmt::format("{} on {}", kTitle, where.first) : kTitle, {}, columns(), {}};
    const Block* any = nullptr;
    for (const std::string& engine : engines_in_order(rows)) {
      const Row& row = rows.at(engine);
      std::vector<TableCell>& cells = table.rows.emplace_back();
      cells.push_back(text_cell(engine));
      for (const char* const phase : kPhases)
        for (const unsigned size : kSizes) {
          const auto place = row.find({phase, size});
          cells.push_back(time_cell(place == row.end() ? Place() : place->second, table.notes));
        }
      cells.push_back(text_cell(remark_of(row, context)));
      any = row.begin()->second.block;
    }
    table.notes.push_back(fmt::format(
        "Time of one operation of one process, {} at once; the workloads keys-8 to keys-40 differ in the length of the "
        "keys only. std::string keeps up to 15 bytes inside itself (libstdc++); longer keys are a heap block each.",
        kProcesses));
    table.notes.push_back(statistics_note(*any));
    for (std::string& note : standing_notes(*any, context)) table.notes.push_back(std::move(note));
    for (std::string& note : provenance_notes(runs.at(where))) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty())
    tables.push_back({kName, kTitle, {"Nothing measured yet: `./run_all.sh rivals` does."}, columns(), {}});
  return tables;
}

}  // namespace dictbench
