#include "harness/driver/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/driver/suitability.h"

namespace dictbench {
namespace {

std::string identity(const std::string& engine, const std::string& workload, const std::string& hash,
                     unsigned processes, unsigned repetition, std::string_view start) {
  return fmt::format("{}|{}|{}|{}|{}|{}", engine, workload, hash, processes, repetition, start);
}

}  // namespace

std::vector<Cell> without_done(std::vector<Cell> cells, const RecordFile& done, StartMode start) {
  // Cell -> run -> phases: those of two attempts do not add up to one.
  std::map<std::string, std::map<std::string, std::set<std::string>>> attempts;
  for (const CellRecord& record : done.cells)
    if (record.ok() || record.status.starts_with("unfinished"))
      attempts[identity(record.engine, record.workload, record.workload_hash, record.processes, record.repetition,
                        record.start)][record.run_id]
          .insert(record.phase);
  std::erase_if(cells, [&](const Cell& cell) {
    const auto found = attempts.find(identity(cell.engine->spec.text(), cell.workload->name,
                                              fmt::format("{:016x}", cell.workload->hash), cell.processes,
                                              cell.repetition, to_string(start_mode(cell.engine->contract, start))));
    return found != attempts.end() && std::ranges::any_of(found->second, [&](const auto& attempt) {
             return attempt.second.size() == cell.workload->phases.size();
           });
  });
  return cells;
}

}  // namespace dictbench
