#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "results/gate/rules.h"

namespace dictbench {
namespace {

// `count` pairs whose log ratios are evenly spread over [-half, half] about log1p(slowdown).
Pairs spread_pairs(std::size_t count, double slowdown, double half) {
  Pairs pairs;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = 2 * static_cast<double>(i) / static_cast<double>(count - 1) - 1;
    pairs.base.push_back(100);
    pairs.head.push_back(100 * (1 + slowdown) * std::exp(half * place));
  }
  return pairs;
}

TEST(GateRules, TwoLooksShareTheFamilyErrorOfAllFigures) {
  const GateRules rules{.figures = 6};
  EXPECT_DOUBLE_EQ(rules.look_error() * rules.look_error() * 6, 0.01);
  EXPECT_DOUBLE_EQ(rules.look_power() * rules.look_power(), 0.99);
  EXPECT_EQ(least_pairs({.figures = 1}), 14U);
  EXPECT_EQ(least_pairs({.figures = 6}), 16U);
  EXPECT_GT(least_pairs({.figures = 100}), least_pairs({.figures = 10}));
}

TEST(GateRules, SlowdownIsFlaggedOnlyWhenItsBoundPassesTheMargin) {
  const GateRules rules;
  const Look quiet = look_at(spread_pairs(20, 0.05, 0.01), rules);
  EXPECT_NEAR(quiet.slowdown, 0.05, 1e-9);
  EXPECT_GT(quiet.low, 0.03);
  EXPECT_LT(quiet.low, 0.05);
  EXPECT_GT(quiet.high, 0.05);
  EXPECT_TRUE(quiet.flagged);
  const Look noisy = look_at(spread_pairs(20, 0.05, 0.2), rules);
  EXPECT_NEAR(noisy.slowdown, 0.05, 1e-9);
  EXPECT_FALSE(noisy.flagged);
  EXPECT_GT(noisy.visible, 0.1);
  EXPECT_FALSE(look_at(spread_pairs(20, 0.02, 0.001), rules).flagged);
  EXPECT_FALSE(look_at(spread_pairs(20, -0.5, 0.001), rules).flagged);
}

TEST(GateRules, VisibleIsTheMarginInSilenceAndGrowsWithNoise) {
  const GateRules rules;
  EXPECT_NEAR(look_at(spread_pairs(20, 0, 0), rules).visible, 0.03, 1e-12);
  double before = 0.03;
  for (const double half : {0.01, 0.05, 0.2}) {
    const double visible = look_at(spread_pairs(20, 0, half), rules).visible;
    EXPECT_GT(visible, before);
    before = visible;
  }
  EXPECT_LT(look_at(spread_pairs(80, 0, 0.1), rules).visible, look_at(spread_pairs(20, 0, 0.1), rules).visible);
}

TEST(GateRules, TooFewPairsOrAFigureOfNothingAreRefused) {
  const GateRules rules;
  EXPECT_THROW(look_at(spread_pairs(13, 0, 0.1), rules), std::invalid_argument);
  EXPECT_NO_THROW(look_at(spread_pairs(14, 0, 0.1), rules));
  Pairs pairs = spread_pairs(20, 0, 0.1);
  pairs.head[3] = 0;
  EXPECT_THROW(look_at(pairs, rules), std::invalid_argument);
  pairs.head.pop_back();
  EXPECT_THROW(look_at(pairs, rules), std::invalid_argument);
}

// On another machine both are twice as slow; what counts is the ratio, and how sure both ratios are.
TEST(GateRules, RatioIsJudgedAgainstTheCommittedOne) {
  const GateRules rules;
  Pairs committed = spread_pairs(20, 1.0, 0.01), here = spread_pairs(20, 1.0, 0.01);
  for (double& figure : here.base) figure *= 2;
  for (double& figure : here.head) figure *= 2;
  EXPECT_NEAR(look_at_ratio(here, committed, rules).slowdown, 0, 1e-9);
  EXPECT_FALSE(look_at_ratio(here, committed, rules).flagged);
  for (double& figure : here.head) figure *= 1.2;
  EXPECT_NEAR(look_at_ratio(here, committed, rules).slowdown, 0.2, 1e-9);
  EXPECT_TRUE(look_at_ratio(here, committed, rules).flagged);
  EXPECT_FALSE(look_at_ratio(here, spread_pairs(20, 1.0, 0.3), rules).flagged);
  EXPECT_THROW(look_at_ratio(here, spread_pairs(least_committed_pairs(rules) - 1, 1.0, 0.01), rules),
               std::invalid_argument);
}

TEST(GateRules, NoiseOnOneSideIsSeenAndNoiseOnBothIsNot) {
  const GateRules rules;
  std::mt19937_64 random(1);
  std::normal_distribution<> normal;
  unsigned both = 0, one = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Pairs even, uneven;
    for (int i = 0; i < 20; ++i) {
      even.base.push_back(std::exp(0.1 * normal(random)));
      even.head.push_back(std::exp(0.1 * normal(random)));
      uneven.base.push_back(std::exp(0.02 * normal(random)));
      uneven.head.push_back(std::exp(0.2 * normal(random)));
    }
    both += wider_side(even, rules) != Disturbed::neither;
    one += wider_side(uneven, rules) == Disturbed::head;
  }
  EXPECT_LE(both, 10U);
  EXPECT_GE(one, 950U);
}

TEST(GateRules, ScatterDoesNotExplainAHeadThatIsSlowerInEveryRun) {
  Pairs pairs;
  for (int i = 0; i < 16; ++i) {
    pairs.base.push_back(46 + 0.1 * i);
    pairs.head.push_back(1044 + 20 * i);
  }
  EXPECT_EQ(wider_side(pairs, GateRules{}), Disturbed::head);
  EXPECT_TRUE(wholly_slower(pairs));
  pairs.head[3] = 47;
  EXPECT_FALSE(wholly_slower(pairs));
}

TEST(GateRules, OtherProgramsBesideOneSideAreSeen) {
  const GateRules rules;
  const std::vector<double> quiet{.01, .02, .01, .03, .02, .01, .02, .01, .02, .01, .02, .01, .02, .01}, busy(14, 0.4),
      little(14, 0.05);
  EXPECT_EQ(busier_side(quiet, busy, rules), Disturbed::head);
  EXPECT_EQ(busier_side(busy, quiet, rules), Disturbed::base);
  EXPECT_EQ(busier_side(busy, busy, rules), Disturbed::neither);
  EXPECT_EQ(busier_side(quiet, little, rules), Disturbed::neither);  // sure, but less than five points
}

}  // namespace
}  // namespace dictbench
