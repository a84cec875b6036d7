#include "results/gate/figures.h"

#include <utility>

namespace dictbench {

// Switches are told with one more, so that none at all has a ratio too; with a margin of 3 % it takes 3 in 100,000
// operations more than none to be noticed.
std::map<std::string, double> gate_figures(const CellRecord& cell) {
  Usage usage = cell.rusage;
  if (cell.server_rusage) usage += *cell.server_rusage;
  const auto operations = static_cast<double>(cell.ops);
  const auto switches = static_cast<double>(usage.voluntary_switches + usage.involuntary_switches);
  std::map<std::string, double> figures;
  if (cell.ops > 0 && cell.elapsed_s > 0)
    figures = {{kTime, cell.elapsed_s / operations * 1e9}, {kSwitches, 1 + switches / operations * 1000}};
  if (cell.memory.bytes_per_item > 0) figures[kMemory] = cell.memory.bytes_per_item;
  return figures;
}

const Pairs* CommittedRatios::find(const std::string& yardstick, const std::string& engine,
                                   const std::string& workload_hash, const std::string& phase, unsigned processes,
                                   const std::string& figure) {
  const auto [at, added] = found_.try_emplace(Key{yardstick, engine, workload_hash, phase, processes, figure});
  if (added) {
    std::map<std::pair<std::string, unsigned>, std::pair<double, double>> rounds;
    for (const CellRecord& cell : records_.cells) {
      if (!cell.ok() || cell.workload_hash != workload_hash || cell.phase != phase || cell.processes != processes)
        continue;
      const std::map<std::string, double> figures = gate_figures(cell);
      const auto value = figures.find(figure);
      if (value == figures.end()) continue;
      auto& [base, head] = rounds[{cell.run_id, cell.repetition}];
      if (cell.engine == yardstick) base = value->second;
      if (cell.engine == engine) head = value->second;
    }
    for (const auto& [round, sides] : rounds) {
      if (sides.first == 0 || sides.second == 0) continue;
      at->second.base.push_back(sides.first);
      at->second.head.push_back(sides.second);
    }
  }
  return at->second.base.empty() ? nullptr : &at->second;
}

}  // namespace dictbench
