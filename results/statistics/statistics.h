// Statistics of few, skewed, drifting timings: medians, exact intervals, ratios paired by round.
//
// Pure functions over plain numbers: no clock, no file, no state; any thread may call them. An empty sample or a
// figure that is not finite is a programming error (std::invalid_argument). Nothing here assumes a
// distribution: timings on a shared machine are not normal.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {

inline constexpr double kConfidenceLevel = 0.95;

// Ascending. Throws std::invalid_argument for an empty sample and for figures that are not finite.
std::vector<double> sorted(std::span<const double> sample);

// C(n,k)/2^n: how likely k of n values lie below their median.
double half_binomial(std::size_t n, std::size_t k);

// Mean of the two middle values for an even number of them.
double median(std::span<const double> sample);

struct Interval {
  double low = 0, high = 0;
  double coverage = 0;  // probability with which such an interval holds the true median
};

// Ranks of a sorted sample, from 1.
struct RankInterval {
  std::size_t low = 1, high = 1;
  double coverage = 0;
};

// The pair of order statistics with the fewest ranks between them whose coverage is at least `level`; of
// equally close pairs the one that covers most, of mirror images the lower. The interval
// [x_(r), x_(s)] holds the median with probability sum of C(n,k)/2^n over k = r..s-1, whatever the
// (continuous) distribution: David and Nagaraja, Order Statistics, section 7.1. A sample too small for the
// level gives its whole range with the coverage that this really has: 93.75 % for 5, 0 for 1.
RankInterval median_ranks(std::size_t count, double level = kConfidenceLevel);

Interval median_interval(std::span<const double> sample, double level = kConfidenceLevel);

// Which run and which repetition of it: engines are interleaved within a round, so that the machine's
// drift hits all alike and cancels in a ratio.
using Round = std::pair<std::string, unsigned>;
using FigureByRound = std::map<Round, double>;

// figures / base of every round that has both (and a base above 0); none when no round has: ratios across runs mislead.
std::vector<double> paired_ratios(const FigureByRound& figures, const FigureByRound& base);

struct PairedRatio {
  double median = 0;
  Interval interval;
  std::size_t rounds = 0;
};

// The median of the paired ratios; nothing when there are none.
std::optional<PairedRatio> paired_ratio(const FigureByRound& figures, const FigureByRound& base,
                                        double level = kConfidenceLevel);

}  // namespace dictbench
