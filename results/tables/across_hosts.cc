// Table `across-hosts`: the workloads on every measured machine.
//
// Ratios are to one baseline engine on the same machine, paired by round: those compare across machines, as what makes
// the whole machine quicker cancels. Which machine is the fastest is said only where versions, build and work are
// equal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "results/comparability.h"
#include "results/number_format.h"
#include "results/statistics/paired.h"
#include "results/statistics/verdict.h"
#include "results/tables/builders.h"
#include "results/tables/host_labels.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "across-hosts";

// The baseline as the tier names it.
std::string baseline_of(const Block& block, const TableContext& context) {
  const bool there = std::ranges::find(block.series, context.baseline, &Series::engine) != block.series.end();
  return there || block.tier == "c++" ? context.baseline : fmt::format("SharedDict({})", context.baseline);
}

const Series* baseline_for(const Block& block, const Series& series, const TableContext& context) {
  const std::string engine = baseline_of(block, context);
  const auto found = std::ranges::find_if(block.series, [&](const Series& base) {
    return base.engine == engine && base.processes == series.processes && base.good();
  });
  return found == block.series.end() ? nullptr : &*found;
}

// What a block's engines are ranked by: operations a second, or in an open loop how late they were.
Metric metric_of(const Block& block) { return block.open_loop() ? latency_p99 : ops_per_s; }

TableCell ratio_cell(const Block& block, const Series& series, const Series* base) {
  if (base == nullptr || !series.good()) return no_figure();
  const Metric metric = metric_of(block);
  const std::vector<double> logs = paired_log_ratios(by_round(*base, metric), by_round(series, metric));
  if (logs.empty()) return no_figure();
  const RatioEstimate estimate = ratio_estimate(logs);
  const std::string text = ratio_text(estimate.ratio);
  TableCell cell = number_cell(text, estimate.ratio);
  if (logs.size() > 1) {
    cell.text = fmt::format("{} [{}, {}]", text, ratio_text(estimate.interval.low), ratio_text(estimate.interval.high));
    cell.interval = std::pair(estimate.interval.low, estimate.interval.high);
  }
  return cited(std::move(cell), series, base);
}

// The machine whose interval lies beyond all others'.
std::string fastest_host(const std::vector<const Series*>& hosts, const std::vector<const Block*>& blocks) {
  std::vector<std::vector<double>> samples;
  std::vector<std::string> names;
  bool open_loop = false;
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    if (hosts[host] == nullptr || !hosts[host]->good()) continue;
    if (!long_enough(*hosts[host])) return fmt::format("window {}", nanoseconds(1e9 * window_of(*hosts[host])));
    open_loop = blocks[host]->open_loop();
    samples.emplace_back();
    for (const auto& [round, figure] : by_round(*hosts[host], metric_of(*blocks[host])))
      samples.back().push_back(figure);
    names.push_back(host_label(host));
  }
  if (samples.size() < 2) return "-";
  const Best best = best_of(samples, !open_loop);
  return best.index ? names[*best.index] : best.why;
}

class WorkloadTable {
 public:
  // One block a host, null where it was not measured there.
  WorkloadTable(const std::vector<const Block*>& blocks, const RecordFile& records, const TableContext& context)
      : blocks_(blocks), records_(records), context_(context) {
    const Block& any = **std::ranges::find_if(blocks, [](const Block* block) { return block != nullptr; });
    table_.name = kName;
    table_.title = fmt::format("{}{}, phase {}", any.tier == "c++" ? "" : any.tier + ": ", any.workload, any.phase);
    table_.columns = {{"engine", "", Alignment::left}, {"procs", "", Alignment::right}};
    for (std::size_t host = 0; host < blocks.size(); ++host) {
      const std::string name = several() ? host_label(host) + ": " : "";
      table_.columns.push_back({name + "ops/s", "", Alignment::right});
      table_.columns.push_back({name + "ratio", "", Alignment::right});
    }
    table_.columns.push_back({"remark", "", Alignment::left});
    if (several()) {
      table_.columns.push_back({"fastest", "", Alignment::left});
      table_.columns.push_back({"differs in", "", Alignment::left});
    }
    for (const auto& [key, hosts] : rows()) add_row(key.second, key.first, hosts);
  }

  const Table& table() const { return table_; }

 private:
  bool several() const { return blocks_.size() > 1; }

  // By processes, then engine.
  std::map<std::pair<unsigned, std::string>, std::vector<const Series*>> rows() const {
    std::map<std::pair<unsigned, std::string>, std::vector<const Series*>> rows;
    for (std::size_t host = 0; host < blocks_.size(); ++host) {
      if (blocks_[host] == nullptr) continue;
      for (const Series& series : blocks_[host]->series) {
        std::vector<const Series*>& hosts = rows[{series.processes, series.engine}];
        hosts.resize(blocks_.size());
        if (hosts[host] == nullptr) hosts[host] = &series;
      }
    }
    return rows;
  }

  void add_row(const std::string& engine, unsigned processes, const std::vector<const Series*>& hosts) {
    std::vector<TableCell>& row = table_.rows.emplace_back();
    row = {text_cell(engine), number_cell(std::to_string(processes), processes)};
    for (std::size_t host = 0; host < hosts.size(); ++host) {
      if (hosts[host] == nullptr) {
        row.insert(row.end(), 2, no_figure());
        continue;
      }
      row.push_back(cited(speed_cell(*hosts[host], table_.notes), *hosts[host]));
      const bool cost = standing_of(*hosts[host], context_) == Standing::cost;
      row.push_back(
          cost ? no_figure()
               : ratio_cell(*blocks_[host], *hosts[host], baseline_for(*blocks_[host], *hosts[host], context_)));
    }
    row.push_back(text_cell(remark(hosts)));
    if (!several()) return;
    const std::vector<Difference> unlike = differences_between(hosts, engine);
    row.push_back(text_cell(unlike.empty() ? fastest_host(hosts, blocks_) : "-"));
    row.push_back(text_cell(differs_text(unlike)));
  }

