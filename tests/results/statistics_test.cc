#include "results/statistics/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace dictbench {
namespace {

using Sample = std::vector<double>;

TEST(Median, KnownValues) {
  EXPECT_EQ(median(Sample{3}), 3);
  EXPECT_EQ(median(Sample{5, 1, 3}), 3);
  EXPECT_EQ(median(Sample{4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median(Sample{1e308, 1.5e308}), 1.25e308) << "no overflow";
  EXPECT_THROW(median(Sample{}), std::invalid_argument);
  EXPECT_THROW(median(Sample{1, NAN}), std::invalid_argument);
}

// Ranks and coverages as tables of order-statistic intervals print them.
TEST(MedianInterval, KnownRanks) {
  const auto expect = [](std::size_t n, std::size_t low, std::size_t high, double coverage) {
    const RankInterval ranks = median_ranks(n, 0.95);
    EXPECT_EQ(ranks.low, low) << n;
    EXPECT_EQ(ranks.high, high) << n;
    EXPECT_NEAR(ranks.coverage, coverage, 5e-5) << n;
  };
  expect(6, 1, 6, 0.96875);
  expect(7, 1, 7, 0.984375);
  expect(8, 1, 7, 1 - 10.0 / 256);
  expect(9, 2, 8, 0.9609);
  expect(10, 2, 9, 0.9785);
  expect(20, 6, 15, 0.9586);
  expect(30, 10, 21, 0.9572);
}

TEST(MedianInterval, TooFewGiveTheWholeRangeAndItsRealCoverage) {
  EXPECT_EQ(median_ranks(1).coverage, 0);
  EXPECT_DOUBLE_EQ(median_ranks(2).coverage, 0.5);
  EXPECT_NEAR(median_ranks(5).coverage, 0.9375, 1e-12);
  const Interval interval = median_interval(Sample{5, 3, 1, 4, 2});
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 5);
  EXPECT_EQ(median_interval(Sample{7}).high, 7);
}

TEST(MedianInterval, NoNarrowerPairCoversEnough) {
  for (std::size_t n = 6; n <= 40; ++n) {
    const RankInterval ranks = median_ranks(n, 0.95);
    ASSERT_GE(ranks.coverage, 0.95);
    // Exact sums in integers: C(n,k) fits 64 bits up to n = 40.
    std::vector<double> binomial(n + 1, 1);
    for (std::size_t k = 1; k <= n; ++k) {
      binomial[k] = binomial[k - 1] * static_cast<double>(n - k + 1) / static_cast<double>(k);
    }
    const auto coverage = [&](std::size_t low, std::size_t high) {
      double sum = 0;
      for (std::size_t k = low; k < high; ++k) sum += binomial[k];
      return sum / std::pow(2.0, static_cast<double>(n));
    };
    EXPECT_NEAR(ranks.coverage, coverage(ranks.low, ranks.high), 1e-12);
    const std::size_t width = ranks.high - ranks.low;
    for (std::size_t low = 1; low + width - 1 <= n; ++low) EXPECT_LT(coverage(low, low + width - 1), 0.95) << n;
    for (std::size_t low = 1; low + width <= n; ++low) {
      EXPECT_LE(coverage(low, low + width), ranks.coverage + 1e-12) << n;
    }
  }
}

TEST(MedianInterval, LargeSamplesDoNotUnderflow) {
  const RankInterval ranks = median_ranks(5000, 0.95);
  EXPECT_NEAR(ranks.coverage, 0.95, 0.01);
  EXPECT_NEAR(static_cast<double>(ranks.high - ranks.low), 2 * 1.96 * std::sqrt(5000) / 2, 3);
}

template <typename Distribution>
void check_coverage(Distribution distribution, double true_median) {
  constexpr int kRounds = 20'000;
  std::mt19937_64 random(20240501);
  for (const std::size_t n : {5u, 8u, 11u, 21u}) {
    int held = 0;
    double promised = 0;
    for (int round = 0; round < kRounds; ++round) {
      Sample sample(n);
      std::generate(sample.begin(), sample.end(), [&] { return distribution(random); });
      const Interval interval = median_interval(sample);
      promised = interval.coverage;
      if (interval.low <= true_median && true_median <= interval.high) ++held;
    }
    // Four standard errors of a share of about 0.95.
    EXPECT_NEAR(static_cast<double>(held) / kRounds, promised, 4 * std::sqrt(0.95 * 0.05 / kRounds)) << n;
  }
}

TEST(MedianInterval, CoversAsOftenAsItSaysNormal) { check_coverage(std::normal_distribution<double>(10, 2), 10); }

TEST(MedianInterval, CoversAsOftenAsItSaysLognormal) {
  check_coverage(std::lognormal_distribution<double>(1, 1.5), std::exp(1.0));
}

TEST(PairedRatio, PairsByRoundAndCancelsDrift) {
  // The machine drifts by a factor of four; the ratio within each round stays 2.
  const FigureByRound fast = {{{"a", 0}, 8}, {{"a", 1}, 4}, {{"a", 2}, 2}, {{"b", 0}, 100}};
  const FigureByRound slow = {{{"a", 0}, 4}, {{"a", 1}, 2}, {{"a", 2}, 1}, {{"c", 0}, 1}};
  const auto ratio = paired_ratio(fast, slow);
  ASSERT_TRUE(ratio);
  EXPECT_EQ(ratio->median, 2);
  EXPECT_EQ(ratio->interval.low, 2);
  EXPECT_EQ(ratio->interval.high, 2);
  EXPECT_EQ(ratio->rounds, 3u);
}

TEST(PairedRatio, NothingWithoutACommonRound) {
  EXPECT_FALSE(paired_ratio({{{"a", 0}, 1}}, {{{"b", 0}, 1}}));
  EXPECT_FALSE(paired_ratio({{{"a", 0}, 1}}, {{{"a", 0}, 0}})) << "no division by zero";
}

}  // namespace
}  // namespace dictbench
