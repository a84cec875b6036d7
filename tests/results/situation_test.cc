#include "results/choose/situation.h"

#include <gtest/gtest.h>

namespace dictbench {
namespace {

PhaseTraits cache() {
  PhaseTraits traits;
  traits.gets = 0.95;
  traits.sets = 0.05;
  traits.value_bytes = 100;
  traits.keys = 100'000;
  traits.distribution = "uniform";
  return traits;
}

PhaseTraits only(double PhaseTraits::*kind) {
  PhaseTraits traits = cache();
  traits.gets = traits.sets = 0;
  traits.*kind = 1;
  return traits;
}

Requirements reads_of(double reads) {
  Requirements asked;
  asked.reads = reads;
  return asked;
}

TEST(Situation, DistanceGrowsWithWhatDiffers) {
  PhaseTraits traits = cache();
  Requirements asked;
  asked.value_bytes = 100;
  EXPECT_EQ(distance(traits, 2, asked), 0);
  const double other_processes = *distance(traits, 4, asked);
  EXPECT_GT(other_processes, 0);
  // One process meets nobody: further from two than four are.
  EXPECT_GT(*distance(traits, 1, asked), other_processes);
  asked.value_bytes = 199;
  EXPECT_GT(*distance(traits, 2, asked), 0);
  traits.keys = 10;
  EXPECT_GT(*distance(traits, 2, asked), 1.5);
}

// As many operations a second with values a hundred times as long would be more than memory can move.
TEST(Situation, ValuesBeyondAFactorOfTwoSayNothing) {
  PhaseTraits traits = only(&PhaseTraits::gets);
  Requirements asked = reads_of(1);
  for (const std::uint64_t value : {50, 100, 200}) {
    asked.value_bytes = value;
    EXPECT_TRUE(distance(traits, 2, asked).has_value()) << value;
  }
  for (const std::uint64_t value : {49, 201, 102'400}) {
    asked.value_bytes = value;
    EXPECT_FALSE(distance(traits, 2, asked).has_value()) << value;
  }
}

TEST(Situation, AnotherShareOfWritesSaysNothing) {
  EXPECT_TRUE(distance(cache(), 2, reads_of(0.94)).has_value());
  EXPECT_FALSE(distance(cache(), 2, reads_of(0.9)).has_value());
  EXPECT_FALSE(distance(cache(), 2, reads_of(0.99)).has_value());
  EXPECT_FALSE(distance(cache(), 2, reads_of(1)).has_value());
  // Reads alone stand for no writes, however few, and writes alone for no reads.
  EXPECT_FALSE(distance(only(&PhaseTraits::gets), 2, reads_of(0.999)).has_value());
  EXPECT_TRUE(distance(only(&PhaseTraits::gets), 2, reads_of(1)).has_value());
  EXPECT_FALSE(distance(only(&PhaseTraits::sets), 2, reads_of(0.001)).has_value());
  EXPECT_TRUE(distance(only(&PhaseTraits::sets), 2, reads_of(0)).has_value());
}

TEST(Situation, OtherOperationsHaveNoDistance) {
  PhaseTraits traits = cache();
  Requirements asked;
  EXPECT_TRUE(distance(traits, 2, asked).has_value());
  asked.write_kind = WriteKind::adds;
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
  asked.write_kind = WriteKind::sets;
  asked.read_kind = ReadKind::scans;
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
  asked.read_kind = ReadKind::gets;
  traits.special = "batches of 32";
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
}

TEST(Situation, AFixedRateSaysHowLateOperationsAreAndNotHowManyThereCanBe) {
  PhaseTraits traits = cache();
  EXPECT_FALSE(distance_of_open_loop(traits, 2, {}).has_value());
  traits.arrival_rate = 10'000;
  EXPECT_FALSE(distance(traits, 2, {}).has_value());
  EXPECT_EQ(distance_of_open_loop(traits, 2, {}), 0);
}

TEST(Situation, TwoPhasesAreMixedSoThatReadsAreAsAsked) {
  const PhaseTraits get = only(&PhaseTraits::gets), update = only(&PhaseTraits::sets);
  const auto mixed = mix(update, get, reads_of(0.7));
  ASSERT_TRUE(mixed.has_value());
  EXPECT_DOUBLE_EQ(mixed->share, 0.7);
  EXPECT_DOUBLE_EQ(mixed->traits.gets, 0.7);
  EXPECT_DOUBLE_EQ(mixed->traits.sets, 0.3);
  EXPECT_TRUE(distance(mixed->traits, 2, reads_of(0.7)).has_value());
  // Between half reads and all reads.
  PhaseTraits half = cache();
  half.gets = half.sets = 0.5;
  EXPECT_NEAR(mix(half, get, reads_of(0.7))->share, 0.4, 1e-12);
}

TEST(Situation, OnlyWhatLiesBetweenLikePhasesIsMixed) {
  const PhaseTraits get = only(&PhaseTraits::gets), update = only(&PhaseTraits::sets);
  EXPECT_FALSE(mix(get, update, reads_of(0.7)).has_value());
  EXPECT_FALSE(mix(update, get, reads_of(0)).has_value());
  EXPECT_FALSE(mix(update, get, reads_of(1)).has_value());
  PhaseTraits other = get;
  other.distribution = "zipfian 0.99";
  EXPECT_FALSE(mix(update, other, reads_of(0.7)).has_value());
  other = get;
  other.special = "batches of 32";
  EXPECT_FALSE(mix(update, other, reads_of(0.7)).has_value());
  other = get;
  other.arrival_rate = 10'000;
  EXPECT_FALSE(mix(update, other, reads_of(0.7)).has_value());
  other = get;
  other.value_bytes = 1000;
  EXPECT_FALSE(mix(update, other, reads_of(0.7)).has_value());
  other = get;
  other.keys = 10;
  EXPECT_FALSE(mix(update, other, reads_of(0.7)).has_value());
  // Counters have keys and a size of their own.
  other.value_bytes = 1000;
  EXPECT_TRUE(mix(only(&PhaseTraits::adds), other, reads_of(0.7)).has_value());
}

}  // namespace
}  // namespace dictbench
