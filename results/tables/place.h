// Finds the one series that a published row, a claim or a target speaks of. Private to results/tables/.
#pragma once

#include <string>
#include <vector>

#include "results/published.h"
#include "results/tables/series.h"

namespace dictbench {

// Hosts of these blocks, in the order in which they come; one without a name when there is no block.
std::vector<std::string> hosts_of(const std::vector<Block>& blocks);

// The blocks of one host; they must outlive it.
class Places {
 public:
  Places(const std::vector<Block>& blocks, const std::string& host);

  const std::vector<const Block*>& blocks() const { return blocks_; }
  const Block* block(const MeasuredPlace& place) const;

  // Null when nothing was measured there.
  const Series* find(const MeasuredPlace& place) const;

  // Runs of all blocks that one of these workloads has, each once.
  std::vector<const RunRecord*> runs(const std::vector<std::string>& workloads) const;

 private:
  std::vector<const Block*> blocks_;
};

// Of what is there, the figures by round; else a reason for people ("not measured", "unavailable", "failed: ...").
FigureByRound figures_at(const Places& places, const MeasuredPlace& place, const Metric& metric, std::string& reason,
                         std::vector<std::string>& notes);

// What the figures at that place come from, then those of `base` (null: there is none); empty where nothing was
// measured.
std::vector<FigureSource> sources_at(const Places& places, const MeasuredPlace& place, const MeasuredPlace* base);

}  // namespace dictbench
