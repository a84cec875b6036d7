#include "harness/driver/plan.h"

#include <algorithm>
#include <random>

#include "workloads/random.h"

namespace dictbench {
namespace {

// Fisher and Yates' shuffle by hand: std::shuffle differs between standard libraries.
void shuffle(std::vector<Cell>& cells, std::mt19937_64& random) {
  for (std::size_t left = cells.size(); left > 1; --left) std::swap(cells[left - 1], cells[random() % left]);
}

}  // namespace

BoundEngine::BoundEngine(const std::string& spec_text)
    : spec(parse_engine_spec(spec_text)),
      description(find_engine(spec.name())),
      contract(description.contract(spec)),
      batch(description.batch == nullptr ? 1 : description.batch(spec)) {}

Workload with_seed(Workload workload, const std::optional<std::uint64_t>& seed) {
  if (seed && *seed != workload.seed) {
    workload.seed = *seed;
    workload.hash ^= *seed * 0x9e3779b97f4a7c15;  // other operations, so another workload to compare with
  }
  return workload;
}

std::uint64_t seed_of(const Workload& workload, unsigned repetition) {
  return repetition <= 1 ? workload.seed : mix64(workload.seed, repetition);
}

std::vector<unsigned> processes_of(const CellSelection& selection, const Workload& workload) {
  if (!selection.processes.empty()) return selection.processes;
  if (selection.most_processes_only) return {*std::ranges::max_element(workload.processes)};
  return workload.processes;
}

Workload load_for(const CellSelection& selection, const std::string& name_or_path) {
  Workload workload = with_seed(load_workload(name_or_path, selection.scale.value_or(1)), selection.seed);
  for (Phase& phase : workload.phases) {
    // How long a fixed rate is kept decides which percentiles can be told, so it may be cut but is never stretched.
    if (phase.seconds > 0 && selection.seconds)
      phase.seconds = phase.arrival_rate > 0 && *selection.seconds >= kShortestSeconds
                          ? std::max(phase.seconds, *selection.seconds)
                          : *selection.seconds;
    if (phase.seconds == 0 && phase.limit == 0 && selection.limit) phase.limit = *selection.limit;
  }
  return workload;
}

Plan::Plan(const CellSelection& selection) : selection_(selection) {
  for (const std::string& engine : selection.engines) engines_.emplace_back(engine);
  for (const std::string& name : selection.workloads) {
    workloads_.push_back(load_for(selection, name));
    rounds_ = std::max(rounds_, selection.repetitions.value_or(workloads_.back().repetitions));
    for (const unsigned processes : selection.processes)
      footprint(workloads_.back(), processes);  // refuses fewer keys than processes
  }
}

unsigned Plan::most_processes() const {
  unsigned most = 1;
  for (const Workload& workload : workloads_)
    for (const unsigned processes : processes_of(selection_, workload)) most = std::max(most, processes);
  return most;
}

std::vector<Cell> Plan::round(unsigned repetition) const {
  std::vector<Cell> cells;
  for (const Workload& workload : workloads_) {
    if (!all_repeat_ && repetition > selection_.repetitions.value_or(workload.repetitions)) continue;
    for (const unsigned processes : processes_of(selection_, workload))
      for (const BoundEngine& engine : engines_) cells.push_back({&engine, &workload, processes, repetition});
  }
  std::mt19937_64 random(mix64(selection_.order_seed, repetition));
  shuffle(cells, random);
  return cells;
}

}  // namespace dictbench
