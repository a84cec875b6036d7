#include "results/statistics/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/statistics/paired.h"

namespace dictbench {
namespace {

constexpr double kRounding = 1e-9;

}  // namespace

double level_of_each(std::size_t statements, double level) { return 1 - (1 - level) / static_cast<double>(statements); }

bool covers(const Interval& interval, double level) { return interval.coverage >= level - kRounding; }

Judged judge_bound(std::span<const double> figures, bool at_least, double bound, double level) {
  const Interval interval = median_interval(figures, level);
  if (!covers(interval, level)) return Judged::open;
  if (at_least ? interval.low >= bound : interval.high <= bound) return Judged::met;
  if (at_least ? interval.high < bound : interval.low > bound) return Judged::missed;
  return Judged::open;
}

std::string judged_text(std::span<const double> figures, bool at_least, double bound, double level) {
  switch (judge_bound(figures, at_least, bound, level)) {
    case Judged::met: return "met";
    case Judged::missed: return "missed";
    case Judged::open: break;
  }
  if (!covers(median_interval(figures, level), level))
    return fmt::format("open: {} of {} rounds", figures.size(), pairs_for_interval(level));
  return "open: the interval holds the bound";
}

Best best_of(const std::vector<std::vector<double>>& samples, bool more_is_better, double level) {
  const double each = level_of_each(samples.size(), level);
  std::vector<Interval> intervals;
  for (const std::vector<double>& sample : samples) {
    if (sample.empty()) return {std::nullopt, "not separated: no rounds"};
    intervals.push_back(median_interval(sample, each));
    if (!covers(intervals.back(), each))
      return {std::nullopt, fmt::format("not separated: {} of {} rounds", sample.size(), pairs_for_interval(each))};
  }
  for (std::size_t own = 0; own < intervals.size(); ++own) {
    const auto beyond = [&](const Interval& other) {
      return &other == &intervals[own] ||
             (more_is_better ? intervals[own].low > other.high : intervals[own].high < other.low);
    };
    if (std::ranges::all_of(intervals, beyond)) return {own, ""};
  }
  return {std::nullopt, "not separated"};
}

}  // namespace dictbench
