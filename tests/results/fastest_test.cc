// Tables `fastest` and `standings`, from records made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/target_table.h"

namespace dictbench {
namespace {

using testing::add;
using testing::built;
using testing::one_run;
using testing::text;

enum Column { kBest = 1, kFigure, kNext, kAhead, kApart, kProcesses };

std::vector<double> rounds(double speed, std::size_t count = 9) { return std::vector<double>(count, speed); }

TEST(Fastest, NamesTheBestThatIsSharedAndTheNext) {
  RecordFile records = one_run();
  add(records, "lmdb", "get-uniform", 2, rounds(2));
  add(records, "redis", "get-uniform", 2, rounds(0.5));
  for (const char* const unranked : {"null", "local", "slow?ns=1&engine=lmdb", "rival-tbb"})
    add(records, unranked, "get-uniform", 2, rounds(20));
  add(records, "redis", "get-uniform", 1, rounds(9));  // fewer processes than the most
  const Table table = built("fastest", records);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(text(table, "get-uniform", kBest), "lmdb");
  EXPECT_EQ(text(table, "get-uniform", kFigure), "2.00 M/s");
  EXPECT_EQ(text(table, "get-uniform", kNext), "redis");
  EXPECT_EQ(text(table, "get-uniform", kAhead), "4.00 x");
  EXPECT_EQ(text(table, "get-uniform", kApart), "yes");
  EXPECT_EQ(text(table, "get-uniform", kProcesses), "2");
}

TEST(Fastest, AWinCountsOnlyIfItIsToldApartFromAllOthers) {
  RecordFile records = one_run();
  add(records, "lmdb", "get-uniform", 2, rounds(2));
  add(records, "redis", "get-uniform", 2, {1.9, 2.1, 1.9, 2.1, 1.9, 2.1, 1.9, 2.1, 1.9});
  add(records, "memcached", "get-uniform", 2, rounds(1));
  EXPECT_EQ(text(built("fastest", records), "get-uniform", kApart), "no: redis");
}

TEST(Fastest, FewRoundsTellNothingApart) {
  RecordFile records = one_run();
  add(records, "lmdb", "get-uniform", 2, rounds(9, 3));
  add(records, "redis", "get-uniform", 2, rounds(1, 3));
  EXPECT_EQ(text(built("fastest", records), "get-uniform", kApart), "no: 3 of 6 rounds");
}

TEST(Fastest, AFixedRateGoesByLateness) {
  RecordFile records = one_run();
  add(records, "lmdb", "large", 2, rounds(0.01), "10k-a-second");
  add(records, "redis", "large", 2, rounds(0.01), "10k-a-second");
  for (CellRecord& cell : records.cells) {
    cell.work.arrival_rate = 10'000;
    cell.latency_ns->p99 = cell.engine == "redis" ? 1000 : 3000;
  }
  const Table table = built("fastest", records);
  EXPECT_EQ(text(table, "large", kBest), "redis");
  EXPECT_EQ(text(table, "large", kFigure), "1.00 us");
  EXPECT_EQ(text(table, "large", kAhead), "3.00 x");
}

TEST(Fastest, AWindowTooShortDecidesNothingAndCrownsNobodyElse) {
  RecordFile records = one_run();
  add(records, "lmdb", "get-uniform", 2, rounds(20));
  add(records, "redis", "get-uniform", 2, rounds(1));
  for (CellRecord& cell : records.cells)
    if (cell.engine == "lmdb") cell.elapsed_s = 0.01;
  const Table table = built("fastest", records);
  EXPECT_EQ(text(table, "get-uniform", kBest), "lmdb");
  EXPECT_EQ(text(table, "get-uniform", kApart), "no: window 10.0 ms");
}

TEST(Fastest, SeriesOverSizesHaveNoRows) {
  RecordFile records = one_run();
  add(records, "lmdb", "get-uniform", 2, rounds(2));
  for (const char* const workload : {"values", "values-short", "values-middle", "values-long", "blob-growth"})
    for (const char* const phase : {"get-1m", "set-1m"}) add(records, "lmdb", workload, 2, rounds(2), phase);
  EXPECT_EQ(built("fastest", records).rows.size(), 1u);
}

TEST(Standings, SayWhoIsRankedAndWhyOthersAreNot) {
  RecordFile records = one_run();
  for (const char* const engine : {"lmdb", "null", "local", "slow?ns=1&engine=lmdb", "rival-tbb"})
    add(records, engine, "get-uniform", 2, {1});
  const Table table = built("standings", records);
  EXPECT_EQ(text(table, "lmdb", 1), "yes");
  EXPECT_EQ(text(table, "null", 1), "no: does nothing, shows the harness's own cost");
  EXPECT_EQ(text(table, "local", 1), "no: private to each process");
  EXPECT_EQ(text(table, "slow?ns=1&engine=lmdb", 1), "no: another engine in disguise");
  EXPECT_EQ(text(table, "rival-tbb", 1), "no: processes cannot share it, threads of one can");
}

}  // namespace
}  // namespace dictbench
