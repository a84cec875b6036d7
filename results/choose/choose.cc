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

namespace dictbench {
namespace {

// What a choice is made from.
struct Source {
  const RecordFile& records;
  const Knowledge& knowledge;
};

// One engine in the situation.
struct Candidate {
  EnginePromises promises;
  bool known = true;               // false: the engine is not built in, so what it promises is not known
  const Series* series = nullptr;  // good, of the situation; null: none
  std::string broken;              // anywhere in the workload
  std::string unavailable;         // why it could not be measured
  PhaseTraits traits;
};

std::optional<PhaseTraits> traits_of(const Series& series, const Source& source) {
  if (!source.knowledge.phase || series.cells.empty()) return std::nullopt;
  const CellRecord& cell = *series.cells.front();
  return source.knowledge.phase(cell, source.records.run(cell.run_id));
}

std::optional<EnginePromises> promises_of(const std::string& spec, const Source& source) {
  if (!source.knowledge.engine) return std::nullopt;
  return source.knowledge.engine(spec);
}

// Whether its speed may stand for what a dict of several processes does.
bool judges(const Series& series, const Source& source) {
  const auto promises = promises_of(series.engine, source);
  return series.good() && series.start != "threads" && promises && promises->stores &&
         promises->declared.contains(Guarantee::shared);
}

struct Situation {
  const Block* block = nullptr;
  unsigned processes = 0;
};

// Of equally near ones that with the most keys, then with the most engines, then the first by name: the order of the
// records says nothing.
Situation nearest(const std::vector<Block>& blocks, const Requirements& asked, const Source& source) {
  struct Measured {
    std::set<std::string> engines;
    double far = 0, keys = 0;
  };
  Situation best;
  std::tuple<double, double, double> best_rank;
  for (const Block& block : blocks) {  // sorted by workload
    std::map<unsigned, Measured> by_processes;
    for (const Series& series : block.series) {
      const auto traits = traits_of(series, source);
      if (!traits || !judges(series, source)) continue;
      const auto far = distance(*traits, series.processes, asked);
      if (!far) continue;
      Measured& measured = by_processes[series.processes];
      if (measured.engines.empty() || *far < measured.far) measured.far = *far;
      measured.keys = std::max(measured.keys, static_cast<double>(traits->keys));
      measured.engines.insert(series.engine);
    }
    for (const auto& [processes, measured] : by_processes) {
      const std::tuple rank(measured.far, -measured.keys, -static_cast<double>(measured.engines.size()));
      if (best.block != nullptr && rank >= best_rank) continue;
      best = {&block, processes};
      best_rank = rank;
    }
  }
  return best;
}

// Of several series of one engine: with the asked number of items, or the most.
const Series* best_series(const std::vector<const Series*>& all, const Requirements& asked, const Source& source) {
  const Series* best = nullptr;
  std::tuple<bool, double> rank;
  for (const Series* series : all) {
    const auto traits = traits_of(*series, source);
    if (!traits) continue;
    const auto keys = static_cast<double>(traits->keys);
    const double off = asked.items ? std::abs(std::log(keys / static_cast<double>(*asked.items))) : -keys;
    const std::tuple own(series->start != "fork", off);
    if (best != nullptr && own >= rank) continue;
    best = series;
    rank = own;
  }
  return best;
}

// The worst that the records tell of an engine in this workload, in whatever phase and with whatever processes. One
// that took too long in another phase did nothing wrong in it.
void note_broken(Candidate& candidate, const std::vector<Block>& blocks, const Situation& situation) {
  for (const Block& block : blocks) {
    if (block.workload != situation.block->workload) continue;
    for (const Series& series : block.series) {
      if (series.engine != candidate.promises.spec || series.good()) continue;
      if (series.unfinished() && &block != situation.block) continue;
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

std::vector<Candidate> candidates_of(const Situation& situation, const std::vector<Block>& blocks,
                                     const Requirements& asked, const Source& source) {
  std::map<std::string, std::vector<const Series*>> by_engine;
  for (const Block& block : blocks) {
    if (block.workload != situation.block->workload) continue;
    for (const Series& series : block.series) {
      auto& good = by_engine[series.engine];
      if (&block == situation.block && series.processes == situation.processes && series.good())
        good.push_back(&series);
    }
  }
  std::vector<Candidate> candidates;
  for (const auto& [engine, series] : by_engine) {
    Candidate candidate;
    const auto promises = promises_of(engine, source);
    if (promises && !promises->stores) continue;
    candidate.known = promises.has_value();
    candidate.promises = promises.value_or(EnginePromises{});
    candidate.promises.spec = engine;
    candidate.series = best_series(series, asked, source);
    if (candidate.series != nullptr) candidate.traits = *traits_of(*candidate.series, source);
    note_broken(candidate, blocks, situation);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

Figures figures_of(const Candidate& candidate, const Requirements& asked) {
  Figures figures;
  std::vector<double> speeds;
  for (const auto& [round, speed] : by_round(*candidate.series, ops_per_s)) speeds.push_back(speed);
  figures.repetitions = speeds.size();
  figures.ops_per_s = speeds.empty() ? 0 : median(speeds);
  if (speeds.size() > 1) {
    const Interval interval = median_interval(speeds);
    figures.interval = std::pair(interval.low, interval.high);
  }
  figures.p99_ns = median_of(*candidate.series, latency_p99);
  if (candidate.traits.memory_is_its_own) figures.bytes_per_item = median_of(*candidate.series, bytes_per_item);
  const bool counters = asked.write_kind == WriteKind::adds && asked.reads < 1;
  if (figures.bytes_per_item && asked.value_bytes && !counters) {
    const double more = static_cast<double>(*asked.value_bytes) - candidate.traits.value_bytes;
    *figures.bytes_per_item = std::max(*figures.bytes_per_item + more, static_cast<double>(*asked.value_bytes));
    figures.bytes_estimated = more != 0;
  }
  figures.voluntary = median_of(*candidate.series, voluntary_per_1000);
  figures.involuntary = median_of(*candidate.series, involuntary_per_1000);
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
  if (asked.p99_ns) {
    if (!figures.p99_ns)
      reasons.emplace_back("p99 not measured: too few operations for a sample");
    else if (*figures.p99_ns > *asked.p99_ns)
      reasons.push_back(fmt::format("p99 {} > {}", nanoseconds(*figures.p99_ns), nanoseconds(*asked.p99_ns)));
  }
  if (asked.ops_per_s && figures.ops_per_s < *asked.ops_per_s)
    reasons.push_back(fmt::format("{} is below {}", rate(figures.ops_per_s), rate(*asked.ops_per_s)));
  if (asked.max_bytes_per_item) {
    if (!figures.bytes_per_item)
      reasons.emplace_back("bytes per item not measured");
    else if (*figures.bytes_per_item > *asked.max_bytes_per_item)
      reasons.push_back(fmt::format("{}{} an item > {}", figures.bytes_estimated ? "~" : "",
                                    byte_size(*figures.bytes_per_item), byte_size(*asked.max_bytes_per_item)));
  }
  return reasons;
}

Metric ranked_metric(RankBy by) {
  switch (by) {
    case RankBy::ops: return ops_per_s;
    case RankBy::p99: return latency_p99;
    case RankBy::memory: return bytes_per_item;
  }
  return ops_per_s;
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

// Engines that were measured with as many keys as the most come first: fewer keys mean fewer cache misses, and costs
// that do not grow with the keys weigh more.
void rank(std::vector<Fit>& fits, const Requirements& asked) {
  std::uint64_t most = 0;
  for (const Fit& fit : fits) most = std::max(most, fit.keys);
  for (Fit& fit : fits) fit.fewer_keys = fit.keys < most;
  std::ranges::sort(fits, [&](const Fit& a, const Fit& b) {
    return std::tuple(a.fewer_keys, rank_figure(a.figures, asked.rank_by), a.engine) <
           std::tuple(b.fewer_keys, rank_figure(b.figures, asked.rank_by), b.engine);
  });
  if (fits.empty()) return;
  const Metric metric = ranked_metric(asked.rank_by);
  const FigureByRound best = by_round(*fits.front().series, metric);
  for (Fit& fit : fits) {
    const auto ratio = paired_ratio(by_round(*fit.series, metric), best);
    if (!ratio) continue;
    fit.ratio = ratio->median;
    fit.not_separated = &fit != &fits.front() && ratio->interval.low <= 1 && ratio->interval.high >= 1;
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
  if (!engine.unavailable.empty() && candidate.series == nullptr)
    excluded.reasons.push_back("unavailable: " + engine.unavailable);
  Fit fit;
  fit.engine = engine.spec;
  for (const Guarantee promise : choice.must) {
    PromiseFound found = find_promise(records, choice.host, engine, promise);
    if (!found.holds()) excluded.reasons.push_back(found.text);
    fit.promises.emplace_back(promise, std::move(found));
  }
  for (std::string& reason : limits_missed(engine, asked)) excluded.reasons.push_back(std::move(reason));
  if (candidate.series != nullptr) {
    fit.figures = figures_of(candidate, asked);
    fit.scale = candidate.series->any().scale;
    fit.keys = candidate.traits.keys;
    fit.series = candidate.series;
    fit.unavailable = engine.unavailable;
    for (std::string& reason : figures_missed(fit.figures, asked)) excluded.reasons.push_back(std::move(reason));
  } else if (excluded.reasons.empty() && !candidate.unavailable.empty()) {
    excluded.reasons.push_back(candidate.unavailable);
  }
  if (!excluded.reasons.empty())
    choice.excluded.push_back(std::move(excluded));
  else if (candidate.series != nullptr)
    choice.fits.push_back(std::move(fit));
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
  const Situation situation = nearest(choice.blocks, asked, source);
  if (situation.block != nullptr) {
    choice.workload = situation.block->workload;
    choice.phase = situation.block->phase;
    choice.processes = situation.processes;
    choice.runs = situation.block->runs;
    for (const Candidate& candidate : candidates_of(situation, choice.blocks, choice.asked, source)) {
      judge(choice, candidate, records);
      if (candidate.series != nullptr && candidate.traits.keys >= choice.traits.keys) choice.traits = candidate.traits;
    }
    rank(choice.fits, choice.asked);
    choice.extrapolated = extrapolations(
        choice.fits.empty() ? choice.traits : *traits_of(*choice.fits.front().series, source), choice.processes, asked);
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
