#include "results/statistics/verdict.h"

#include <gtest/gtest.h>

#include <random>

namespace dictbench {
namespace {

TEST(Verdict, TakesTheWholeInterval) {
  const std::vector<double> above = {2.1, 2.2, 2.3, 2.4, 2.5, 2.6}, over = {1.9, 2.2, 2.3, 2.4, 2.5, 2.6},
                            below = {1.1, 1.2, 1.3, 1.4, 1.5, 1.6};
  EXPECT_EQ(judged_text(above, true, 2), "met");
  EXPECT_EQ(judged_text(over, true, 2), "open: the interval holds the bound");
  EXPECT_EQ(judged_text(below, true, 2), "missed");
  EXPECT_EQ(judged_text(above, false, 2), "missed");
  EXPECT_EQ(judged_text(below, false, 2), "met");
}

TEST(Verdict, FiveRoundsDecideNothing) {
  EXPECT_EQ(judged_text(std::vector<double>(5, 9), true, 2), "open: 5 of 6 rounds");
  EXPECT_EQ(judged_text(std::vector<double>(1, 9), true, 2), "open: 1 of 6 rounds");
  EXPECT_EQ(judged_text(std::vector<double>(6, 9), true, 2, 0.975), "open: 6 of 7 rounds");
}

TEST(Verdict, SeveralStatementsShareTheError) {
  EXPECT_DOUBLE_EQ(level_of_each(1), 0.95);
  EXPECT_DOUBLE_EQ(level_of_each(2), 0.975);
  EXPECT_DOUBLE_EQ(level_of_each(10, 0.9), 0.99);
}

TEST(Verdict, TheBestOfSeveralStandsApartFromAll) {
  const std::vector<double> slow(9, 1), quick(9, 3), quicker = {3, 4, 4, 4, 4, 4, 4, 4, 4};
  EXPECT_EQ(best_of({slow, quick}, true).index, 1u);
  EXPECT_EQ(best_of({slow, quick}, false).index, 0u);
  EXPECT_EQ(best_of({slow, quick, quick}, true).why, "not separated");
  EXPECT_EQ(best_of({slow, std::vector<double>(6, 3)}, true).why, "not separated: 6 of 7 rounds");
  EXPECT_EQ(best_of({slow, slow, std::vector<double>(7, 3)}, true).index, 2u) << "98.4 % of 98.3 %";
}

// Equal candidates with 10 % noise: some one is called the best in 5 of 100 at most.
TEST(Verdict, OfEqualCandidatesHardlyAnyIsCalledTheBest) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(1, 0.1);
  for (const std::size_t rounds : {5, 7, 9})
    for (const std::size_t candidates : {2, 5}) {
      int wrong = 0;
      constexpr int kTries = 2000;
      for (int k = 0; k < kTries; ++k) {
        std::vector<std::vector<double>> samples(candidates, std::vector<double>(rounds));
        for (std::vector<double>& sample : samples)
          for (double& figure : sample) figure = noise(random);
        wrong += best_of(samples, true).index ? 1 : 0;
      }
      EXPECT_LE(wrong, kTries / 20) << rounds << " rounds, " << candidates << " candidates";
    }
}

}  // namespace
}  // namespace dictbench
