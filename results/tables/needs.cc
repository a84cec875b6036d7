// Table `needs`: the best engine for what services with several workers usually need, by the choice of
// `dictbench choose` (results/choose/), one table a host.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "results/choose/answer.h"
#include "results/choose/choose.h"
#include "results/host_name.h"
#include "results/number_format.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

constexpr const char* kName = "needs";

struct Need {
  const char* name;
  void (*ask)(Requirements& asked);
};

constexpr std::uint64_t kRecordBytes = 1000, kLargeBytes = 102'400;

constexpr Need kNeeds[] = {
    {"a cache that is mostly read", [](Requirements& asked) { asked.reads = 0.95; }},
    {"the same, and a killed worker must not break it",
     [](Requirements& asked) {
       asked.must = {Guarantee::survives_kill, Guarantee::linearizable};
     }},
    {"counters",
     [](Requirements& asked) {
       asked.reads = 0;
       asked.write_kind = WriteKind::adds;
       asked.must = {Guarantee::survives_kill};
     }},
    {"sessions that survive a killed worker",
     [](Requirements& asked) {
       asked.reads = 0.5;
       asked.value_bytes = kRecordBytes;
       asked.must = {Guarantee::survives_kill, Guarantee::linearizable};
     }},
    {"a queue: keys come and go",
     [](Requirements& asked) {
       asked.reads = 0;
       asked.write_kind = WriteKind::churn;
       asked.must = {Guarantee::survives_kill};
     }},
    {"state that survives a restart of the machine",
     [](Requirements& asked) {
       asked.reads = 0.5;
       asked.value_bytes = kRecordBytes;
       asked.must = {Guarantee::durable};
     }},
    {"scans in the order of the keys",
     [](Requirements& asked) {
       asked.read_kind = ReadKind::scans;
       asked.value_bytes = kRecordBytes;
     }},
    {"the least memory", [](Requirements& asked) { asked.rank_by = RankBy::memory; }},
    {"large values",
     [](Requirements& asked) {
       asked.reads = 1;
       asked.value_bytes = kLargeBytes;
     }},
};

// One worker a core: what such a service starts with. At least two, or nothing is shared.
unsigned workers_of(const RecordFile& records, const std::string& host) {
  unsigned cores = 0;
  for (const RunRecord& run : records.runs) {
    if (host_name(run.host) != host) continue;
    const std::string told = known_fact(run.host, "cores").value_or("");
    std::from_chars(told.data(), told.data() + told.size(), cores);
  }
  return std::max(2U, cores);
}

// The best, and those that are as good as it.
std::string best_text(const Choice& choice) {
  std::vector<std::string> names = {choice.fits.front().engine};
  for (const Fit& fit : choice.fits)
    if (fit.not_separated) names.push_back(fit.engine);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string runner_up_text(const Choice& choice) {
  for (std::size_t i = 1; i < choice.fits.size(); ++i) {
    const Fit& fit = choice.fits[i];
    if (fit.not_separated || fit.other_run) continue;
    return fmt::format("{}: {}", fit.engine, figures_text(fit.figures));
  }
  return "-";
}

}  // namespace

std::vector<Table> build_needs(const RecordFile& records, const TableContext& context) {
  std::vector<Table> tables;
  std::vector<std::string> hosts = hosts_with_cells(records);
  if (!context.selection.hosts.empty())
    std::erase_if(hosts, [&](const std::string& host) {
      return std::ranges::find(context.selection.hosts, host) == context.selection.hosts.end();
    });
  const std::vector<TableColumn> columns = {{"need", "", Alignment::left},          {"engine", "", Alignment::left},
                                            {"figure", "", Alignment::left},        {"runner-up", "", Alignment::left},
                                            {"measured with", "", Alignment::left}, {"command", "", Alignment::left}};
  for (const std::string& host : hosts) {
    Table table{kName, hosts.size() > 1 ? "Best engine by need on " + host : "Best engine by need", {}, columns, {}};
    std::vector<const RunRecord*> runs;
    for (const Need& need : kNeeds) {
      Requirements asked;
      asked.processes = workers_of(records, host);
      need.ask(asked);
      const Choice choice = choose_engines(records, host, asked, context.knowledge);
      for (const RunRecord* run : choice.runs)
        if (std::ranges::find(runs, run) == runs.end()) runs.push_back(run);
      std::vector<TableCell> row = {text_cell(need.name)};
      if (choice.fits.empty()) {
        row.push_back(no_figure());
        row.push_back(text_cell(choice.uncovered.empty() ? "nothing fits" : "no engine that fits was measured"));
        row.push_back(no_figure());
        row.push_back(no_figure());
      } else {
        row.push_back(text_cell(best_text(choice)));
        row.push_back(text_cell(figures_text(choice.fits.front().figures)));
        row[row.size() - 2].sources = row.back().sources = sources_of(choice.fits.front());
        row.push_back(text_cell(runner_up_text(choice)));
        std::vector<std::string> with = {
            fmt::format("{}, {}, values of {}", choice.workload, choice.phase, byte_size(choice.traits.value_bytes))};
        with.insert(with.end(), choice.extrapolated.begin(), choice.extrapolated.end());
        row.push_back(text_cell(fmt::format("{}", fmt::join(with, "; "))));
      }
      row.push_back(text_cell(command_line(asked)));
      table.rows.push_back(std::move(row));
    }
    table.notes.emplace_back(
        "By throughput unless asked otherwise, over engines that promise what is asked and lost nothing; several in "
        "one "
        "cell are not separated by their paired intervals. p99 is at a fixed rate where a record of the kind has one. "
        "One "
        "worker a core. `dictbench choose` says why others are "
        "excluded and what no record covers.");
    for (std::string& note : provenance_notes(runs)) table.notes.push_back(std::move(note));
    tables.push_back(std::move(table));
  }
  if (tables.empty())
    return {{kName, "Best engine by need", {"No records to show: `dictbench run` makes some."}, columns, {}}};
  return tables;
}

}  // namespace dictbench
