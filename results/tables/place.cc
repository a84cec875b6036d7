#include "results/tables/place.h"

#include <algorithm>

#include "results/tables/provenance.h"

namespace dictbench {

std::vector<std::string> hosts_of(const std::vector<Block>& blocks) {
  std::vector<std::string> hosts;
  for (const Block& block : blocks)
    if (std::ranges::find(hosts, block.host) == hosts.end()) hosts.push_back(block.host);
  if (hosts.empty()) hosts.emplace_back();
  return hosts;
}

Places::Places(const std::vector<Block>& blocks, const std::string& host) {
  for (const Block& block : blocks)
    if (block.host == host) blocks_.push_back(&block);
}

const Block* Places::block(const MeasuredPlace& place) const {
  for (const Block* block : blocks_)
    if (block->tier == place.tier && block->workload == place.workload && block->phase == place.phase) return block;
  return nullptr;
}

const Series* Places::find(const MeasuredPlace& place) const {
  const Block* const found = block(place);
  if (found == nullptr) return nullptr;
  for (const Series& series : found->series)
    if (series.engine == place.engine && series.processes == place.processes) return &series;
  return nullptr;
}

std::vector<const RunRecord*> Places::runs(const std::vector<std::string>& workloads) const {
  std::vector<const RunRecord*> runs;
  for (const Block* block : blocks_) {
    if (std::ranges::find(workloads, block->workload) == workloads.end()) continue;
    for (const RunRecord* run : block->runs)
      if (std::ranges::find(runs, run) == runs.end()) runs.push_back(run);
  }
  return runs;
}

FigureByRound figures_at(const Places& places, const MeasuredPlace& place, const Metric& metric, std::string& reason,
                         std::vector<std::string>& notes) {
  const Series* const series = places.find(place);
  if (series == nullptr) {
    reason = "not measured";
    return {};
  }
  if (!series->good()) {
    reason = short_reason(*series, notes);
    return {};
  }
  FigureByRound figures = by_round(*series, metric);
  if (figures.empty()) reason = series->any().scale != 1 ? "not measured at full scale" : "not measured";
  return figures;
}

std::vector<FigureSource> sources_at(const Places& places, const MeasuredPlace& place, const MeasuredPlace* base) {
  std::vector<FigureSource> sources;
  for (const MeasuredPlace* const each : {&place, base})
    if (const Series* const series = each != nullptr ? places.find(*each) : nullptr)
      sources.push_back(source_of(*series));
  return sources;
}

}  // namespace dictbench
