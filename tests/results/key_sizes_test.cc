// Table `key-sizes`, from records made by hand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/target_table.h"

namespace dictbench {
namespace {

using testing::add;
using testing::built;
using testing::one_run;
using testing::text;

enum Column { kGet8 = 1, kGet15, kGet16, kGet24, kGet40, kUpdate8, kRemark = 11 };

TEST(KeySizes, ARowHasEveryLengthOfKeys) {
  RecordFile records = one_run();
  for (const unsigned size : {8, 15, 16, 24, 40}) {
    const std::string workload = fmt::format("keys-{}", size);
    // 2 processes: 20 million a second are 100 ns each.
    add(records, "lockfree", workload, 2, {20, 20, 20}, "get");
    const double rival = size > 15 ? 10 : 40;  // on the heap
    add(records, "rival-tbb", workload, 2, {rival, rival, rival}, "get");
  }
  add(records, "lockfree", "keys-8", 1, {90}, "get");
  add(records, "rival-tbb", "keys-8", 2, {4, 5, 2}, "update");
  const Table table = built("key-sizes", records);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0][0].text, "lockfree") << "the quicker with 16 bytes";
  for (int column : {kGet8, kGet15, kGet16, kGet24, kGet40})
    EXPECT_EQ(text(table, "lockfree", column), "100 ns [100, 100]");
  EXPECT_EQ(text(table, "rival-tbb", kGet15), "50 ns [50, 50]");
  EXPECT_EQ(text(table, "rival-tbb", kGet16), "200 ns [200, 200]");
  EXPECT_EQ(text(table, "rival-tbb", kUpdate8), "500 ns [400, 1000]");
  EXPECT_EQ(text(table, "lockfree", kUpdate8), "-");
  EXPECT_EQ(text(table, "rival-tbb", kRemark), "threads");
}

TEST(KeySizes, OtherCommitsAreAnotherTable) {
  RecordFile records = one_run();
  add(records, "lockfree", "keys-8", 2, {20}, "get");
  records.runs.push_back(testing::make_run("run-2"));
  records.runs.back().commit = "fedcba9876543210";
  add(records, "lockfree", "keys-16", 2, {10}, "get");
  records.cells.back().run_id = "run-2";
  EXPECT_EQ(build_table("key-sizes", records, {}).size(), 2u);
}

TEST(KeySizes, AFailureShowsNoTime) {
  RecordFile records = one_run();
  add(records, "lockfree", "keys-8", 2, {20, 20}, "get");
  records.cells.back().verified = "failed: 3 keys lost";
  EXPECT_EQ(text(built("key-sizes", records), "lockfree", kGet8), "failed: 3 keys lost (1 of 2)");
}

}  // namespace
}  // namespace dictbench
