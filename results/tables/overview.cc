// Table `overview`: the one to choose by. A row an engine: what several processes do with a million keys, how late
// operations are at a fixed rate, what an item costs, and what was found when its writers were killed. All of one load
// of the workload `large`, so that every figure has the same keys, values and processes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "results/choose/evidence.h"
#include "results/number_format.h"
#include "results/statistics/verdict.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "overview";
constexpr const char* kTitle = "Engines at a glance";
constexpr const char* kWorkload = "large";
constexpr const char* kRanked = "zipf-95-5";  // what most services do: mostly reads, of some keys more than of others
constexpr const char* kTail = "10k-a-second";

struct Speed {
  const char* phase;
  const char* title;
};
constexpr std::array<Speed, 6> kSpeeds = {{{"get", "get"},
                                           {kRanked, "95 % get"},
                                           {"update", "update"},
                                           {"load", "load"},
                                           {"get-batch-32", "get of 32"},
                                           {"set-batch-32", "set of 32"}}};

using ByPhase = std::map<std::string, const Series*, std::less<>>;

// One machine's blocks of the workload, with the largest number of processes in which engines share a dict.
struct Machine {
  std::vector<const Block*> blocks;
  std::map<std::string, ByPhase> engines;
  unsigned processes = 0;
};

std::map<std::string, Machine> machines_of(const std::vector<Block>& blocks, const TableContext& context) {
  std::map<std::string, Machine> machines;
  const auto shared = [&](const Series& series) { return standing_of(series, context) == Standing::shared; };
  for (const Block& block : blocks) {
    if (block.tier != "c++" || block.workload != kWorkload) continue;
    Machine& machine = machines[block.host];
    machine.blocks.push_back(&block);
    for (const Series& series : block.series)
      if (shared(series) && series.good()) machine.processes = std::max(machine.processes, series.processes);
  }
  for (auto& [host, machine] : machines)
    for (const Block* block : machine.blocks)
      for (const Series& series : block->series)
        if (shared(series) && series.start == "fork" && series.processes == machine.processes)
          machine.engines[series.engine][block->phase] = &series;
  return machines;
}

const Series* find_phase(const ByPhase& phases, std::string_view phase) {
  const auto found = phases.find(phase);
  return found == phases.end() ? nullptr : found->second;
}

std::optional<double> figure_of(const ByPhase& phases, std::string_view phase, const Metric& metric) {
  const Series* const series = find_phase(phases, phase);
  return series != nullptr && series->good() ? median_of(*series, metric) : std::nullopt;
}

std::vector<std::string> best_first(const Machine& machine) {
  std::vector<std::tuple<bool, double, std::string>> order;
  for (const auto& [engine, phases] : machine.engines) {
    const auto speed = figure_of(phases, kRanked, ops_per_s);
    order.emplace_back(!speed, -speed.value_or(0), engine);
  }
  std::ranges::sort(order);
  std::vector<std::string> engines;
  for (const auto& [none, speed, engine] : order) engines.push_back(engine);
  return engines;
}

TableCell speed_of(const ByPhase& phases, const char* phase, std::vector<std::string>& notes) {
  const Series* const series = find_phase(phases, phase);
  if (series == nullptr) return no_figure();
  if (!series->good()) return cited(text_cell(short_reason(*series, notes)), *series);
  return cited(optional_cell(median_of(*series, ops_per_s), engineering), *series);
}

TableCell metric_cell(const ByPhase& phases, const char* phase, const Metric& metric, std::string (*text)(double)) {
  const Series* const series = find_phase(phases, phase);
  return series == nullptr || !series->good() ? no_figure()
                                              : cited(optional_cell(median_of(*series, metric), text), *series);
}

std::optional<double> switches_per_1000(const CellRecord& cell) {
  const auto voluntary = voluntary_per_1000(cell), involuntary = involuntary_per_1000(cell);
  if (!voluntary || !involuntary) return std::nullopt;
  return *voluntary + *involuntary;
}

std::string kills_of(const RecordFile& records, const std::string& host, const std::string& engine,
                     const TableContext& context) {
  const auto promises = context.knowledge.engine ? context.knowledge.engine(engine) : std::nullopt;
  if (!promises) return "-";
  return find_promise(records, host, *promises, Guarantee::survives_kill).text;
}

// "as it is", "?sync=full", "-".
std::string durable_option(const std::string& engine, const TableContext& context) {
  if (!context.knowledge.candidates) return "-";
  for (const EnginePromises& candidate : context.knowledge.candidates({}))
    if (engine_name(candidate.spec) == engine_name(engine) && candidate.declared.contains(Guarantee::durable))
      return candidate.spec == engine ? "as it is" : candidate.spec.substr(engine_name(engine).size());
  return "-";
}