  // Of each machine what sets the row apart there, told once where it is the same for all.
  std::string remark(const std::vector<const Series*>& hosts) const {
    std::vector<std::string> texts, told;
    for (std::size_t host = 0; host < hosts.size(); ++host) {
      if (hosts[host] == nullptr) continue;
      const std::string text = row_remark(*blocks_[host], *hosts[host], context_);
      texts.push_back(text);
      if (!text.empty()) told.push_back(fmt::format("{}: {}", host_label(host), text));
    }
    if (std::ranges::all_of(texts, [&](const std::string& text) { return text == texts.front(); }))
      return texts.front();
    return fmt::format("{}", fmt::join(told, "; "));
  }

  // What besides the machine is not the same; pairs of hosts, run by run.
  std::vector<Difference> differences_between(const std::vector<const Series*>& hosts,
                                              const std::string& engine) const {
    std::vector<Difference> all;
    for (std::size_t a = 0; a < hosts.size(); ++a) {
      for (std::size_t b = a + 1; b < hosts.size(); ++b) {
        if (hosts[a] == nullptr || hosts[b] == nullptr) continue;
        for (const RunRecord* run_a : runs_of(*hosts[a])) {
          for (const RunRecord* run_b : runs_of(*hosts[b])) {
            merge_differences(all, version_differences(*run_a, *run_b, engine));
            merge_differences(all, build_differences(*run_a, *run_b));
            merge_differences(all, seed_differences(*run_a, *run_b));
          }
        }
        merge_differences(all, work_differences(hosts[a]->any(), hosts[b]->any()));
        if (hosts[a]->commit != hosts[b]->commit)
          merge_differences(all, {{"commit", hosts[a]->commit.substr(0, 10), hosts[b]->commit.substr(0, 10)}});
      }
    }
    return all;
  }

  std::vector<const RunRecord*> runs_of(const Series& series) const {
    std::set<std::string> seen;
    std::vector<const RunRecord*> runs;
    for (const CellRecord* cell : series.cells)
      if (const RunRecord* run = seen.insert(cell->run_id).second ? records_.run(cell->run_id) : nullptr)
        runs.push_back(run);
    return runs;
  }

  std::string differs_text(const std::vector<Difference>& unlike) {
    constexpr std::size_t kLongest = 40;
    for (const Difference& difference : unlike) {
      const std::string text = difference.text(), note = fmt::format("Differs in {}.", text);
      if (text.size() > kLongest && std::ranges::find(table_.notes, note) == table_.notes.end())
        table_.notes.push_back(note);
    }
    return differences_text(unlike, kLongest);
  }

  const std::vector<const Block*>& blocks_;
  const RecordFile& records_;
  const TableContext& context_;
  Table table_;
};

bool wanted(const Block& block, const TableContext& context, bool several_hosts) {
  if (block.workload == kCasesWorkload) return false;
  // Of one machine alone `engines` has these figures: here only where they are asked for.
  return several_hosts || context.every_workload_across_hosts || !context.selection.workloads.empty();
}

std::vector<std::string> notes_of(const std::vector<std::string>& hosts, const TableContext& context) {
  std::vector<std::string> notes;
  if (hosts.size() > 1) {
    notes.push_back(host_legend(hosts) + " What they are: table hosts.");
    notes.emplace_back(
        "Fastest: the machine whose interval lies beyond all others', each so wide that all hold together with 95 % "
        "(Bonferroni); not separated: they overlap. None is named where versions, build, commit or work differ, as the "
        "column after it says, nor for windows below 200 ms.");
  }
  notes.push_back(
      fmt::format("Ops/s: median with its order-statistic interval. Ratio: to {} with as many processes on the same "
                  "machine, paired by round "
                  "of one run, with its sign-test interval (5 rounds: {:.1f} %); in an open loop of p99.",
                  context.baseline, 100 * median_ranks(5).coverage + 1e-6));
  return notes;
}

}  // namespace

std::vector<Table> build_across_hosts(const RecordFile& records, const TableContext& context) {
  std::vector<Block> blocks = group_blocks(records, context.selection);
  const std::map<std::string, std::string> left_out = leave_out_overwriting_loads(blocks);
  const std::vector<std::string> hosts = sorted_hosts(blocks);

  std::vector<Table> tables;
  std::set<std::pair<std::string, std::pair<std::string, std::string>>> seen;  // tier, workload, phase
  for (const Block& block : blocks) {
    if (!wanted(block, context, hosts.size() > 1) || !seen.insert({block.tier, {block.workload, block.phase}}).second)
      continue;
    std::vector<const Block*> row;
    for (const std::string& host : hosts) {
      const auto same = std::ranges::find_if(blocks, [&](const Block& other) {
        return other.host == host && other.tier == block.tier && other.workload == block.workload &&
               other.phase == block.phase;
      });
      row.push_back(same == blocks.end() ? nullptr : &*same);
    }
    tables.push_back(WorkloadTable(row, records, context).table());
    if (const auto note = left_out.find(block.workload); note != left_out.end())
      tables.back().notes.push_back(note->second);
    for (const std::string& note : notes_of(hosts, context)) tables.back().notes.push_back(note);
  }
  if (tables.empty())
    tables.push_back(
        {kName,
         "",
         {blocks.empty()
              ? "No records to show: `./run_all.sh host` makes some."
              : "One machine only: table `engines` has its figures, `dictbench hosts` its ratios to a baseline."},
         {{"engine", "", Alignment::left}},
         {}});
  return tables;
}

}  // namespace dictbench
