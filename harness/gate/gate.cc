#include "harness/gate/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>

#include "results/gate/figures.h"

namespace dictbench {
namespace {

constexpr std::array kFigures{kTime, kMemory, kSwitches};  // in the order of the report

// 0 when the run did not tell it.
double value_of(const GateRun& run, const std::string& phase, const std::string& figure) {
  const auto found = std::ranges::find(run.phases, phase, &PhaseFigures::phase);
  if (found == run.phases.end()) return 0;
  const auto value = found->figures.find(figure);
  return value == found->figures.end() ? 0 : value->second;
}

// One cell with the figures that are gated of it, and what became of it.
struct Gated {
  const GateCell* cell;
  std::vector<GateRecord> figures = {};
  std::vector<const Pairs*> committed = {};  // per figure; null: judged by itself
  double pair_s = 0;                         // what a pair of runs takes
  GateVerdict failed = {};                   // set when a run gave no result: nothing of the cell is judged
  bool ended() const { return failed.standing != GateStanding::pass; }
};

class Gate {
 public:
  Gate(const std::vector<GateCell>& cells, Measurer& measurer, const GateOptions& options,
       const CommittedPairs& committed, const GateTold& told)
      : measurer_(measurer), options_(options), committed_(committed), told_(told), random_(options.seed) {
    for (const GateCell& cell : cells) cells_.push_back({.cell = &cell});
  }

  GateResult run() {
    runs_ = 2 * cells_.size();
    for (Gated& gated : cells_) warm_up(gated);
    rules_.margin = options_.margin;
    rules_.figures = 0;
    for (const Gated& gated : cells_) rules_.figures += gated.figures.size();
    GateResult result;
    if (rules_.figures > 0) {
      leave_out_short_records();
      result.pairs = number_of_pairs(result.unfit);
      if (result.unfit.empty()) look_twice(result.pairs);
    }
    for (Gated& gated : cells_) finish(gated, result);
    result.standing = result.unfit.empty() ? worst(result.figures) : GateStanding::inconclusive;
    return result;
  }

 private:
  void warm_up(Gated& gated) {
    const GateRun base = measure(gated, Side::base);
    if (gated.ended()) return;
    const GateRun head = measure(gated, Side::head);
    if (gated.ended()) return;
    if (base.workload_hash != head.workload_hash) {
      gated.failed = {GateStanding::inconclusive, "base and head do not read the workload alike: its hash differs"};
      return;
    }
    gated.pair_s = base.wall_s + head.wall_s;
    for (const PhaseFigures& phase : base.phases) {
      for (const std::string figure : kFigures) {
        if (!(value_of(base, phase.phase, figure) > 0) || !(value_of(head, phase.phase, figure) > 0)) continue;
        const Pairs* committed = committed_ ? committed_(head, *gated.cell, phase.phase, figure) : nullptr;
        if (committed_ && !committed) continue;
        gated.figures.push_back(record_of(gated, head, phase.phase, figure));
        gated.committed.push_back(committed);
      }
    }
    if (gated.figures.empty())
      gated.failed = {GateStanding::inconclusive, committed_ ? "the records hold no pairs of it" : "it has no figures"};
  }

  GateRecord record_of(const Gated& gated, const GateRun& run, const std::string& phase,
                       const std::string& figure) const {
    GateRecord record;
    record.engine = gated.cell->engine;
    if (gated.cell->head_engine != gated.cell->engine) record.head_engine = gated.cell->head_engine;
    record.workload = run.workload;
    record.workload_hash = run.workload_hash;
    record.scale = gated.cell->scale;
    record.processes = gated.cell->processes;
    record.phase = phase;
    record.figure = figure;
    record.margin = options_.margin;
    return record;
  }

  void leave_out_short_records() {
    const std::size_t least = least_committed_pairs(rules_);
    for (Gated& gated : cells_)
      for (const Pairs* committed : gated.committed)
        if (committed && committed->base.size() < least)
          gated.failed = {GateStanding::inconclusive,
                          fmt::format("the records hold {} pairs of it, {} are needed", committed->base.size(), least)};
  }

  // Even, as blocks have two; sets `unfit` where the budget gives too few.
  std::size_t number_of_pairs(std::string& unfit) const {
    const std::size_t least = (least_pairs_of_all() + 1) / 2 * 2;
    double pair_s = 0;
    for (const Gated& gated : cells_) pair_s += gated.pair_s;
    if (options_.pairs) {
      if (*options_.pairs < least)
        throw std::invalid_argument(
            fmt::format("{} pairs are too few for {} figures: {} are needed", *options_.pairs, rules_.figures, least));
      return (*options_.pairs + 1) / 2 * 2;
    }
    const auto affordable = static_cast<std::size_t>(options_.budget_s / 2 / pair_s) / 2 * 2;
    if (affordable < least)
      unfit = fmt::format(
          "a budget of {:.0f} s gives {} pairs, but {} figures need {}: give --budget {:.0f}, or gate fewer cells or a "
          "smaller --scale",
          options_.budget_s, affordable, rules_.figures, least, std::ceil(2 * pair_s * static_cast<double>(least)));
    return std::min(affordable, std::max(kMostPairs, least));
  }

