#include "harness/driver/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "harness/driver/suitability.h"

namespace dictbench {
namespace {

// Fisher and Yates' shuffle by hand: std::shuffle differs between standard libraries.
void shuffle(std::vector<Cell>& cells, std::mt19937_64& random) {
  for (std::size_t left = cells.size(); left > 1; --left) std::swap(cells[left - 1], cells[random() % left]);
}

std::string identity(const std::string& engine, const std::string& workload, const std::string& hash,
                     unsigned processes, unsigned repetition, const std::string& start) {
  return fmt::format("{}|{}|{}|{}|{}|{}", engine, workload, hash, processes, repetition, start);
}

}  // namespace

std::vector<Cell> make_schedule(const CellSelection& selection) {
  for (const std::string& engine : selection.engines) parse_engine_spec(engine);
  const double scale = selection.scale.value_or(1);
  std::vector<Workload> workloads;
  unsigned rounds = 0;
  for (const std::string& name : selection.workloads) {
    workloads.push_back(load_workload(name, scale));
    rounds = std::max(rounds, selection.repetitions.value_or(workloads.back().repetitions));
  }
  std::vector<Cell> schedule;
  std::mt19937_64 random(selection.order_seed);
  for (unsigned repetition = 1; repetition <= rounds; ++repetition) {
    std::vector<Cell> round;
    for (std::size_t w = 0; w < workloads.size(); ++w) {
      if (repetition > selection.repetitions.value_or(workloads[w].repetitions)) continue;
      for (const unsigned processes : selection.processes.empty() ? workloads[w].processes : selection.processes) {
        if (repetition == 1) footprint(workloads[w], processes);  // refuses fewer keys than processes
        for (const std::string& engine : selection.engines)
          round.push_back({engine, selection.workloads[w], scale, processes, repetition});
      }
    }
    shuffle(round, random);
    schedule.insert(schedule.end(), round.begin(), round.end());
  }
  return schedule;
}

std::vector<Cell> without_done(std::vector<Cell> cells, const RecordFile& done, StartMode start,
                               const std::optional<std::uint64_t>& seed) {
  // Cell -> run -> phases: those of two attempts do not add up to one.
  std::map<std::string, std::map<std::string, std::set<std::string>>> attempts;
  for (const CellRecord& record : done.cells)
    if (record.ok())
      attempts[identity(record.engine, record.workload, record.workload_hash, record.processes, record.repetition,
                        record.start)][record.run_id]
          .insert(record.phase);
  std::map<std::string, Workload> loaded;
  std::erase_if(cells, [&](const Cell& cell) {
    const std::string key = fmt::format("{}|{}", cell.workload, cell.scale);
    if (!loaded.contains(key)) loaded.emplace(key, workload_of(cell, seed));
    const Workload& workload = loaded.at(key);
    const Spec spec = parse_engine_spec(cell.engine);
    const StartMode mode = start_mode(find_engine(spec.name()).contract(spec), start);
    const auto found = attempts.find(identity(spec.text(), workload.name, fmt::format("{:016x}", workload.hash),
                                              cell.processes, cell.repetition, std::string(to_string(mode))));
    return found != attempts.end() && std::ranges::any_of(found->second, [&](const auto& attempt) {
             return attempt.second.size() == workload.phases.size();
           });
  });
  return cells;
}

}  // namespace dictbench
