#include "results/choose/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "results/choose/missing.h"
#include "results/host_name.h"
#include "results/number_format.h"
#include "results/statistics/verdict.h"

namespace dictbench {
namespace {

// One engine in the situation.
struct Candidate {
  EnginePromises promises;
  bool known = true;        // false: the engine is not built in, so what it promises is not known
  Basis basis;              // what it did in the situation
  Basis open_loop;          // and at a fixed rate
  std::string broken;       // anywhere in the workload
  std::string unavailable;  // why it could not be measured
};

// The worst that the records tell of an engine in this workload, in whatever phase and with whatever processes. One
// that took too long in another phase did nothing wrong in it.
void note_broken(Candidate& candidate, const std::vector<Block>& blocks, const Situation& situation) {
  for (const Block& block : blocks) {
    if (block.workload != situation.block->workload) continue;
    for (const Series& series : block.series) {
      if (series.engine != candidate.promises.spec || series.good()) continue;
      if (series.unfinished() && &block != situation.block && &block != situation.more_reads) continue;
      const std::string reason = series.reason();
      const std::string where =
          fmt::format("{}, {} {}", block.phase, series.processes, series.processes == 1 ? "process" : "processes");
      if (series.broken->status.starts_with("unavailable"))
        candidate.unavailable = reason;
      else
        candidate.broken = fmt::format("{} ({})", reason, where);
    }
  }
}

std::vector<Candidate> candidates_of(const Choice& choice, const Situation& situation, const Situation& open_loop,
                                     const Source& source) {
  std::set<std::string> engines;
  for (const Block& block : choice.blocks)
    if (block.workload == situation.block->workload)
      for (const Series& series : block.series) engines.insert(series.engine);
  std::vector<Candidate> candidates;
  for (const std::string& engine : engines) {
    const auto promises = source.promises_of(engine);
    if (promises && !promises->stores) continue;
    Candidate candidate;
    candidate.known = promises.has_value();
    candidate.promises = promises.value_or(EnginePromises{});
    candidate.promises.spec = engine;
    candidate.basis = basis_of(engine, situation, choice.asked, source);
    candidate.open_loop = basis_of(engine, open_loop, choice.asked, source);
    note_broken(candidate, choice.blocks, situation);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// How much more an item takes with each further process: as far as the next lower number of them tells, else as if each
// held a copy of its own.
double bytes_a_process(const Basis& basis, double measured, unsigned processes) {
  const auto fewer =
      basis.fewer_processes == nullptr ? std::nullopt : median_of(*basis.fewer_processes, bytes_per_item);
  if (!fewer) return measured / processes;
  return std::max(0.0, measured - *fewer) / (processes - basis.fewer_processes->processes);
}

// What one item takes with other values and another number of processes, and within which bounds that lies: it grows by
// no less than the value does, and by no more than if all that it takes grew with the value.
void estimate_bytes(Figures& figures, const Basis& basis, double measured, unsigned processes,
                    const Requirements& asked) {
  const bool counters = asked.write_kind == WriteKind::adds && asked.reads < 1;
  double least = measured, most = measured;
  figures.bytes_per_item = measured;
  if (asked.value_bytes && !counters) {
    const auto value = static_cast<double>(*asked.value_bytes);
    const double more = value - basis.traits.value_bytes;
    const double in_proportion = measured * value / std::max(basis.traits.value_bytes, 1.0);
    least = more < 0 ? in_proportion : measured + more;
    if (more > 0) most = in_proportion;
    figures.bytes_estimated = more != 0;
    figures.bytes_per_item = std::max(measured + more, value);
  }
  if (asked.processes > processes)
    most += most / measured * bytes_a_process(basis, measured, processes) * (asked.processes - processes);
  figures.bytes_range = std::pair(least, most);
}

Figures figures_of(const Candidate& candidate, const Choice& choice) {
  const Basis& basis = candidate.basis;
  Figures figures;
  std::vector<double> speeds;
  for (const auto& [round, speed] : basis.figures(ops_per_s, Between::rate)) speeds.push_back(speed);
  figures.repetitions = speeds.size();
  figures.ops_per_s = speeds.empty() ? 0 : median(speeds);
  if (speeds.size() > 1) {
    const Interval interval = median_interval(speeds);
    figures.interval = std::pair(interval.low, interval.high);
  }
  const Basis& latencies = choice.open_loop_rate > 0 ? candidate.open_loop : basis;
  figures.p99_ns = latencies.median(latency_p99, Between::worse);
  const auto bytes =
      basis.traits.memory_is_its_own ? basis.median(bytes_per_item, Between::worse) : std::optional<double>{};
  if (bytes && *bytes > 0) estimate_bytes(figures, basis, *bytes, choice.processes, choice.asked);
  figures.voluntary = basis.median(voluntary_per_1000, Between::mean);
  figures.involuntary = basis.median(involuntary_per_1000, Between::mean);
  return figures;
}

// What the engine itself cannot do, whatever was measured.
std::vector<std::string> limits_missed(const EnginePromises& engine, const Requirements& asked) {
  std::vector<std::string> reasons;
  if (engine.largest_value != 0 && asked.value_bytes && *asked.value_bytes > engine.largest_value)
    reasons.push_back(fmt::format("values of {} at most, you asked {}",
                                  byte_size(static_cast<double>(engine.largest_value)),
                                  byte_size(static_cast<double>(*asked.value_bytes))));
  if (engine.most_items != 0 && asked.items && *asked.items > engine.most_items)
    reasons.push_back(fmt::format("{} items at most, you asked {}", grouped(engine.most_items), grouped(*asked.items)));
  return reasons;
}

std::vector<std::string> figures_missed(const Figures& figures, const Requirements& asked) {
  std::vector<std::string> reasons;
  if (asked.p99_ns && figures.p99_ns && *figures.p99_ns > *asked.p99_ns)
    reasons.push_back(fmt::format("p99 {} > {}", nanoseconds(*figures.p99_ns), nanoseconds(*asked.p99_ns)));
  if (asked.ops_per_s && figures.ops_per_s < *asked.ops_per_s)
    reasons.push_back(fmt::format("{} is below {}", rate(figures.ops_per_s), rate(*asked.ops_per_s)));
  if (asked.max_bytes_per_item && figures.bytes_per_item && figures.bytes_range.first > *asked.max_bytes_per_item)
    reasons.push_back(fmt::format("{}{} an item > {}", figures.bytes_estimated ? "~" : "",
                                  byte_size(*figures.bytes_per_item), byte_size(*asked.max_bytes_per_item)));
  return reasons;
}

// Limits of which no record tells whether they are kept: such an engine neither fits nor is excluded.
std::vector<std::string> figures_unknown(const Figures& figures, const Requirements& asked) {
  std::vector<std::string> reasons;
  if (asked.p99_ns && !figures.p99_ns) reasons.emplace_back("p99 not measured: too few operations for a sample");
  if (asked.max_bytes_per_item && !figures.bytes_per_item)
    reasons.emplace_back("bytes per item not measured");
  else if (asked.max_bytes_per_item && figures.bytes_range.second > *asked.max_bytes_per_item)
    reasons.push_back(fmt::format("from {} to {} an item, you asked {} at most", byte_size(figures.bytes_range.first),
                                  byte_size(figures.bytes_range.second), byte_size(*asked.max_bytes_per_item)));
  return reasons;
}

// Smaller is better.
double rank_figure(const Figures& figures, RankBy by) {
  constexpr double kUnknown = 1e300;
  switch (by) {
    case RankBy::ops: return -figures.ops_per_s;
    case RankBy::p99: return figures.p99_ns.value_or(kUnknown);
    case RankBy::memory: return figures.bytes_per_item.value_or(kUnknown);
  }
  return kUnknown;
}

FigureByRound ranked_figures(const Fit& fit, const Choice& choice) {
  switch (choice.asked.rank_by) {
    case RankBy::ops: return fit.basis.figures(ops_per_s, Between::rate);
    case RankBy::p99:
      return (choice.open_loop_rate > 0 ? fit.open_loop : fit.basis).figures(latency_p99, Between::worse);
    case RankBy::memory: return fit.basis.figures(bytes_per_item, Between::worse);
  }
  return {};
}

// The best is held against each other one; all these comparisons hold together with the usual level (Bonferroni).
void rank(Choice& choice) {
  std::vector<Fit>& fits = choice.fits;
  std::ranges::sort(fits, [&](const Fit& a, const Fit& b) {
    return std::tuple(rank_figure(a.figures, choice.asked.rank_by), a.engine) <
           std::tuple(rank_figure(b.figures, choice.asked.rank_by), b.engine);
  });
  if (fits.empty()) return;
  const auto comparisons = static_cast<double>(std::max<std::size_t>(1, fits.size() - 1));
  choice.level = 1 - (1 - kConfidenceLevel) / comparisons;
  const FigureByRound best = ranked_figures(fits.front(), choice);
  for (Fit& fit : fits) {
    const auto ratio = paired_ratio(ranked_figures(fit, choice), best, choice.level);
    if (ratio) fit.ratio = ratio->median;
    if (&fit == &fits.front()) continue;
    fit.not_separated =
        !ratio || !covers(ratio->interval, choice.level) || (ratio->interval.low <= 1 && ratio->interval.high >= 1);
  }
}

// Sorts one engine into those that fit and those that do not; one that was not measured goes to neither.
void judge(Choice& choice, const Candidate& candidate, const RecordFile& records) {
  const Requirements& asked = choice.asked;
  const EnginePromises& engine = candidate.promises;
  if (!candidate.known) {
    choice.excluded.push_back({engine.spec, {"its contract is unknown: it is not built into this dictbench"}});
    return;
  }
  Excluded excluded{engine.spec, {}};
  if (!candidate.broken.empty()) excluded.reasons.push_back(candidate.broken);
  if (const std::string lost = lost_data(records, engine.spec); !lost.empty()) excluded.reasons.push_back(lost);
  if (!engine.unavailable.empty() && candidate.basis.series == nullptr)
    excluded.reasons.push_back("unavailable: " + engine.unavailable);
  Fit fit;
  fit.engine = engine.spec;
  for (const Guarantee promise : choice.must) {
    PromiseFound found = find_promise(records, choice.host, engine, promise);
    if (!found.holds()) excluded.reasons.push_back(found.text);
    fit.promises.emplace_back(promise, std::move(found));
  }
  for (std::string& reason : limits_missed(engine, asked)) excluded.reasons.push_back(std::move(reason));
  if (candidate.basis.series != nullptr) {
    fit.figures = figures_of(candidate, choice);
    fit.basis = candidate.basis;
    fit.open_loop = candidate.open_loop;
    fit.unavailable = engine.unavailable;
    for (std::string& reason : figures_missed(fit.figures, asked)) excluded.reasons.push_back(std::move(reason));
  } else if (excluded.reasons.empty() && !candidate.unavailable.empty()) {
    excluded.reasons.push_back(candidate.unavailable);
  }
  if (!excluded.reasons.empty())
    choice.excluded.push_back(std::move(excluded));
  else if (candidate.basis.series != nullptr) {
    if (auto unknown = figures_unknown(fit.figures, asked); !unknown.empty())
      choice.undecided.push_back({engine.spec, std::move(unknown)});
    else
      choice.fits.push_back(std::move(fit));
  }
}

}  // namespace

Choice choose_engines(const RecordFile& records, const std::string& host, const Requirements& asked,
                      const Knowledge& knowledge, const std::string& workload_file) {
  Choice choice;
  choice.asked = asked;
  choice.must = asked.must;
  if (asked.processes > 1) choice.must.insert(Guarantee::shared);
  if (asked.reads > 0 && asked.read_kind == ReadKind::scans) choice.must.insert(Guarantee::ordered);
  if (asked.reads < 1 && asked.write_kind == WriteKind::adds) choice.must.insert(Guarantee::atomic_add);
  choice.host = host;
  Selection selection;
  selection.hosts = {host};
  choice.blocks = group_blocks(records, selection);
  std::erase_if(choice.blocks, [](const Block& block) { return block.tier != "c++"; });

  const Source source{records, knowledge};
  const Situation situation = nearest_situation(choice.blocks, asked, source);
  if (situation.block != nullptr) {
    choice.workload = situation.block->workload;
    choice.phase = situation.phase();
    choice.reckoned = situation.more_reads != nullptr;
    choice.processes = situation.processes;
    choice.scale = situation.block->scale;
    choice.runs = situation.block->runs;
    const Situation open_loop = nearest_open_loop(choice.blocks, situation, asked, source);
    if (open_loop.block != nullptr) {
      choice.open_loop_phase = fmt::format("{}, {}", open_loop.block->workload, open_loop.phase());
      choice.open_loop_rate = source.traits_of(open_loop.block->series.front())->arrival_rate;
    }
    for (const Candidate& candidate : candidates_of(choice, situation, open_loop, source)) {
      if (candidate.basis.series != nullptr) choice.traits = candidate.basis.traits;
      judge(choice, candidate, records);
    }
    rank(choice);
    choice.extrapolated = extrapolations(choice.traits, choice.processes, asked);
    if (choice.reckoned)
      choice.extrapolated.insert(choice.extrapolated.begin(),
                                 fmt::format("reckoned between the phases {}", choice.phase));
  }
  choice.uncovered = find_uncovered(choice, records, knowledge, workload_file);
  return choice;
}

std::vector<std::string> hosts_with_cells(const RecordFile& records) {
  std::map<std::string, std::string> host_of_run;
  for (const RunRecord& run : records.runs) host_of_run[run.run_id] = host_name(run.host);
  std::map<std::string, std::size_t> cells;
  for (const CellRecord& cell : records.cells) {
    const auto host = host_of_run.find(cell.run_id);
    if (cell.tier == "c++" && host != host_of_run.end()) ++cells[host->second];
  }
  std::vector<std::string> hosts;
  for (const auto& [host, count] : cells) hosts.push_back(host);
  std::ranges::stable_sort(hosts, [&](const std::string& a, const std::string& b) { return cells[a] > cells[b]; });
  return hosts;
}

}  // namespace dictbench
