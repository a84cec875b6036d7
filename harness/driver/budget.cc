#include "harness/driver/budget.h"

#include <algorithm>
#include <map>
#include <utility>

namespace dictbench {
namespace {

// Wall time of the cell, everything included.
double time_of(Cell cell, double scale, const CellOptions& options) {
  cell.scale *= scale;
  const std::int64_t begin = monotonic_ns();
  run_cell(cell, options);
  return static_cast<double>(monotonic_ns() - begin) * 1e-9;
}

// Two points give the fixed part (starting a server, forking) and the part that grows with the scale.
double largest_scale_within(double seconds, const Cell& cell, const CellOptions& options) {
  constexpr double kSmall = 0.001, kLarge = 0.01;
  const double small = time_of(cell, kSmall, options);
  if (small > seconds) return kSmall;
  const double large = time_of(cell, kLarge, options);
  const double per_scale = std::max(1e-9, (large - small) / (kLarge - kSmall));
  const double fixed = std::max(0.0, small - per_scale * kSmall);
  return std::min(1.0, std::max(kSmall, (seconds - fixed) / per_scale));
}

}  // namespace

double round_scale_down(double wanted) {
  constexpr double kSmallest = 0.0001;
  for (double decade = 1; decade > kSmallest; decade /= 10)
    for (const double digit : {1.0, 0.5, 0.2})
      if (digit * decade <= wanted) return digit * decade;
  return kSmallest;
}

void fit_to_budget(std::vector<Cell>& cells, double seconds, const CellOptions& options, const RecordFile& done,
                   const std::function<void(const Cell&)>& tried) {
  if (cells.empty()) return;
  const double share = seconds / static_cast<double>(cells.size());
  std::map<std::pair<std::string, std::string>, double> scales;
  for (const CellRecord& record : done.cells) scales[{record.engine, record.workload}] = record.scale;
  for (Cell& cell : cells) {
    const std::pair key{parse_engine_spec(cell.engine).text(), load_workload(cell.workload, cell.scale).name};
    if (const auto found = scales.find(key); found != scales.end()) {
      cell.scale = found->second;
      continue;
    }
    if (interrupted()) return;
    tried(cell);
    const double scale = cell.scale * round_scale_down(largest_scale_within(share, cell, options));
    cell.scale = scales[key] = scale;
  }
}

}  // namespace dictbench
