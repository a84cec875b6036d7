// What became of gates over programs whose difference was known (`dictbench gate-trials`).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "results/gate/figures.h"
#include "results/gate/verdict.h"
#include "results/number_format.h"
#include "results/statistics/share.h"
#include "results/statistics/statistics.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

// In the order of the table. What is promised holds for all simulated gates together: a single noise has few.
enum class Kind { measured, all_simulated, simulated };

// All gates of one kind in one noise.
struct Tried {
  std::map<std::pair<std::string, unsigned>, GateStanding> gates;  // by run and number of the gate
  std::vector<double> visible, injected, measured;                 // measured: of those that something was put in

  void add(const GateRecord& figure) {
    GateStanding& standing = gates[{figure.run_id, figure.gate}];
    standing = std::max(standing, standing_of_gate(figure.verdict));
    if (figure.figure != kTime || figure.looks.empty()) return;
    visible.push_back(figure.looks[0].visible);
    if (figure.injected == 0) return;
    injected.push_back(figure.injected);
    measured.push_back(figure.looks[0].slowdown);
  }
  std::size_t count(GateStanding standing) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(gates, [&](const auto& gate) { return gate.second == standing; }));
  }
};

// What is promised of a trial: the share of its gates that a standing is to have.
struct Promise {
  const char* text;
  GateStanding standing;
  bool at_least;
  double share;
};

const std::map<std::string, Promise>& promises() {
  static const std::map<std::string, Promise> all{
      {"unchanged", {"at most 1 % fail", GateStanding::regressed, false, 0.01}},
      {"slower, visible size", {"9 of 10 fail", GateStanding::regressed, true, 0.9}},
      {"slower, twice that", {"all fail", GateStanding::regressed, true, 1}},
      {"noise beside the head", {"all inconclusive", GateStanding::inconclusive, true, 1}},
      {"quicker", {"none fails", GateStanding::regressed, false, 0}}};
  return all;
}

// Whether so many of so many gates kept the promise, by the exact interval of their share. Few gates can contradict a
// promise and hardly show it: of 20 that none failed, up to 17 % may.
std::string kept_text(const Promise& promise, std::size_t those, std::size_t gates) {
  // Of all and of none a single gate that was otherwise is enough.
  if ((promise.share == 1 && those < gates) || (promise.share == 0 && those > 0))
    return fmt::format("no: {} of {}", those, gates);
  const ShareInterval share = share_interval(those, gates);
  const auto percent_of = [](double part) { return fmt::format("{:.1f} %", 100 * part); };
  if (promise.at_least ? share.high < promise.share : share.low > promise.share)
    return fmt::format("no: {} {}", promise.at_least ? "at most" : "at least",
                       percent_of(promise.at_least ? share.high : share.low));
  if (promise.at_least ? share.low >= promise.share : share.high <= promise.share) return "yes";
  return fmt::format("not contradicted: {} {}", promise.at_least ? "at least" : "at most",
                     percent_of(promise.at_least ? share.low : share.high));
}

bool is_simulated(const GateRecord& figure) { return figure.engine == "simulated"; }

// Simulated or not, and what was tried.
std::pair<bool, std::string> trial_of(const GateRecord& figure) { return {is_simulated(figure), figure.trial}; }

// Of a trial that a later run repeated only the later one counts: the gate may have changed between them.
std::map<std::pair<bool, std::string>, std::string> newest_runs(const RecordFile& records) {
  std::map<std::pair<bool, std::string>, std::string> newest;
  const auto started = [&](const std::string& run_id) {
    const RunRecord* run = records.run(run_id);
    return run != nullptr ? run->started : std::string();
  };
  for (const GateRecord& figure : records.gates) {
    std::string& run_id = newest[trial_of(figure)];
    if (run_id.empty() || started(figure.run_id) > started(run_id)) run_id = figure.run_id;
  }
  return newest;
}

std::string range_of(const std::vector<double>& changes) {
  if (changes.empty()) return "-";
  return fmt::format("{} [{}, {}]", percent_change(median(changes)), percent_change(*std::ranges::min_element(changes)),
                     percent_change(*std::ranges::max_element(changes)));
}

}  // namespace

std::vector<Table> build_gate_trials(const RecordFile& records, const TableContext&) {
  std::map<std::tuple<Kind, std::string, std::string>, Tried> tried;  // by trial and noise
  std::vector<const RunRecord*> runs;
  const auto newest = newest_runs(records);
  for (const GateRecord& figure : records.gates) {
    if (figure.trial.empty() || newest.at(trial_of(figure)) != figure.run_id) continue;
    const bool simulated = is_simulated(figure);
    tried[{simulated ? Kind::simulated : Kind::measured, figure.trial, figure.base}].add(figure);
    if (simulated) tried[{Kind::all_simulated, figure.trial, "all simulated"}].add(figure);
    if (const RunRecord* run = records.run(figure.run_id); run && std::ranges::find(runs, run) == runs.end())
      runs.push_back(run);
  }
  Table table{.name = "gate-trials",
              .title = "",
              .notes = {},
              .columns = {{"trial", "", Alignment::left},
                          {"noise", "", Alignment::left},
                          {"gates", "", Alignment::right},
                          {"failed", "", Alignment::right},
                          {"inconclusive", "", Alignment::right},
                          {"passed", "", Alignment::right},
                          {"visible", "", Alignment::right},
                          {"put in", "", Alignment::right},
                          {"measured", "", Alignment::right},
                          {"promised", "", Alignment::left},
                          {"kept", "", Alignment::left}},
              .rows = {}};
  for (const auto& [key, group] : tried) {
    const auto& [kind, trial, noise] = key;
    const std::size_t failed = group.count(GateStanding::regressed), open = group.count(GateStanding::inconclusive);
    const auto promise = promises().find(trial);
    const bool known = promise != promises().end() && kind != Kind::simulated;
    const auto count_cell = [](std::size_t count) {
      return number_cell(std::to_string(count), static_cast<double>(count));
    };
    std::string kept = "-";
    if (known) kept = kept_text(promise->second, group.count(promise->second.standing), group.gates.size());
    table.rows.push_back({text_cell(trial), text_cell(noise), count_cell(group.gates.size()), count_cell(failed),
                          count_cell(open), count_cell(group.gates.size() - failed - open),
                          text_cell(range_of(group.visible)), text_cell(range_of(group.injected)),
                          text_cell(range_of(group.measured)), text_cell(known ? promise->second.text : "-"),
                          text_cell(kept)});
  }
  if (table.rows.empty()) {
    table.notes = {"No records of trials: dictbench gate-trials makes them."};
    return {table};
  }
  table.notes = {
      "Visible: the smallest slowdown that the gate said it could see, put in: what it was to be given, and "
      "measured: what that came to in the first look; medians with least and most.",
      "Kept: by the exact 95 % interval of the share of the gates (Clopper and Pearson). Yes: it lies wholly within "
      "what is "
      "promised; not contradicted: it reaches beyond, as far as is told.",
      "Simulated gates over unchanged programs have 4 cells, all other simulated ones have 1; the real ones have the "
      "phases get and update."};
  const std::vector<std::string> where = provenance_notes(runs);
  table.notes.insert(table.notes.end(), where.begin(), where.end());
  return {table};
}

}  // namespace dictbench