// ", 2.00 times as many as on lmdb", where the rounds tell the first two apart; all comparisons of the first with
// another hold together with the usual level.
std::string beside(const Machine& machine, const std::vector<std::string>& engines) {
  const Series* const best = find_phase(machine.engines.at(engines[0]), kRanked);
  const Series* const next = find_phase(machine.engines.at(engines[1]), kRanked);
  if (next == nullptr || !next->good()) return "";
  const double level = level_of_each(engines.size() - 1);
  const auto ratio = paired_ratio(by_round(*best, ops_per_s), by_round(*next, ops_per_s), level);
  if (!ratio || !covers(ratio->interval, level) || ratio->interval.low <= 1)
    return fmt::format(", not told apart from {}", engines[1]);
  return fmt::format(", {} times as many as on {}", ratio_text(ratio->median), engines[1]);
}

// The first row and the second in a sentence, as one would say it.
std::string read_aloud(const Machine& machine, const std::vector<std::string>& engines) {
  const ByPhase& best = machine.engines.at(engines[0]);
  const auto speed = figure_of(best, kRanked, ops_per_s);
  if (!speed) return "";
  std::string text = fmt::format("Read: {} processes do {} operations a second on {}, 95 of 100 of them gets",
                                 machine.processes, engineering(*speed), engines[0]);
  if (engines.size() > 1) text += beside(machine, engines);
  if (const auto late = figure_of(best, kTail, latency_p99))
    text += fmt::format("; at 10,000 a second 99 of 100 end {} after they are due", nanoseconds(*late));
  if (const auto bytes = figure_of(best, kRanked, bytes_per_item))
    text += fmt::format("; an item takes {}", byte_size(*bytes));
  return text + ".";
}

std::vector<TableColumn> columns() {
  std::vector<TableColumn> all = {{"engine", "", Alignment::left}};
  for (const Speed& speed : kSpeeds) all.push_back({speed.title, "", Alignment::right});
  for (const char* const title : {"p99", "B/item", "switches"}) all.push_back({title, "", Alignment::right});
  for (const char* const title : {"killed writers", "durable"}) all.push_back({title, "", Alignment::left});
  return all;
}

}  // namespace

std::vector<Table> build_overview(const RecordFile& records, const TableContext& context) {
  Selection selection = context.selection;
  selection.workloads = {kWorkload};
  selection.phases.clear();
  const std::vector<Block> blocks = group_blocks(records, selection);
  const std::map<std::string, Machine> machines = machines_of(blocks, context);
  std::vector<Table> tables;
  for (const auto& [host, machine] : machines) {
    const std::vector<std::string> engines = best_first(machine);
    if (engines.empty()) continue;
    Table table{kName, machines.size() > 1 ? fmt::format("{} on {}", kTitle, host) : kTitle, {}, columns(), {}};
    if (std::string aloud = read_aloud(machine, engines); !aloud.empty()) table.notes.push_back(std::move(aloud));
    table.notes.push_back(fmt::format(
        "Operations a second of {} processes, medians; workload {}. By 95 % get, the most first. p99: at 10,000 "
        "operations a second, from the time at which each was due. B/item: of one more item. Switches: context "
        "switches per 1,000 operations of 95 % get. Killed writers: what `dictbench torture` found.",
        machine.processes, kWorkload));
    for (const std::string& engine : engines) {
      const ByPhase& phases = machine.engines.at(engine);
      if (std::ranges::none_of(phases, [](const auto& phase) { return phase.second->good(); })) {
        table.notes.push_back(fmt::format("{}: {}", engine, phases.begin()->second->reason()));
        continue;
      }
      std::vector<TableCell> row = {text_cell(engine)};
      for (const Speed& speed : kSpeeds) row.push_back(speed_of(phases, speed.phase, table.notes));
      row.push_back(metric_cell(phases, kTail, latency_p99, nanoseconds));
      const Series* const ranked = find_phase(phases, kRanked);
      row.push_back(ranked == nullptr ? no_figure() : cited(memory_cell(*ranked), *ranked));
      row.push_back(metric_cell(phases, kRanked, switches_per_1000, small_number));
      row.push_back(text_cell(kills_of(records, host, engine, context)));
      row.push_back(text_cell(durable_option(engine, context)));
      table.rows.push_back(std::move(row));
    }
    for (std::string& note : provenance_notes(*machine.blocks.front())) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty()) return {{kName, kTitle, {"No records to show: `dictbench run` makes some."}, columns(), {}}};
  return tables;
}

}  // namespace dictbench
