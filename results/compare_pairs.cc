#include "results/compare_pairs.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace dictbench {
namespace {

// The engine is empty where it is what differs.
using Place = std::tuple<std::string, std::string, std::string, std::string, unsigned>;

Place place_of(const ComparedSide& side, bool with_engine) {
  return {side.block->tier, side.block->workload, side.block->phase, with_engine ? side.series->engine : "",
          side.series->processes};
}

std::vector<ComparedPair> match_at_place(std::vector<ComparedSide> as, std::vector<ComparedSide> bs) {
  std::vector<ComparedPair> pairs;
  const auto take = [&](auto alike) {
    for (auto a = as.begin(); a != as.end();) {
      const auto b = std::ranges::find_if(bs, [&](const ComparedSide& side) { return alike(*a, side); });
      if (b == bs.end()) {
        ++a;
        continue;
      }
      pairs.push_back({*a, *b});
      a = as.erase(a);
      bs.erase(b);
    }
  };
  const auto same_scale = [](const ComparedSide& a, const ComparedSide& b) {
    return a.series->any().scale == b.series->any().scale;
  };
  const auto same_work = [&](const ComparedSide& a, const ComparedSide& b) {
    return same_scale(a, b) && a.series->start == b.series->start;
  };
  take([&](const ComparedSide& a, const ComparedSide& b) { return same_work(a, b) && a.block->host == b.block->host; });
  if (pairs.empty()) take(same_work);
  if (pairs.empty()) take(same_scale);
  if (pairs.empty()) pairs.push_back({as.front(), bs.front()});
  return pairs;
}

}  // namespace

std::vector<const RunRecord*> ComparedSide::runs() const {
  std::vector<const RunRecord*> runs;
  for (const CellRecord* cell : series->cells) {
    const RunRecord* const run = records->run(cell->run_id);
    if (run != nullptr && std::ranges::find(runs, run) == runs.end()) runs.push_back(run);
  }
  return runs;
}

std::vector<ComparedSide> sides_of(const RecordFile& records, const std::vector<Block>& blocks) {
  std::vector<ComparedSide> sides;
  for (const Block& block : blocks)
    for (const Series& series : block.series) sides.push_back({&records, &block, &series});
  return sides;
}

Matched match_sides(const std::vector<ComparedSide>& as, const std::vector<ComparedSide>& bs, bool same_engine) {
  std::map<Place, std::vector<ComparedSide>> places_a, places_b;
  std::vector<Place> in_order;
  for (const ComparedSide& side : as) {
    const Place place = place_of(side, same_engine);
    if (!places_a.contains(place)) in_order.push_back(place);
    places_a[place].push_back(side);
  }
  for (const ComparedSide& side : bs) places_b[place_of(side, same_engine)].push_back(side);

  Matched matched;
  for (const Place& place : in_order) {
    const auto found = places_b.find(place);
    if (found == places_b.end()) continue;
    ++matched.both;
    for (const ComparedPair& pair : match_at_place(places_a.at(place), found->second)) matched.pairs.push_back(pair);
  }
  matched.only_a = places_a.size() - matched.both;
  matched.only_b = places_b.size() - matched.both;
  return matched;
}

PairedFigures paired_figures(const ComparedPair& pair, const Metric& metric, bool by_rounds) {
  PairedFigures paired;
  const FigureByRound a = by_round(*pair.a.series, metric), b = by_round(*pair.b.series, metric);
  if (by_rounds) {
    for (const auto& [round, figure] : a) {
      const auto found = b.find(round);
      if (found == b.end()) continue;
      paired.a.push_back(figure);
      paired.b.push_back(found->second);
    }
    return paired;
  }
  // A run's name begins with the time at which it started, so the rounds are in the order in which they were measured.
  auto other = b.begin();
  for (auto own = a.begin(); own != a.end() && other != b.end(); ++own, ++other) {
    paired.a.push_back(own->second);
    paired.b.push_back(other->second);
  }
  return paired;
}

}  // namespace dictbench
