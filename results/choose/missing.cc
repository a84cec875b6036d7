#include "results/choose/missing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>

#include "results/number_format.h"
#include "results/shell_word.h"

namespace dictbench {
namespace {

constexpr const char* kOut = "need.jsonl";

// The workload to measure the need with: a standard one that does just that, else a file made for it.
struct Measure {
  std::string workload;
  bool own_file = false;
};

// Whether it does just what is asked: what is measured again must not be reckoned again.
bool is_the_need(const PhaseTraits& traits, const Requirements& asked) {
  constexpr double kSomething = 1e-9;  // shares are sums of decimals
  if (std::abs(traits.reads() - asked.reads) > kSomething) return false;
  if (asked.value_bytes && traits.value_bytes != static_cast<double>(*asked.value_bytes)) return false;
  return !asked.items || traits.keys == *asked.items;
}

// Of equally near ones the situation's own, then that with the most keys.
Measure measure_for(const Choice& choice, const Knowledge& knowledge, const std::string& workload_file) {
  Measure best{workload_file, true};
  if (!knowledge.standard_phases) return best;
  std::tuple<double, bool, double> least;
  for (const StandardPhase& standard : knowledge.standard_phases()) {
    const auto far = distance(standard.traits, choice.asked.processes, choice.asked);
    if (!far || !standard.traits.alone || !is_the_need(standard.traits, choice.asked)) continue;
    const std::tuple rank(*far, standard.workload != choice.workload, -static_cast<double>(standard.traits.keys));
    if (!best.own_file && rank >= least) continue;
    least = rank;
    best = {standard.workload, false};
  }
  return best;
}

// "dictbench choose ... --write-workload need.toml" first, where there is no standard workload, and the command that
// shows the result.
std::vector<std::string> commands(const Measure& measure, const Requirements& asked,
                                  const std::vector<std::string>& engines) {
  std::vector<std::string> lines;
  const std::string choose = command_line(asked);
  if (measure.own_file) lines.push_back(fmt::format("{} --write-workload {}", choose, measure.workload));
  std::string run = "dictbench run";
  for (const std::string& engine : engines) run += fmt::format(" --engine {}", shell_word(engine));
  run += fmt::format(" --workload {} --processes {}", measure.workload, asked.processes);
  lines.push_back(run + fmt::format(" --out {}", kOut));
  return lines;
}

bool fits_by_contract(const EnginePromises& engine, const Choice& choice, const RecordFile& records) {
  const Requirements& asked = choice.asked;
  if (!engine.stores || !engine.unavailable.empty() || !lost_data(records, engine.spec).empty()) return false;
  if (asked.value_bytes && *asked.value_bytes > engine.largest_value) return false;
  if (asked.items && *asked.items > engine.most_items) return false;
  return std::ranges::all_of(
      choice.must, [&](Guarantee promise) { return find_promise(records, choice.host, engine, promise).holds(); });
}

// Engines that promise all that is asked and have no figure in the situation. An engine with more options is asked for
// only where it does not fit as it comes.
std::vector<std::string> unmeasured_engines(const Choice& choice, const RecordFile& records,
                                            const Knowledge& knowledge) {
  std::vector<std::string> missing;
  if (!knowledge.candidates) return missing;
  std::set<std::string> known;
  for (const Fit& fit : choice.fits) known.insert(fit.engine);
  for (const Excluded& excluded : choice.excluded) known.insert(excluded.engine);
  for (const Undecided& undecided : choice.undecided) known.insert(undecided.engine);
  std::set<std::string> fitting_names;
  for (const EnginePromises& engine : knowledge.candidates(choice.asked)) {
    if (!fits_by_contract(engine, choice, records)) continue;
    // The engine as it comes stands before its variants.
    if (!fitting_names.insert(engine_name(engine.spec)).second) continue;
    if (!known.contains(engine.spec)) missing.push_back(engine.spec);
  }
  return missing;
}

std::vector<std::string> untested_faults(Guarantee promise) {
  switch (promise) {
    case Guarantee::survives_kill: return {"kill", "crash-points", "hang"};
    case Guarantee::survives_stop: return {"stop"};
    case Guarantee::durable: return {"durable"};
    default: return {};
  }
}

void add_untested(std::vector<Uncovered>& uncovered, const std::string& engine, Guarantee promise,
                  const PromiseFound& found) {
  if (found.verdict != PromiseFound::Verdict::untested) return;
  const std::vector<std::string> faults = untested_faults(promise);
  const std::string command = faults.empty()
                                  ? fmt::format("dictbench check --engine {} --out {}", shell_word(engine), kOut)
                                  : fmt::format("dictbench torture --engine {} --faults {} --out {}",
                                                shell_word(engine), fmt::join(faults, ","), kOut);
  uncovered.push_back({engine, fmt::format("{}: {}", to_string(promise), found.text), {command}});
}

}  // namespace

std::vector<Uncovered> find_uncovered(const Choice& choice, const RecordFile& records, const Knowledge& knowledge,
                                      const std::string& workload_file) {
  std::vector<Uncovered> uncovered;
  const Measure measure = measure_for(choice, knowledge, workload_file);
  std::vector<std::string> fitting;
  for (const Fit& fit : choice.fits) fitting.push_back(fit.engine);
  const std::vector<std::string> unmeasured = unmeasured_engines(choice, records, knowledge);

  if (!fitting.empty() && !choice.extrapolated.empty()) {
    uncovered.push_back({"all that fit", fmt::format("{}", fmt::join(choice.extrapolated, "; ")),
                         commands(measure, choice.asked, fitting)});
  }
  for (const std::string& engine : unmeasured) {
    uncovered.push_back({engine,
                         choice.workload.empty() ? "no record is of this kind" : "promises all of it, not measured",
                         commands(measure, choice.asked, {engine})});
  }
  for (const Undecided& undecided : choice.undecided) {
    const bool open_loop = undecided.latency && !choice.open_loop_workload.empty();
    uncovered.push_back(
        {undecided.engine, fmt::format("{}", fmt::join(undecided.reasons, "; ")),
         commands(open_loop ? Measure{choice.open_loop_workload, false} : measure, choice.asked, {undecided.engine})});
  }
  for (const Fit& fit : choice.fits)
    for (const auto& [promise, found] : fit.promises) add_untested(uncovered, fit.engine, promise, found);
  for (const std::string& engine : unmeasured) {
    const auto promises = knowledge.engine ? knowledge.engine(engine) : std::nullopt;
    if (!promises) continue;
    for (const Guarantee promise : choice.must)
      add_untested(uncovered, engine, promise, find_promise(records, choice.host, *promises, promise));
  }
  return uncovered;
}

}  // namespace dictbench
