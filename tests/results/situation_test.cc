#include "results/choose/situation.h"

#include <gtest/gtest.h>

namespace dictbench {
namespace {

TEST(Situation, DistanceGrowsWithWhatDiffers) {
  PhaseTraits traits;
  traits.gets = 0.95;
  traits.sets = 0.05;
  traits.value_bytes = 100;
  traits.keys = 100'000;
  Requirements asked;
  asked.value_bytes = 100;
  EXPECT_EQ(distance(traits, 2, asked), 0);
  EXPECT_TRUE(covers(traits, asked));
  const double other_processes = *distance(traits, 4, asked);
  EXPECT_GT(other_processes, 0);
  // One process meets nobody: further from two than four are.
  EXPECT_GT(*distance(traits, 1, asked), other_processes);
  asked.value_bytes = 401;
  EXPECT_GT(*distance(traits, 2, asked), 0);
  EXPECT_FALSE(covers(traits, asked));
  asked.value_bytes = 399;
  EXPECT_TRUE(covers(traits, asked));
  asked.reads = 0.84;
  EXPECT_FALSE(covers(traits, asked));
  traits.keys = 10;
  EXPECT_GT(*distance(traits, 2, asked), 1.5);
}

// Values of 100 kB are better judged by 100 values of that size and one process than by values of 1 kB.
TEST(Situation, ValuesOfAnotherOrderOfSizeAreFurtherThanFewKeysAndOneProcess) {
  PhaseTraits same_size, same_processes;
  same_size.gets = same_processes.gets = 1;
  same_size.value_bytes = 100'000;
  same_size.keys = 10;
  same_processes.value_bytes = 1'000;
  same_processes.keys = 100'000;
  Requirements asked;
  asked.reads = 1;
  asked.value_bytes = 102'400;
  EXPECT_LT(*distance(same_size, 1, asked), *distance(same_processes, 2, asked));
}

TEST(Situation, OtherOperationsHaveNoDistance) {
  PhaseTraits traits;
  traits.gets = 1;
  traits.keys = 100'000;
  Requirements asked;
  EXPECT_TRUE(distance(traits, 2, asked).has_value());
  asked.reads = 0.6;
  asked.write_kind = WriteKind::adds;
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
  asked.write_kind = WriteKind::sets;
  asked.read_kind = ReadKind::scans;
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
  asked.read_kind = ReadKind::gets;
  traits.special = "batches of 32";
  EXPECT_FALSE(distance(traits, 2, asked).has_value());
}

}  // namespace
}  // namespace dictbench
