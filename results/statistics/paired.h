// Paired comparison of two series of figures: the median log ratio of the pairs, its sign-test interval and one-sided
// bounds.
//
// Pure functions over plain numbers; any thread may call them. Two figures are a pair when they were taken under like
// conditions: in the same round of one run (FigureByRound), so that whatever slowed the machine slowed both and
// cancels. A ratio is told by its logarithm, because half as fast and twice as fast lie equally far from 1, and because
// the median of the logs is the log of the median whatever the side that one divides by.
//
// The intervals are those of the sign test (Dixon and Mood, "The statistical sign test", JASA 41, 1946; as intervals
// Thompson, "On confidence ranges for the median", Annals of Mathematical Statistics 7, 1936; David and Nagaraja, Order
// Statistics, section 7.1). They hold whatever the distribution, and where it differs from pair to pair as long as
// the median is the same. They do assume that the pairs are independent of each other: drift that lasts for several
// rounds and hits only one side makes them cover less than they say (docs/method.md has figures).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "results/statistics/statistics.h"

namespace dictbench {

// log(b / a) of every round that both have, in the order of the rounds; rounds in which one is not above 0 are left
// out.
std::vector<double> paired_log_ratios(const FigureByRound& a, const FigureByRound& b);

// The same for figures without rounds: the k-th of a with the k-th of b, as far as both go.
std::vector<double> paired_log_ratios(std::span<const double> a, std::span<const double> b);

// Of b to a, as a factor: 1.25 where b is a quarter above a.
struct RatioEstimate {
  double ratio = 1;
  Interval interval;  // with the coverage that so many pairs really give
  std::size_t pairs = 0;
};

// From at least one log ratio.
RatioEstimate ratio_estimate(std::span<const double> log_ratios, double level = kConfidenceLevel);

// Which order statistic, from 1, of `count` values lies below their median except with probability `error` at most; 0:
// there is none, as even the smallest lies above it with probability 2^-count. By symmetry the same rank from the top
// bounds the median from above.
std::size_t lower_bound_rank(std::size_t count, double error);

// The largest order statistic that lies below the median with at least `level`, and the smallest that lies above it.
// Nothing where so few values cannot say so: see pairs_for_bound().
std::optional<double> median_lower_bound(std::span<const double> sample, double level);
std::optional<double> median_upper_bound(std::span<const double> sample, double level);

// The fewest pairs whose interval reaches `level`: 6 for 95 %; and for a one-sided bound: 5 for 95 %, 7 for 99 %.
std::size_t pairs_for_interval(double level = kConfidenceLevel);
std::size_t pairs_for_bound(double level = kConfidenceLevel);

}  // namespace dictbench
