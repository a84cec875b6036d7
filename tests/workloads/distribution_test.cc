#include "workloads/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "workloads/permutation.h"
#include "workloads/portable_math.h"
#include "workloads/zipf.h"

namespace dictbench {
namespace {

// Pearson's statistic less its mean, in standard deviations: beyond 5 about once in a million seeds.
double surprise(const std::vector<std::uint64_t>& seen, const std::vector<double>& expected) {
  double statistic = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double off = static_cast<double>(seen[i]) - expected[i];
    statistic += off * off / expected[i];
  }
  const auto freedom = static_cast<double>(seen.size() - 1);
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

TEST(Random, IsTheSameEverywhere) {
  // The first two are SplitMix64's published first results for the seed 0, at its first and second state.
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15), 0x6e789e6aa1b965f4u);
  // xoshiro256++ seeded so.
  Random random(0);
  EXPECT_EQ(random.next(), 0x53175d61490b23dfu);
  EXPECT_EQ(random.next(), 0x61da6f3dc380d507u);
  EXPECT_EQ(random.next(), 0x5c0fdf91ec9a7bfcu);
}

TEST(Random, BelowIsUniform) {
  Random random(2);
  for (const std::uint64_t bound : {1u, 2u, 7u, 100u}) {
    std::vector<std::uint64_t> seen(bound);
    constexpr std::uint64_t kDraws = 100'000;
    for (std::uint64_t i = 0; i < kDraws; ++i) ++seen.at(random.below(bound));
    if (bound == 1) continue;
    EXPECT_LT(surprise(seen, std::vector<double>(bound, double{kDraws} / static_cast<double>(bound))), 5) << bound;
  }
}

TEST(Random, BelowHasNoBiasForHugeBounds) {
  // A plain multiplication would give the lower part of such a bound twice as often.
  constexpr std::uint64_t kBound = 3ull << 62;
  Random random(3);
  std::vector<std::uint64_t> seen(3);
  for (int i = 0; i < 30'000; ++i) ++seen.at(random.below(kBound) >> 62);
  EXPECT_LT(surprise(seen, {10'000, 10'000, 10'000}), 5);
}

TEST(PortableMath, AgreesWithTheCLibrary) {
  for (double x = 1e-9; x < 1e18; x *= 1.37)
    EXPECT_NEAR(portable_log(x), std::log(x), 1e-14 * (1 + std::abs(std::log(x)))) << x;
  for (double x = -700; x < 700; x += 0.37) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1, 1e-13) << x;
  EXPECT_EQ(portable_exp(-1000), 0);
  for (double x = -0.999; x < 10; x += 0.0137)
    EXPECT_NEAR(portable_log1p_over(x), std::log1p(x) / x, 1e-13 * (std::log1p(x) / x)) << x;
  for (double x = -20; x < 20; x += 0.0137) EXPECT_NEAR(portable_expm1_over(x) / (std::expm1(x) / x), 1, 1e-13) << x;
  EXPECT_EQ(portable_log1p_over(0), 1);
  EXPECT_EQ(portable_expm1_over(0), 1);
}

class ZipfLaw : public ::testing::TestWithParam<double> {};

TEST_P(ZipfLaw, RanksComeAsOftenAsTheLawSays) {
  const double exponent = GetParam();
  for (const std::uint64_t ranks : {1u, 2u, 3u, 1000u}) {
    std::vector<double> expected(ranks);
    double sum = 0;
    for (std::uint64_t k = 0; k < ranks; ++k) sum += expected[k] = std::pow(static_cast<double>(k + 1), -exponent);
    constexpr double kDraws = 400'000;
    for (double& share : expected) share *= kDraws / sum;
    Random random(4);
    const Zipf zipf(ranks, exponent);
    std::vector<std::uint64_t> seen(ranks);
    for (int i = 0; i < static_cast<int>(kDraws); ++i) ++seen.at(zipf.next(random));
    // Ranks that come fewer than 10 times are put together, as Pearson's statistic asks for.
    while (expected.size() > 2 && expected.back() < 10) {
      expected[expected.size() - 2] += expected.back();
      seen[seen.size() - 2] += seen.back();
      expected.pop_back();
      seen.pop_back();
    }
    if (ranks == 1) continue;
    EXPECT_LT(surprise(seen, expected), 5) << ranks << " ranks, exponent " << exponent;
  }
}

INSTANTIATE_TEST_SUITE_P(Exponents, ZipfLaw, ::testing::Values(0.01, 0.5, 0.99, 0.999999, 1.0, 1.000001, 1.5, 3.0));

TEST(Zipf, IsReadyAtOnceForAHundredMillionRanks) {
  const auto start = std::chrono::steady_clock::now();
  Random random(5);
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) last |= Zipf(100'000'000, 0.99).next(random);
  EXPECT_GT(last, 0u);
  EXPECT_LT(last, std::uint64_t{1} << 27);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));  // a thousand set-ups
}

