// Whether a figure lies on one side of a bound, judged by the whole interval of its median.
//
// Pure functions over plain numbers; any thread may call them. A median beyond a bound says little: of two equal sides
// half of the medians lie beyond. So a bound is met, or missed, only where the sign-test interval (statistics.h) lies
// wholly on that side and covers the level; everything else is open, and says why.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "results/statistics/statistics.h"

namespace dictbench {

// The level of each of `statements` so that all of them hold together with `level`, however they depend on each other
// (Bonferroni: 1 - (1 - level) / statements; Dunn, Multiple Comparisons Among Means, 1961). At least one statement.
double level_of_each(std::size_t statements, double level = kConfidenceLevel);

enum class Judged { met, missed, open };

// Whether so few repetitions as it is of can give the level: 6 for 95 %, 7 for 97.5 %.
bool covers(const Interval& interval, double level = kConfidenceLevel);

// Of at least one figure, each of a round.
Judged judge_bound(std::span<const double> figures, bool at_least, double bound, double level = kConfidenceLevel);

// "met", "missed", "open: 5 of 6 rounds", "open: the interval holds the bound".
std::string judged_text(std::span<const double> figures, bool at_least, double bound, double level = kConfidenceLevel);

// Which of several samples has the highest median (the lowest where `more_is_better` is not), when its interval lies
// beyond all others'; nothing when they overlap or are too few. All intervals hold together with the level, so each of
// n covers level_of_each(n). At least two samples.
struct Best {
  std::optional<std::size_t> index;
  std::string why;  // "not separated", "not separated: 6 of 7 rounds"; empty where there is one
};
Best best_of(const std::vector<std::vector<double>>& samples, bool more_is_better, double level = kConfidenceLevel);

}  // namespace dictbench
