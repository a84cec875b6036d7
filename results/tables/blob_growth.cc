// Table `blob-growth`: set and get against the size of the dict, and up to which size `blob`, whose every set copies
// the dict, sets faster than each of the others.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "blob-growth";
constexpr const char* kSubject = "blob";
constexpr std::array<std::uint64_t, 4> kSizes = {10, 100, 1'000, 10'000};  // the workload's phases

// Time of an operation of one process, by the number of items.
using BySize = std::map<std::uint64_t, double>;
using SeriesBySize = std::map<std::uint64_t, const Series*>;

struct Row {
  BySize set_ns, get_ns;
  SeriesBySize sets, gets;  // what the times are of
  const Series* broken = nullptr;
  const Block* block = nullptr;  // of one of them
  const Series* any = nullptr;   // in it
};

// Number of processes, start, engine.
using RowKey = std::tuple<unsigned, std::string, std::string>;

struct Group {
  std::map<RowKey, Row> rows;
  const Block* block = nullptr;  // one of them, for the notes
};

// "set-100" as 100; 0: another phase.
std::uint64_t size_of(const std::string& phase, std::string_view kind) {
  std::uint64_t size = 0;
  if (phase.starts_with(kind)) std::from_chars(phase.data() + kind.size(), phase.data() + phase.size(), size);
  return size;
}

void take(const Block& block, Group& group) {
  const std::uint64_t sets = size_of(block.phase, "set-"), gets = size_of(block.phase, "get-");
  if (sets + gets == 0) return;
  if (block.scale != 1) return;  // the dicts are of other sizes
  group.block = &block;
  for (const Series& series : block.series) {
    Row& row = group.rows[{series.processes, series.start, series.engine}];
    row.block = &block;
    row.any = &series;
    if (!series.good()) {
      row.broken = &series;
    } else if (const auto time = median_of(series, ns_per_op)) {
      (sets != 0 ? row.set_ns : row.get_ns)[sets + gets] = *time;
      (sets != 0 ? row.sets : row.gets)[sets + gets] = &series;
    }
  }
}

// Where `subject` begins to take longer than `rival`, on the straight line between two measured sizes, both axes
// logarithmic.
std::string crossover(const BySize& subject, const BySize& rival) {
  double size_before = 0, log_before = 0;
  for (const auto& [size, time] : subject) {
    const auto other = rival.find(size);
    if (other == rival.end()) return "-";
    const double log_ratio = std::log(time / other->second);
    if (log_ratio >= 0) {
      if (size_before == 0) return fmt::format("below {}", grouped(size));
      const double share = -log_before / (log_ratio - log_before);
      const double at = size_before * std::pow(static_cast<double>(size) / size_before, share);
      const double unit = std::pow(10, std::floor(std::log10(at)) - 1);  // two digits
      return fmt::format("~{}", grouped(static_cast<std::uint64_t>(std::round(at / unit) * unit)));
    }
    size_before = static_cast<double>(size);
    log_before = log_ratio;
  }
  return subject.empty() ? "-" : fmt::format("above {}", grouped(subject.rbegin()->first));
}

std::vector<TableColumn> columns() {
  std::vector<TableColumn> all = {{"engine", "", Alignment::left}, {"procs", "", Alignment::right}};
  for (const char* const kind : {"set", "get"})
    for (const std::uint64_t size : kSizes)
      all.push_back({fmt::format("{} @ {}", kind, grouped(size)), "", Alignment::right});
  all.push_back({"blob sets faster up to", "items", Alignment::right});
  all.push_back({"remark", "", Alignment::left});
  return all;
}

std::string remark_of(const Row& row, const TableContext& context) {
  std::string remark = standing_remark(*row.block, *row.any, context);
  const auto too_short = [](const auto& size_and_series) { return !long_enough(*size_and_series.second); };
  if (std::ranges::any_of(row.sets, too_short) || std::ranges::any_of(row.gets, too_short))
    remark += fmt::format("{}windows below {:g} ms", remark.empty() ? "" : ", ", 1000 * kShortestWindow);
  return remark;
}

Table table_of(const Group& group, const TableContext& context) {
  Table table{kName, "", {}, columns(), {}};
  for (const auto& [key, row] : group.rows) {
    const auto& [processes, start, engine] = key;
    std::vector<TableCell> cells = {text_cell(engine), number_cell(std::to_string(processes), processes)};
    for (const auto& [times, series] : {std::pair(&row.set_ns, &row.sets), std::pair(&row.get_ns, &row.gets)})
      for (const std::uint64_t size : kSizes) {
        const auto time = times->find(size);
        const bool shown = row.broken == nullptr && time != times->end();
        cells.push_back(shown ? cited(number_cell(nanoseconds(time->second), time->second), *series->at(size))
                              : no_figure());
      }
    const auto subject = group.rows.find({processes, start, kSubject});
    const bool compared = engine_name(engine) != kSubject && row.broken == nullptr && subject != group.rows.end() &&
                          subject->second.broken == nullptr && !context.cost_engines.contains(engine_name(engine));
    cells.push_back(text_cell(compared ? crossover(subject->second.set_ns, row.set_ns) : "-"));
    std::string remark = row.broken != nullptr ? short_reason(*row.broken, table.notes) : remark_of(row, context);
    cells.push_back(text_cell(remark));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

std::vector<Table> build_blob_growth(const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.workloads = {kName};
  selection.phases = {};
  const std::vector<Block> blocks = group_blocks(records, selection);
  std::map<std::pair<std::string, std::string>, Group> groups;  // by host and tier
  for (const Block& block : blocks) take(block, groups[{block.host, block.tier}]);

  std::vector<Table> tables;
  for (const auto& [where, group] : groups) {
    if (group.rows.empty()) continue;
    Table table = table_of(group, context);
    table.title = "set and get against the number of items";
    if (where.second != "c++") table.title += ", " + where.second;
    if (groups.size() > 1) table.title += " on " + where.first;
    table.notes.push_back(
        "Time of one operation of one process, against dicts of so many items; keys of 16 bytes, values of 10. Blob "
        "sets "
        "faster up to: the number of items from which a set of `blob` takes longer than one of this engine, between "
        "two measured sizes on a straight line, both axes logarithmic.");
    table.notes.push_back(repetitions_note(*group.block));
    for (std::string& note : standing_notes(*group.block, context)) table.notes.push_back(std::move(note));
    for (std::string& note : provenance_notes(*group.block)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty())
    tables.push_back({kName,
                      "set and get against the number of items",
                      {fmt::format("Nothing measured yet, at scale 1: `dictbench run --workload {}` does.", kName)},
                      columns(),
                      {}});
  return tables;
}

}  // namespace dictbench
