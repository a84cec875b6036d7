#include "harness/meters/latency_summary.h"

#include <gtest/gtest.h>

namespace dictbench {
namespace {

Latency summary_of_samples(std::uint64_t samples) {
  Histogram histogram;
  for (std::uint64_t ns = 1; ns <= samples; ++ns) histogram.record(ns);
  return latency_summary(histogram, 4).value();
}

TEST(LatencySummary, TellsOnlyPercentilesBeyondWhichTenSamplesLie) {
  EXPECT_FALSE(latency_summary(Histogram(), 1).has_value()) << "no samples";

  const Latency fifty = summary_of_samples(50);
  EXPECT_EQ(fifty.samples, 50u);
  EXPECT_EQ(fifty.one_in, 4u);
  EXPECT_EQ(fifty.p50, 25);
  EXPECT_EQ(fifty.p90, std::nullopt);
  EXPECT_EQ(fifty.p99, std::nullopt);
  EXPECT_EQ(fifty.p999, std::nullopt);
  EXPECT_EQ(fifty.max, 50);

  const Latency thousand = summary_of_samples(1000);
  EXPECT_TRUE(thousand.p99.has_value());
  EXPECT_EQ(thousand.p999, std::nullopt);
}

TEST(LatencySummary, TheLimitsAreExact) {
  EXPECT_EQ(summary_of_samples(19).p50, std::nullopt);
  EXPECT_TRUE(summary_of_samples(20).p50.has_value());
  EXPECT_EQ(summary_of_samples(99).p90, std::nullopt);
  EXPECT_TRUE(summary_of_samples(100).p90.has_value());
  EXPECT_EQ(summary_of_samples(999).p99, std::nullopt);
  EXPECT_EQ(summary_of_samples(9'999).p999, std::nullopt);
  EXPECT_TRUE(summary_of_samples(10'000).p999.has_value());
}

}  // namespace
}  // namespace dictbench
