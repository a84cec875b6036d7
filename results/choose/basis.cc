#include "results/choose/basis.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace dictbench {
namespace {

// Reckoned between two phases is less than measured; a share of reads within 0.1 is nearer.
constexpr double kReckoned = 1.5;

// Whether its speed may stand for what a dict of several processes does. A load of keys that were there is neither a
// load nor a mix of sets that comes in any order.
bool judges(const Series& series, const Source& source) {
  const auto promises = source.promises_of(series.engine);
  return series.good() && series.start != "threads" && !series.any().work.overwrites && promises && promises->stores &&
         promises->declared.contains(Guarantee::shared);
}

// Of one engine and number of processes; forked workers come before executed ones.
const Series* series_of(const Block& block, const std::string& engine, unsigned processes) {
  const Series* best = nullptr;
  for (const Series& series : block.series) {
    if (series.engine != engine || series.processes != processes || !series.good()) continue;
    if (best == nullptr || series.start == "fork") best = &series;
  }
  return best;
}

struct Phase {
  const Block* block = nullptr;
  PhaseTraits traits;
  std::map<unsigned, std::set<std::string>> engines;  // with a figure, by processes
  std::size_t rounds = 0;                             // of the engine that has the most
};

std::vector<Phase> known_phases(const std::vector<Block>& blocks, const Source& source) {
  std::vector<Phase> phases;
  for (const Block& block : blocks) {
    Phase phase{&block, {}, {}, 0};
    for (const Series& series : block.series) {
      if (!judges(series, source)) continue;
      const auto traits = source.traits_of(series);
      if (!traits) continue;
      phase.traits = *traits;
      phase.engines[series.processes].insert(series.engine);
      phase.rounds = std::max(phase.rounds, series.cells.size());
    }
    if (!phase.engines.empty()) phases.push_back(std::move(phase));
  }
  return phases;
}

bool one_load(const Block& a, const Block& b) {
  return a.workload == b.workload && a.workload_hash == b.workload_hash && a.scale == b.scale && a.commit == b.commit;
}

using Rank = std::tuple<double, double, double, double>;

// The nearest first; of equally near ones that with the most keys, then the most rounds, then the most engines.
Rank rank_of(double distance, const PhaseTraits& traits, std::size_t rounds, std::size_t engines) {
  return {distance, -static_cast<double>(traits.keys), -static_cast<double>(rounds), -static_cast<double>(engines)};
}

// Keeps the best that it is shown; of equal ones the first.
struct Nearest {
  Situation situation;
  Rank rank;

  void offer(const Situation& other, const Rank& other_rank) {
    if (situation.block != nullptr && other_rank >= rank) return;
    situation = other;
    rank = other_rank;
  }
};

double value_of(double fewer, double more, double share, Between between) {
  switch (between) {
    case Between::rate: return fewer <= 0 || more <= 0 ? 0 : 1 / ((1 - share) / fewer + share / more);
    case Between::mean: return (1 - share) * fewer + share * more;
    case Between::better: return std::min(fewer, more);
    case Between::worse: return std::max(fewer, more);
  }
  return 0;
}

}  // namespace

std::optional<PhaseTraits> Source::traits_of(const Series& series) const {
  if (!knowledge.phase || series.cells.empty()) return std::nullopt;
  const CellRecord& cell = *series.cells.front();
  return knowledge.phase(cell, records.run(cell.run_id));
}

std::optional<EnginePromises> Source::promises_of(const std::string& spec) const {
  if (!knowledge.engine) return std::nullopt;
  return knowledge.engine(spec);
}

std::string Situation::phase() const {
  if (block == nullptr) return "";
  return more_reads == nullptr ? block->phase : fmt::format("{} and {}", block->phase, more_reads->phase);
}

