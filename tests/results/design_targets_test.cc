// Table `design-targets`, from records made by hand; what it shares with `lockfree-rivals` is tested there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/tables/tables.h"
#include "tests/results/target_table.h"

namespace dictbench {
namespace {

using testing::add;
using testing::make_run;
using testing::one_run;
using testing::text;

constexpr const char* kLong = "bucket-table?key=256&load=50&value=1024";
constexpr const char* kFitted = "bucket-table?key=16&value=16";
constexpr const char* kItems = "pyshmht-mp-items";

enum Column { kMeasured = 2, kRounds, kTarget, kVerdict };

Table built(const RecordFile& records) { return testing::built("design-targets", records); }

TEST(DesignTargets, SetAndGetAreComparedEachWithItsOwnPhase) {
  RecordFile records = one_run();
  add(records, "bucket-table", "pyshmht-64b", 1, {3.3, 3.3, 3.3, 3.3, 3.3, 3.3}, "set");
  add(records, kLong, "pyshmht-64b", 1, {1, 1, 1, 1, 1, 1}, "set");
  add(records, "bucket-table", "pyshmht-64b", 1, {4, 4, 4, 4, 4, 4}, "get");
  add(records, kLong, "pyshmht-64b", 1, {2, 2, 2, 2, 2, 2}, "get");
  const Table table = built(records);
  EXPECT_EQ(table.columns.size(), 6u) << "no stretch";
  constexpr const char* kSet = "bucket-table: set, against 1,280-byte buckets";
  constexpr const char* kGet = "bucket-table: get, against 1,280-byte buckets";
  EXPECT_EQ(text(table, kSet, kMeasured), "3.30 [3.30, 3.30]");
  EXPECT_EQ(text(table, kSet, kRounds), "6");
  EXPECT_EQ(text(table, kSet, kTarget), "at least 3.00");
  EXPECT_EQ(text(table, kSet, kVerdict), "met");
  EXPECT_EQ(text(table, kGet, kMeasured), "2.00 [2.00, 2.00]");
  EXPECT_EQ(text(table, kGet, kVerdict), "missed");
}

TEST(DesignTargets, BlocksAndLengthAreWhatTheOtherTakesThroughOwn) {
  RecordFile records = one_run();
  add(records, kFitted, kItems, 1, {1, 1, 1, 1, 1, 1}, "set");
  for (CellRecord& cell : records.cells) cell.memory.storage_bytes = cell.memory.storage_length_bytes = 20'000'000;
  // Without options of its own it is not to be taken from an engine that the table names beside it.
  EXPECT_EQ(text(built(records), "bucket-table: blocks in use saved", kVerdict),
            "n/a: no record of bucket-table under pyshmht-mp-items with 1 process");
  const std::size_t first = records.cells.size();
  add(records, kLong, kItems, 1, {1, 1, 1, 1, 1, 1}, "set");
  for (std::size_t i = first; i < records.cells.size(); ++i) {
    records.cells[i].memory.storage_bytes = 600'000'000;
    records.cells[i].memory.storage_length_bytes = 190'000'000;
  }
  const Table table = built(records);
  EXPECT_EQ(text(table, "bucket-table?key=16&value=16: blocks in use saved", kMeasured), "30.0 [30.0, 30.0]");
  EXPECT_EQ(text(table, "bucket-table?key=16&value=16: blocks in use saved", kVerdict), "met");
  EXPECT_EQ(text(table, "bucket-table?key=16&value=16: length of the file saved", kMeasured), "9.50 [9.50, 9.50]");
  EXPECT_EQ(text(table, "bucket-table?key=16&value=16: length of the file saved", kVerdict), "missed");
}

TEST(DesignTargets, SpeedsAloneAndWithoutTarget) {
  RecordFile records = one_run();
  add(records, "stream-log", "update-uniform", 1, {2.1, 2.2, 2.05, 2.3, 2.4, 2.2});
  add(records, "local", "update-uniform", 1, {2.1, 2.2, 2.05, 2.3, 2.4, 2.2});
  const Table table = built(records);
  EXPECT_EQ(text(table, "stream-log: set of a key that is there", kMeasured), "2.20 M/s [2.05 M/s, 2.40 M/s]");
  EXPECT_EQ(text(table, "stream-log: set of a key that is there", kTarget), "at least 2.00 M/s");
  EXPECT_EQ(text(table, "stream-log: set of a key that is there", kVerdict), "met");
  EXPECT_EQ(text(table, "stream-log: set of a key that is there, against local", kTarget), "-");
}

TEST(DesignTargets, CatchingUpIsTheUpdatesOfACaseThroughTheTimeOfItsRead) {
  RecordFile records = one_run();
  for (const auto& [phase, ns] : {std::pair("10000 items, 10000 updates", 1e6), {"100000 items, 10000 updates", 4e6}}) {
    const std::size_t first = records.cells.size();
    add(records, "stream-log?buffer=16M", "ultra-cases", 2, {1, 1, 1, 1, 1, 1}, phase);
    for (std::size_t i = first; i < records.cells.size(); ++i) {
      records.cells[i].engine_facts = {{"updates", "10000"}};
      records.cells[i].latency_ns->p50 = ns;
    }
  }
  const Table table = built(records);
  EXPECT_EQ(text(table, "stream-log: catching up, 10,000 keys", kMeasured), "10.0 M/s [10.0 M/s, 10.0 M/s]");
  EXPECT_EQ(text(table, "stream-log: catching up, 10,000 keys", kVerdict), "met");
  EXPECT_EQ(text(table, "stream-log: catching up, 100,000 keys", kVerdict), "missed");
}

TEST(DesignTargets, RunsForTargetsDoNotMixWithTheUsualOnes) {
  RecordFile records = one_run();
  add(records, "stream-log", "get-uniform", 1, {5, 5, 5, 5, 5, 5});
  records.runs[0].options = {{"for", "targets"}};
  records.runs.push_back(make_run("run-2"));
  records.runs.back().options = {{"for", "all tables"}};
  records.cells.push_back(testing::make_cell("stream-log", 9e6));
  records.cells.back().run_id = "run-2";
  const Table usual = build_table("engines", records, {}).at(0);
  ASSERT_EQ(usual.rows.size(), 1u);
  EXPECT_EQ(usual.rows[0][2].text, "9.00 M");
}

}  // namespace
}  // namespace dictbench