TEST(Zipf, ResizedIsAsMadeSo) {
  Zipf grown(10, 0.99);
  grown.resize(1000);
  const Zipf made(1000, 0.99);
  Random one(6), other(6);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(grown.next(one), made.next(other));
}

TEST(Permutation, IsOneToOne) {
  for (const std::uint64_t count : {1u, 2u, 3u, 5u, 16u, 17u, 1000u, 1024u, 99'999u}) {
    for (const std::uint64_t seed : {1u, 2u}) {
      const Permutation permutation(count, seed);
      std::vector<bool> hit(count);
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t to = permutation(i);
        ASSERT_LT(to, count);
        EXPECT_FALSE(hit[to]) << count << ": " << to << " twice";
        hit[to] = true;
      }
    }
  }
}

TEST(Permutation, ScattersNeighbours) {
  constexpr std::uint64_t kCount = 100'000;
  const Permutation permutation(kCount, 7);
  std::vector<std::uint64_t> seen(10);
  for (std::uint64_t i = 0; i < 10'000; ++i) ++seen[permutation(i) * 10 / kCount];  // the first tenth
  EXPECT_LT(surprise(seen, std::vector<double>(10, 1000)), 5);
  std::uint64_t neighbours = 0;
  for (std::uint64_t i = 1; i < kCount; ++i) neighbours += permutation(i) == permutation(i - 1) + 1;
  EXPECT_LT(neighbours, 20u);
}

TEST(Distribution, SequentialGoesRoundAndRound) {
  const auto sequential = make_distribution({DistributionKind::sequential}, 3, 0, 1);
  Random random(8);
  for (const std::uint64_t expected : {0u, 1u, 2u, 0u, 1u}) EXPECT_EQ(sequential->next(random), expected);
}

TEST(Distribution, UniformCoversAllEvenly) {
  const auto uniform = make_distribution({DistributionKind::uniform}, 1000, 0, 1);
  Random random(9);
  std::vector<std::uint64_t> seen(1000);
  for (int i = 0; i < 200'000; ++i) ++seen.at(uniform->next(random));
  EXPECT_LT(surprise(seen, std::vector<double>(1000, 200)), 5);
}

TEST(Distribution, ZipfianIsScatteredAndTheSameForAll) {
  const DistributionSpec spec{.kind = DistributionKind::zipfian, .exponent = 0.99};
  const auto one = make_distribution(spec, 1000, 0, 77), other = make_distribution(spec, 1000, 0, 77);
  Random random(10), another(11);
  std::vector<std::uint64_t> seen(1000), also(1000);
  for (int i = 0; i < 100'000; ++i) {
    ++seen.at(one->next(random));
    ++also.at(other->next(another));
  }
  const Permutation scatter(1000, 77);
  EXPECT_EQ(std::max_element(seen.begin(), seen.end()) - seen.begin(), static_cast<std::ptrdiff_t>(scatter(0)));
  EXPECT_EQ(std::max_element(also.begin(), also.end()) - also.begin(), static_cast<std::ptrdiff_t>(scatter(0)));
}

TEST(Distribution, LatestPrefersWhatWasInsertedLast) {
  const auto latest = make_distribution({.kind = DistributionKind::latest, .exponent = 0.99}, 1000, 5, 1);
  Random random(12);
  for (int i = 0; i < 20; ++i) latest->inserted();
  std::vector<std::uint64_t> seen(1025);
  for (int i = 0; i < 100'000; ++i) ++seen.at(latest->next(random));
  EXPECT_EQ(std::max_element(seen.begin(), seen.end()) - seen.begin(), 1024);
  EXPECT_NEAR(static_cast<double>(seen[1024]) / static_cast<double>(seen[1023]), std::pow(2, 0.99), 0.1);
}

TEST(Distribution, HotspotKeepsItsShares) {
  const DistributionSpec spec{.kind = DistributionKind::hotspot, .exponent = 0, .hot_keys = 0.2, .hot_operations = 0.8};
  const auto hotspot = make_distribution(spec, 1000, 0, 5);
  Random random(13);
  std::vector<std::uint64_t> seen(1000);
  for (int i = 0; i < 400'000; ++i) ++seen.at(hotspot->next(random));
  std::vector<double> expected(1000);
  const Permutation scatter(1000, 5);
  for (std::uint64_t rank = 0; rank < 1000; ++rank) expected[scatter(rank)] = rank < 200 ? 1600 : 100;
  EXPECT_LT(surprise(seen, expected), 5);
}

TEST(Distribution, HotspotOfAllKeysIsUniform) {
  const auto hotspot = make_distribution(
      {.kind = DistributionKind::hotspot, .exponent = 0, .hot_keys = 1, .hot_operations = 0.5}, 4, 0, 5);
  Random random(14);
  std::vector<std::uint64_t> seen(4);
  for (int i = 0; i < 40'000; ++i) ++seen.at(hotspot->next(random));
  EXPECT_LT(surprise(seen, std::vector<double>(4, 10'000)), 5);
}

}  // namespace
}  // namespace dictbench