Situation nearest_situation(const std::vector<Block>& blocks, const Requirements& asked, const Source& source) {
  const std::vector<Phase> phases = known_phases(blocks, source);
  Nearest nearest;
  for (const Phase& phase : phases)
    for (const auto& [processes, engines] : phase.engines)
      if (const auto far = distance(phase.traits, processes, asked))
        nearest.offer({phase.block, nullptr, 0, processes}, rank_of(*far, phase.traits, phase.rounds, engines.size()));
  for (const Phase& fewer : phases)
    for (const Phase& more : phases) {
      const auto mixed = one_load(*fewer.block, *more.block) ? mix(fewer.traits, more.traits, asked) : std::nullopt;
      if (!mixed) continue;
      for (const auto& [processes, engines] : fewer.engines) {
        const auto far = distance(mixed->traits, processes, asked);
        const auto others = more.engines.find(processes);
        if (!far || others == more.engines.end()) continue;
        const auto both =
            std::ranges::count_if(engines, [&](const auto& name) { return others->second.contains(name); });
        if (both == 0) continue;
        nearest.offer({fewer.block, more.block, mixed->share, processes},
                      rank_of(*far + kReckoned, mixed->traits, std::min(fewer.rounds, more.rounds),
                              static_cast<std::size_t>(both)));
      }
    }
  return nearest.situation;
}

Situation nearest_open_loop(const std::vector<Block>& blocks, const Situation& situation, const Requirements& asked,
                            const Source& source) {
  Nearest nearest;
  for (const Phase& phase : known_phases(blocks, source)) {
    const auto engines = phase.engines.find(situation.processes);
    const auto far = distance_of_open_loop(phase.traits, situation.processes, asked);
    if (!far || engines == phase.engines.end()) continue;
    // Below what is asked a rate tells less than above it.
    const double rate = phase.traits.arrival_rate;
    const double off = !asked.ops_per_s ? rate : rate < *asked.ops_per_s ? 1e12 - rate : rate;
    nearest.offer({phase.block, nullptr, 0, situation.processes},
                  {*far, -static_cast<double>(engines->second.size()), off, 0});
  }
  return nearest.situation;
}

FigureByRound Basis::figures(const Metric& metric, Between between) const {
  if (series == nullptr) return {};
  FigureByRound figures = by_round(*series, metric);
  if (more_reads == nullptr) return figures;
  const FigureByRound others = by_round(*more_reads, metric);
  FigureByRound reckoned;
  for (const auto& [round, figure] : figures)
    if (const auto other = others.find(round); other != others.end())
      reckoned.emplace(round, value_of(figure, other->second, share, between));
  return reckoned;
}

std::optional<double> Basis::median(const Metric& metric, Between between) const {
  std::vector<double> values;
  for (const auto& [round, figure] : figures(metric, between)) values.push_back(figure);
  if (values.empty()) return std::nullopt;
  return dictbench::median(values);
}

Basis basis_of(const std::string& engine, const Situation& situation, const Requirements& asked, const Source& source) {
  Basis basis;
  if (situation.block == nullptr) return basis;
  const Series* const series = series_of(*situation.block, engine, situation.processes);
  if (series == nullptr) return basis;
  const auto traits = source.traits_of(*series);
  if (!traits) return basis;
  basis.traits = *traits;
  if (situation.more_reads != nullptr) {
    basis.more_reads = series_of(*situation.more_reads, engine, situation.processes);
    const auto more_traits = basis.more_reads == nullptr ? std::nullopt : source.traits_of(*basis.more_reads);
    const auto mixed = more_traits ? mix(*traits, *more_traits, asked) : std::nullopt;
    if (!mixed) return {};
    basis.share = mixed->share;
    basis.traits = mixed->traits;
  }
  basis.series = series;
  if (basis.figures(ops_per_s, Between::rate).empty()) return {};  // no round has both phases
  for (unsigned processes = 1; processes < situation.processes; ++processes)
    if (const Series* const fewer = series_of(*situation.block, engine, processes); fewer != nullptr)
      basis.fewer_processes = fewer;
  return basis;
}

}  // namespace dictbench
