// Table `overview`, from records made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/target_table.h"

namespace dictbench {
namespace {

using testing::add;
using testing::built;
using testing::one_run;
using ::testing::StartsWith;
using testing::text;

enum Column { kGet = 1, kMostlyGet, kUpdate, kLoad, kTail = 7, kBytes, kSwitches, kKills, kDurable };

RecordFile two_engines() {
  RecordFile records = one_run();
  for (const char* const engine : {"lmdb", "lockfree", "local", "null"}) {
    const double speed = std::string(engine) == "lmdb" ? 2 : 20;
    for (const char* const phase : {"get", "zipf-95-5", "update"}) {
      add(records, engine, "large", 1, {speed * 3, speed * 3}, phase);  // fewer processes than the most
      add(records, engine, "large", 2, std::vector<double>(9, speed), phase);
    }
    add(records, engine, "large", 2, {0.01, 0.01}, "10k-a-second");
  }
  add(records, "lmdb", "small", 2, {99}, "zipf-95-5");
  return records;
}

TEST(Overview, HasARowForEachSharedEngineTheBestFirst) {
  const Table table = built("overview", two_engines());
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0][0].text, "lockfree");
  EXPECT_EQ(table.rows[1][0].text, "lmdb");
  EXPECT_EQ(text(table, "lockfree", kMostlyGet), "20.0 M");
  EXPECT_EQ(text(table, "lmdb", kGet), "2.00 M");
  EXPECT_EQ(text(table, "lmdb", kLoad), "-");
  EXPECT_EQ(text(table, "lmdb", kTail), "1.20 us");
  EXPECT_EQ(text(table, "lmdb", kBytes), "56 B");
  EXPECT_EQ(
      table.notes[0],
      "Read: 2 processes do 20.0 M operations a second on lockfree, 95 of 100 of them gets, 10.0 times as many as on "
      "lmdb; at 10,000 a second 99 of 100 end 1.20 us after they are due; an item takes 56 B.");
}

TEST(Overview, ClaimsNoLeadThatTheRoundsDoNotShow) {
  RecordFile records = two_engines();
  for (CellRecord& cell : records.cells)
    if (cell.engine == "lmdb" && cell.phase == "zipf-95-5") cell.ops_per_s = cell.repetition % 2 == 0 ? 18e6 : 22e6;
  EXPECT_THAT(built("overview", records).notes[0], ::testing::HasSubstr(", not told apart from lmdb;"));
}

TEST(Overview, WhatFailedHasNoFigureAndStandsLast) {
  RecordFile records = two_engines();
  for (CellRecord& cell : records.cells)
    if (cell.engine == "lockfree" && cell.phase == "zipf-95-5") cell.verified = "failed: 3 keys lost";
  const Table table = built("overview", records);
  EXPECT_EQ(table.rows[0][0].text, "lmdb");
  EXPECT_THAT(text(table, "lockfree", kMostlyGet), StartsWith("failed: 3 keys lost"));
}

TEST(Overview, TellsWhatWasFoundAndWhatIsDurable) {
  RecordFile records = two_engines();
  TortureRecord torture;
  torture.run_id = "run-1";
  torture.engine = "lmdb";
  torture.fault = "kill";
  torture.tried = torture.survived = 100;
  torture.status = "ok";
  records.tortures.push_back(torture);
  TableContext context;
  context.knowledge.engine = [](const std::string& spec) {
    EnginePromises promises;
    promises.spec = spec;
    promises.declared = {Guarantee::shared};
    if (spec.starts_with("lmdb")) promises.declared.insert(Guarantee::survives_kill);
    if (spec == "lmdb?sync=full") promises.declared.insert(Guarantee::durable);
    return std::optional(promises);
  };
  context.knowledge.candidates = [&](const Requirements&) {
    return std::vector<EnginePromises>{*context.knowledge.engine("lmdb"), *context.knowledge.engine("lmdb?sync=full")};
  };
  const Table table = build_table("overview", records, context).at(0);
  EXPECT_EQ(text(table, "lmdb", kKills), "tested: 100 kills");
  EXPECT_EQ(text(table, "lmdb", kDurable), "?sync=full");
  EXPECT_EQ(text(table, "lockfree", kKills), "does not survive a killed writer");
  EXPECT_EQ(text(table, "lockfree", kDurable), "-");
}

TEST(Overview, WithoutRecordsSaysSo) { EXPECT_TRUE(built("overview", one_run()).rows.empty()); }

}  // namespace
}  // namespace dictbench