  std::size_t least_pairs_of_all() const { return committed_ ? least_pairs_beside(rules_) : least_pairs(rules_); }

  void look_twice(std::size_t pairs) {
    runs_ += 2 * pairs * static_cast<std::size_t>(std::ranges::count_if(cells_, [](auto& g) { return !g.ended(); }));
    look(pairs, [](const GateRecord&) { return true; });
    const auto again = [&](const GateRecord& figure) {
      return !figure.looks.empty() && wants_second_look(figure.looks[0], options_.margin);
    };
    for (const Gated& gated : cells_)
      if (!gated.ended() && std::ranges::any_of(gated.figures, again)) runs_ += 2 * pairs;
    look(pairs, again);
  }

  // A further look at the figures that `wanted` names: only their cells are run.
  void look(std::size_t pairs, const std::function<bool(const GateRecord&)>& wanted) {
    std::map<const Gated*, std::vector<std::size_t>> chosen;
    for (Gated& gated : cells_)
      for (std::size_t i = 0; i < gated.figures.size() && !gated.ended(); ++i)
        if (wanted(gated.figures[i])) chosen[&gated].push_back(i);
    for (Gated& gated : cells_)
      for (const std::size_t i : chosen[&gated]) gated.figures[i].looks.emplace_back();
    for (std::size_t block = 0; block < pairs / 2; ++block) {
      std::vector<Gated*> order;
      for (Gated& gated : cells_)
        if (!chosen[&gated].empty()) order.push_back(&gated);
      std::ranges::shuffle(order, random_);
      for (Gated* gated : order) run_block(*gated, chosen[gated]);
    }
    for (Gated& gated : cells_)
      for (const std::size_t i : chosen[&gated])
        if (!gated.ended()) judge(gated.figures[i].looks.back(), gated.figures[i].figure, rules_, gated.committed[i]);
  }

  void run_block(Gated& gated, const std::vector<std::size_t>& figures) {
    const Side first = random_() % 2 == 0 ? Side::base : Side::head;
    const Side second = first == Side::base ? Side::head : Side::base;
    for (const Side side : {first, second, second, first}) {
      if (gated.ended()) return;
      const GateRun run = measure(gated, side);
      for (const std::size_t i : figures) {
        GateRecord& figure = gated.figures[i];
        GateLook& last = figure.looks.back();
        const double value = value_of(run, figure.phase, figure.figure);
        if (!gated.ended() && !(value > 0))
          gated.failed = {GateStanding::inconclusive,
                          fmt::format("a run told no {} of phase {}", figure.figure, figure.phase)};
        if (gated.ended()) return;
        (side == Side::base ? last.base : last.head).push_back(value);
        (side == Side::base ? last.base_others : last.head_others).push_back(run.others);
      }
    }
  }

  // A head that gives no result where the base does has regressed; a base that gives none leaves it open.
  GateRun measure(Gated& gated, Side side) {
    const std::string& engine = side == Side::base ? gated.cell->engine : gated.cell->head_engine;
    if (told_)
      told_(fmt::format("{} x {}, {}", engine, std::filesystem::path(gated.cell->workload).stem().string(),
                        side == Side::base ? "base" : "head"),
            done_, runs_);
    ++done_;
    GateRun run = measurer_.measure(*gated.cell, side);
    if (!run.wrong.empty()) {
      const bool fault_of_head = side == Side::head && run.faulty;
      gated.failed = {fault_of_head ? GateStanding::regressed : GateStanding::inconclusive,
                      fmt::format("the {}: {}", side == Side::base ? "base" : "head", run.wrong)};
    }
    return run;
  }

  void finish(Gated& gated, GateResult& result) const {
    if (gated.ended() && gated.figures.empty()) {
      GateRun nothing;
      nothing.workload = gated.cell->workload;
      gated.figures.push_back(record_of(gated, nothing, "-", "time"));
    }
    for (GateRecord& figure : gated.figures) {
      if (gated.ended()) {
        figure.looks.clear();
        figure.verdict = to_text(gated.failed);
      } else if (figure.looks.empty()) {
        figure.verdict = to_text({GateStanding::inconclusive, "too few pairs"});
      } else {
        figure.verdict = to_text(verdict_of(figure.looks, options_.margin, options_.blind));
      }
      result.figures.push_back(std::move(figure));
    }
  }

  Measurer& measurer_;
  const GateOptions& options_;
  const CommittedPairs& committed_;
  const GateTold& told_;
  std::mt19937_64 random_;
  GateRules rules_;
  std::vector<Gated> cells_;
  std::size_t done_ = 0, runs_ = 0;
};

}  // namespace

GateResult run_gate(const std::vector<GateCell>& cells, Measurer& measurer, const GateOptions& options,
                    const CommittedPairs& committed, const GateTold& told) {
  return Gate(cells, measurer, options, committed, told).run();
}

}  // namespace dictbench
