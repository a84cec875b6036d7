#include "harness/meters/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace dictbench {
namespace {

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t ns = 1; ns <= 60; ++ns) histogram.record(ns);
  EXPECT_EQ(histogram.percentile(0.5), 30u);
  EXPECT_EQ(histogram.percentile(1), 60u);
  EXPECT_EQ(histogram.max(), 60u);
}

TEST(Histogram, EmptyIsZero) { EXPECT_EQ(Histogram().percentile(0.99), 0u); }

TEST(Histogram, PercentilesAreAtMostOnePart64Above) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(6, 2);
  Histogram histogram;
  std::vector<std::uint64_t> exact;
  for (int i = 0; i < 20'000; ++i) {
    exact.push_back(static_cast<std::uint64_t>(latency(random)));
    histogram.record(exact.back());
  }
  std::ranges::sort(exact);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const std::uint64_t truth = exact[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1];
    EXPECT_GE(histogram.percentile(share), truth);
    EXPECT_LE(static_cast<double>(histogram.percentile(share)), static_cast<double>(truth) * (1 + 1.0 / 64) + 1);
  }
}

TEST(Histogram, HugeValuesShareTheLastBucketAndKeepTheirMaximum) {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.total(), 1u);
  EXPECT_EQ(histogram.max(), UINT64_MAX);
}

TEST(Histogram, MergeIsTheSumOfBoth) {
  auto one = std::make_unique<Histogram>(), two = std::make_unique<Histogram>(), both = std::make_unique<Histogram>();
  for (std::uint64_t ns = 1; ns < 5'000; ns += 7) {
    (ns % 2 == 0 ? one : two)->record(ns);
    both->record(ns);
  }
  one->merge(*two);
  EXPECT_EQ(one->total(), both->total());
  for (const double share : {0.1, 0.5, 0.99}) EXPECT_EQ(one->percentile(share), both->percentile(share));
}

}  // namespace
}  // namespace dictbench
