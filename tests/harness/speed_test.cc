#include "harness/meters/speed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

namespace dictbench {
namespace {

// A figure within bounds that hold for every machine of this century, or the reason why there is none.
void expect_plausible(const std::string& text, double low, double high) {
  if (text.starts_with("unavailable: ")) return;
  char* end = nullptr;
  const double figure = std::strtod(text.c_str(), &end);
  EXPECT_EQ(*end, '\0') << text;
  EXPECT_GE(figure, low) << text;
  EXPECT_LE(figure, high) << text;
}

TEST(MeasuredSpeed, IsPlausibleOrSaysWhyNot) {
  const Facts facts = measured_speed();
  ASSERT_EQ(facts.size(), 4u);
  EXPECT_EQ(facts[0].first, "measured_mhz");
  expect_plausible(facts[0].second, 400, 10'000);
  EXPECT_EQ(facts[1].first, "memory_latency_4k_ns");
  expect_plausible(facts[1].second, 2, 2'000);
  EXPECT_EQ(facts[2].first, "memory_latency_2m_ns");
  expect_plausible(facts[2].second, 2, 2'000);
  EXPECT_EQ(facts[3].first, "clock_stamp_ns");
  expect_plausible(facts[3].second, 1, 1'000);
}

TEST(MeasuredSpeed, IsQuickAndAgreesWithItself) {
  const auto begin = std::chrono::steady_clock::now();
  const Facts first = measured_speed(), second = measured_speed();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(elapsed.count(), 6) << "0.6 s on a quiet machine";
  if (first[0].second.starts_with("unavailable")) GTEST_SKIP() << first[0].second;
  const double ratio = std::atof(first[0].second.c_str()) / std::atof(second[0].second.c_str());
  EXPECT_GT(ratio, 0.4);
  EXPECT_LT(ratio, 2.5);
}

}  // namespace
}  // namespace dictbench
