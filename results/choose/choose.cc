#include "results/choose/choose.h"

#include <fmt/format.h>

#include <algorithm>
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
  std::string no_latency;   // why it has no figure at the fixed rate
};

// Whether an engine cannot hold what this record's phase works on.
bool beyond(const EnginePromises& engine, const CellRecord& cell) {
  return cell.work.keys > engine.most_items || cell.work.value_bytes > static_cast<double>(engine.largest_value);
}

// The worst that the records tell of an engine in this workload, in whatever phase and with whatever processes. One
// that took too long in another phase did nothing wrong in it. One that had no room for another phase was not tried in
// any of the workload's: that says nothing of a need which asks for less, so it is as if it was not measured.
void note_broken(Candidate& candidate, const std::vector<Block>& blocks, const Situation& situation) {
  bool no_room_elsewhere = false, no_room_here = false;
  for (const Block& block : blocks) {
    if (block.workload != situation.block->workload) continue;
    for (const Series& series : block.series) {
      if (series.engine != candidate.promises.spec || series.good()) continue;
      const bool here = &block == situation.block || &block == situation.more_reads;
      if (series.unfinished() && !here) continue;
      const std::string reason = series.reason();
      const std::string where =
          fmt::format("{}, {} {}", block.phase, series.processes, series.processes == 1 ? "process" : "processes");
      if (series.broken->status.starts_with("unavailable")) {
        candidate.unavailable = reason;
        if (beyond(candidate.promises, *series.broken)) (here ? no_room_here : no_room_elsewhere) = true;
      } else {
        candidate.broken = fmt::format("{} ({})", reason, where);
      }
    }
  }
  if (no_room_elsewhere && !no_room_here) candidate.unavailable.clear();
}

std::string reason_in(const Situation& situation, const std::string& engine) {
  if (situation.block == nullptr) return "";
  for (const Series& series : situation.block->series)
    if (series.engine == engine && series.processes == situation.processes && !series.good()) return series.reason();
  return "no record at a fixed rate";
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
    if (candidate.open_loop.series == nullptr) candidate.no_latency = reason_in(open_loop, engine);
    note_broken(candidate, choice.blocks, situation);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// What the engine itself cannot do, whatever was measured.
std::vector<std::string> limits_missed(const EnginePromises& engine, const Requirements& asked) {
  std::vector<std::string> reasons;
  if (asked.value_bytes && *asked.value_bytes > engine.largest_value)
    reasons.push_back(fmt::format("values of {} at most, you asked {}",
                                  byte_size(static_cast<double>(engine.largest_value)),
                                  byte_size(static_cast<double>(*asked.value_bytes))));
  if (asked.items && *asked.items > engine.most_items)
    reasons.push_back(fmt::format("{} items at most, you asked {}", grouped(engine.most_items), grouped(*asked.items)));
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
      return (choice.conditions.open_loop_rate > 0 ? fit.open_loop : fit.basis).figures(latency_p99, Between::worse);
    case RankBy::memory: return fit.basis.figures(bytes_per_item, Between::worse);
  }
  return {};
}

// The best is held against each other one; all these comparisons hold together with the usual level.
void rank(Choice& choice) {
  std::vector<Fit>& fits = choice.fits;
  std::ranges::sort(fits, [&](const Fit& a, const Fit& b) {
    return std::tuple(rank_figure(a.figures, choice.asked.rank_by), a.engine) <
           std::tuple(rank_figure(b.figures, choice.asked.rank_by), b.engine);
  });
  if (fits.empty()) return;
  choice.level = level_of_each(std::max<std::size_t>(1, fits.size() - 1));
  const FigureByRound best = ranked_figures(fits.front(), choice);
  for (Fit& fit : fits) {
    const auto ratio = paired_ratio(ranked_figures(fit, choice), best, choice.level);
    if (ratio) fit.ratio = ratio->median;
    fit.other_run = !ratio;
    if (&fit == &fits.front() || !ratio) continue;
    fit.not_separated =
        !covers(ratio->interval, choice.level) || (ratio->interval.low <= 1 && ratio->interval.high >= 1);
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
  Limits limits;
  if (candidate.basis.series != nullptr) {
    fit.figures = figures_of(candidate.basis, candidate.open_loop, choice.conditions, asked);
    fit.basis = candidate.basis;
    fit.open_loop = candidate.open_loop;
    fit.unavailable = engine.unavailable;
    limits = judge_limits(fit.figures, choice.conditions, asked, candidate.no_latency);
    for (std::string& reason : limits.missed) excluded.reasons.push_back(std::move(reason));
  } else if (excluded.reasons.empty() && !candidate.unavailable.empty()) {
    excluded.reasons.push_back(candidate.unavailable);
  }
  if (!excluded.reasons.empty())
    choice.excluded.push_back(std::move(excluded));
  else if (!limits.unknown.empty())
    choice.undecided.push_back({engine.spec, std::move(limits.unknown), limits.latency_unknown});
  else if (candidate.basis.series != nullptr)
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
  const Situation situation = nearest_situation(choice.blocks, asked, source);
  if (situation.block != nullptr) {
    choice.workload = situation.block->workload;
    choice.phase = situation.phase();
    choice.reckoned = situation.more_reads != nullptr;
    choice.conditions.processes = situation.processes;
    choice.scale = situation.block->scale;
    choice.runs = situation.block->runs;
    const Situation open_loop = nearest_open_loop(choice.blocks, situation, asked, source);
    if (open_loop.block != nullptr) {
      choice.open_loop_workload = open_loop.block->workload;
      choice.open_loop_phase = open_loop.phase();
      choice.open_loop_traits = *source.traits_of(open_loop.block->series.front());
      choice.conditions.open_loop_rate = choice.open_loop_traits.arrival_rate;
      for (const RunRecord* run : open_loop.block->runs)
        if (std::ranges::find(choice.runs, run) == choice.runs.end()) choice.runs.push_back(run);
    }
    for (const Candidate& candidate : candidates_of(choice, situation, open_loop, source)) {
      if (candidate.basis.series != nullptr) choice.traits = candidate.basis.traits;
      judge(choice, candidate, records);
    }
    rank(choice);
    choice.extrapolated = extrapolations(choice.traits, choice.conditions.processes, asked);
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
