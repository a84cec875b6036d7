// How the table of a partition grows, wears out and is used again.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engines/lockfree/table_size.h"
#include "tests/engines/lockfree/table_on_segment.h"

namespace dictbench::lockfree {
namespace {

std::string key(std::uint64_t i) { return "key" + std::to_string(i); }

class Growth : public ::testing::Test {
 protected:
  void expect_all(std::uint64_t count, const std::string& value) {
    Value out;
    for (std::uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(other_.index().get(key(i), out)) << i;
      ASSERT_EQ(out.view(), value);
    }
    ASSERT_EQ(other_.index().size(), count);
    ASSERT_EQ(broken(one_.space()), "");
  }

  Segment segment_ = create(small_sizes(1));
  Participant one_{segment_.name()}, other_{segment_.name()};
};

TEST_F(Growth, StepByStepEachTableTwiceTheLast) {
  std::uint64_t bytes = one_.table_bytes(0), grown = 0;
  EXPECT_EQ(bytes, kLeastTableBytes);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    (i % 3 == 0 ? other_ : one_).index().set(key(i), "v");
    if (one_.table_bytes(0) == bytes) continue;
    EXPECT_EQ(one_.table_bytes(0), 2 * bytes) << "at " << i;
    bytes *= 2;
    ++grown;
    expect_all(i + 1, "v");
  }
  EXPECT_GE(grown, 10u);
  EXPECT_GT(20'000.0 / table_in(bytes).buckets, 2.0) << "tables are at least this full";
}

TEST_F(Growth, RetiredTablesAreUsedAgain) {
  for (std::uint64_t i = 0; i < 100; ++i) one_.index().set(key(i), "v");
  const std::uint64_t in_use = segment_.bytes_in_use();
  // Each bucket is rebuilt after kLastSequence inserts.
  for (std::uint64_t i = 0; i < 400'000; ++i) {
    one_.index().set("churn" + std::to_string(i % 7), "v");
    one_.index().erase("churn" + std::to_string(i % 7));
  }
  EXPECT_GT(one_.space().root().epoch.load(), 3 * kGrace);
  EXPECT_LE(retired_tables(one_.space()), kGrace + 2);
  EXPECT_LE(segment_.bytes_in_use(), in_use + (256 << 10));
  expect_all(100, "v");
}

TEST_F(Growth, SlotsWearOutAndNothingIsLost) {
  for (std::uint64_t i = 0; i < 10; ++i) one_.index().set(key(i), "v");
  const std::uint64_t before = one_.space().root().epoch.load();
  for (std::uint64_t i = 0; i <= 3 * slot::kLastVersion; ++i) one_.index().set(key(3), "v");
  EXPECT_GE(one_.space().root().epoch.load(), before + 3);
  EXPECT_EQ(one_.table_bytes(0), kLeastTableBytes) << "as large as before";
  expect_all(10, "v");
}

// Slots that are empty and worn leave no room in a bucket, but a table of the same size has it.
TEST_F(Growth, WornSlotsAreNoReasonToGrow) {
  for (unsigned round = 0; round <= 2 * kSlots; ++round) {
    for (std::uint64_t i = 1; i < slot::kLastVersion; ++i) one_.index().set(key(0), "v");
    one_.index().erase(key(0));
  }
  EXPECT_EQ(one_.table_bytes(0), kLeastTableBytes);
  expect_all(0, "v");
}

TEST_F(Growth, ChurnLeavesTheSegmentFlat) {
  const auto churn = [&](std::uint64_t rounds) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      (i % 2 == 0 ? one_ : other_).index().set(key(i % 5'000), std::string(i * 37 % 3'000, 'v'));
      if (i % 3 == 0) (i % 5 == 0 ? one_ : other_).index().erase(key(i * 7 % 5'000));
    }
    return segment_.bytes_in_use();
  };
  const std::uint64_t settled = churn(100'000);
  EXPECT_LE(churn(300'000), settled + settled / 10);
  EXPECT_EQ(broken(one_.space()), "");
}

TEST_F(Growth, BatchesAcrossGrowth) {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < 5'000; ++i) keys.push_back(key(i));
  std::vector<KeyValue> items;
  for (const std::string& one : keys) items.push_back({one, "v"});
  one_.index().set_many(items);
  expect_all(keys.size(), "v");
}

}  // namespace
}  // namespace dictbench::lockfree
