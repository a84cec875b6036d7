#include "harness/driver/budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "engines/registry.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

constexpr std::array kScales = {1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001};

// Wall time of a cell: a part that every scale pays (starting a server, forking) and one that grows with it.
struct Cost {
  double fixed_s = 0, per_scale_s = 0;
  // An engine that limits the number of its keys does so because each operation costs what the dict is large: with ten
  // times the keys and operations the cell takes a hundred times as long.
  bool quadratic = false;

  double growth(double scale) const { return quadratic ? scale * scale : scale; }
  double at(double scale) const { return fixed_s + per_scale_s * growth(scale); }
  double scale_for(double seconds) const {
    const double ratio = std::max(0.0, seconds - fixed_s) / per_scale_s;
    return quadratic ? std::sqrt(ratio) : ratio;
  }
};

double time_of(Cell cell, double scale, const CellOptions& options) {
  cell.scale *= scale;
  const std::int64_t begin = monotonic_ns();
  run_cell(cell, options);
  return static_cast<double>(monotonic_ns() - begin) * 1e-9;
}

std::size_t most_items(const Cell& cell) {
  const Spec spec = parse_engine_spec(cell.engine);
  return find_engine(spec.name()).contract(spec).most_items;
}

// The largest scale at which the engine takes as many keys as the workload stores; 1 where that is not what is in its
// way.
double most_scale(const Cell& cell) {
  const std::size_t most = most_items(cell);
  if (most == 0) return 1;
  const auto fits = [&](double scale) {
    return footprint(load_workload(cell.workload, cell.scale * scale), cell.processes).items <= most;
  };
  const auto found = std::ranges::find_if(kScales, fits);
  return found == kScales.end() ? 1 : *found;
}

// Larger and larger trials until one takes three times the smallest, so that the slope is not noise.
Cost cost_of(const Cell& cell, double most, const CellOptions& options) {
  constexpr double kSmallest = 0.001;
  const double small_s = time_of(cell, kSmallest, options);
  Cost cost{.fixed_s = small_s, .per_scale_s = 0, .quadratic = most_items(cell) != 0};
  for (double scale = 10 * kSmallest; scale < 1 && scale <= most && !interrupted(); scale *= 10) {
    const double large_s = time_of(cell, scale, options);
    cost.per_scale_s = std::max(0.0, large_s - small_s) / (cost.growth(scale) - cost.growth(kSmallest));
    cost.fixed_s = std::max(0.0, small_s - cost.per_scale_s * cost.growth(kSmallest));
    if (large_s > 3 * small_s) break;
  }
  return cost;
}

double scale_within(const Cost& cost, double seconds) {
  return cost.at(1) <= seconds ? 1 : std::max(kScales.back(), cost.scale_for(seconds));
}

// The longest time that each cell may take when all together take `seconds`: what the quick ones leave
// over goes to the slow ones.
double common_limit(const std::vector<double>& whole, double seconds) {
  double low = 0, high = seconds;
  for (int step = 0; step < 50; ++step) {
    const double limit = (low + high) / 2;
    double sum = 0;
    for (const double cell : whole) sum += std::min(cell, limit);
    (sum > seconds ? high : low) = limit;
  }
  return low;
}

}  // namespace

double round_scale_down(double wanted) {
  const auto fits = std::ranges::find_if(kScales, [wanted](double scale) { return scale <= wanted; });
  return fits == kScales.end() ? kScales.back() : *fits;
}

void fit_to_budget(std::vector<Cell>& cells, std::optional<double> seconds, const CellOptions& options,
                   const RecordFile& known, const std::function<void(const Cell&)>& tried) {
  using Key = std::pair<std::string, std::string>;
  const auto key_of = [](const Cell& cell) {
    return Key{parse_engine_spec(cell.engine).text(), load_workload(cell.workload, cell.scale).name};
  };
  std::map<Key, double> used;
  for (const CellRecord& record : known.cells) used[{record.engine, record.workload}] = record.scale;

  std::map<Key, Cost> costs;
  std::map<Key, double> largest;  // scales
  std::vector<double> whole;
  for (const Cell& cell : cells) {
    const Key key = key_of(cell);
    if (used.contains(key) || !seconds) continue;
    if (!costs.contains(key)) {
      if (interrupted()) return;
      tried(cell);
      largest[key] = most_scale(cell);
      costs[key] = cost_of(cell, largest[key], options);
    }
    whole.push_back(costs[key].at(largest[key]));
  }
  const double limit = seconds ? common_limit(whole, *seconds) : 0;
  for (Cell& cell : cells) {
    const Key key = key_of(cell);
    if (const auto found = used.find(key); found != used.end())
      cell.scale = found->second;
    else if (seconds)
      cell.scale *= std::min(largest[key], round_scale_down(scale_within(costs[key], limit)));
  }
}

}  // namespace dictbench
