// How the table of a partition grows, wears out and is used again.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engines/lockfree/table_size.h"
#include "tests/engines/error_code.h"
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

// Of a table of six buckets, two that lie side by side are full: one with seven items, one with its overflow bucket
// too. All of them lie so near to the border between the two that they are in one bucket of each larger table, and fit
// into none. So the table has been frozen when that is known, and must not be left so.
TEST_F(Growth, TableThatCannotGrowIsNotLeftFrozen) {
  std::vector<std::string> left, right, others;
  constexpr std::uint32_t kBorder = 0x2aaaaaab, kNear = 0x00600000;
  for (std::uint64_t i = 0; left.size() < 7 || right.size() < 15 || others.size() < 2; ++i) {
    const std::uint32_t position = one_.space().hash(key(i)).position();
    if (position < kBorder && position > kBorder - kNear)
      left.push_back(key(i));
    else if (position >= kBorder && position < kBorder + kNear)
      right.push_back(key(i));
    else if (position > 0xe0000000 && others.size() < 2)
      others.push_back(key(i));
  }
  for (std::size_t i = 0; i < 7; ++i) one_.index().set(left[i], "v");
  for (std::size_t i = 0; i < 14; ++i) one_.index().set(right[i], "v");
  one_.index().set(others[0], "v");
  ASSERT_EQ(one_.table_bytes(0), 512u);
  const Atomic<std::uint64_t>& replaced = one_.space().root().epoch;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(error_code_of([&] { one_.index().set(right[14], "v"); }), ErrorCode::full);
    const std::uint64_t before = replaced.load();
    other_.index().set(others[1], "w");
    EXPECT_TRUE(other_.index().erase(others[1]));
    other_.index().set(others[0], "w");
    EXPECT_EQ(replaced.load(), before) << "a rebuild";
  }
  EXPECT_EQ(one_.index().size(), 22u);
  EXPECT_EQ(broken(one_.space()), "");
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
