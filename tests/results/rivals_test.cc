// Table `lockfree-rivals`, from records made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/tables/tables.h"
#include "tests/results/record_builder.h"
#include "tests/results/target_table.h"

namespace dictbench {
namespace {

using testing::add;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;
using testing::one_run;
using ::testing::StartsWith;
using testing::text;

enum Column { kMeasured = 2, kRounds, kTarget, kStretch, kVerdict };

Table built(const RecordFile& records) { return testing::built("lockfree-rivals", records); }

constexpr const char* kAgainstCuckoo = "random gets, 2 processes, against 2 threads of libcuckoo";

TEST(LockfreeRivals, RatiosArePairedByRoundAndHeldAgainstTheirTargets) {
  RecordFile records = one_run();
  // The machine drifts; the ratios do not.
  add(records, "lockfree", "keys-8", 2, {20, 10, 30, 40, 24, 20}, "get");
  add(records, "rival-cuckoo", "keys-8", 2, {8, 4, 10, 16, 10, 8}, "get");
  add(records, "rival-tbb", "keys-8", 2, {8, 4, 10, 16, 10, 8}, "get");
  add(records, "lockfree", "get-uniform", 1, {10, 5, 15, 20, 12, 10});
  add(records, "lockfree", "get-uniform", 2, {20, 10, 30, 40, 24, 20});
  add(records, "lockfree", "keys-8", 1, {10, 5, 15, 20, 12, 10}, "get");
  add(records, "local", "keys-8", 1, {8, 4, 12, 16, 9.6, 8}, "get");
  const Table table = built(records);
  EXPECT_EQ(text(table, kAgainstCuckoo, kMeasured), "2.50 [2.40, 3.00]");
  EXPECT_EQ(text(table, kAgainstCuckoo, kRounds), "6");
  EXPECT_EQ(text(table, kAgainstCuckoo, kTarget), "at least 2.00");
  EXPECT_EQ(text(table, kAgainstCuckoo, kStretch), "at least 2.90");
  EXPECT_EQ(text(table, kAgainstCuckoo, kVerdict), "met");
  EXPECT_EQ(text(table, "random gets, 2 processes, against 2 threads of TBB", kMeasured), "2.50 [2.40, 3.00]");
  EXPECT_EQ(text(table, "random gets, 2 processes, against 2 threads of TBB", kVerdict),
            "open: the interval holds the bound")
      << "once it was 3";
  EXPECT_EQ(text(table, "random gets, 1 process, against absl::flat_hash_map", kVerdict), "met, stretch too");
  EXPECT_EQ(text(table, "random gets, 2 processes, against own 1", kMeasured), "2.00 [2.00, 2.00]");
  EXPECT_THAT(table.notes, Contains(HasSubstr("6 rounds: 96.9 %")));
  EXPECT_THAT(table.notes, Contains(HasSubstr("Measured 2024-05-01")));
}

TEST(LockfreeRivals, StorageAndTailAreToBeSmall) {
  RecordFile records = one_run();
  add(records, "lockfree", "load-1m", 1, {4, 4, 4, 4, 4, 4});
  add(records, "lockfree", "growth-tail", 2, {9, 9, 9, 9, 9, 9});
  add(records, "lockfree", "growth-10m", 2, {9, 9, 9, 9, 9, 9});
  add(records, "lockfree", "growth-10m-writers", 2, {9, 9, 9, 9, 9, 9});
  for (CellRecord& cell : records.cells) {
    cell.memory.storage_bytes = 44'000'000;
    if (cell.workload == "growth-tail")
      cell.read_latency_ns =
          Latency{.samples = 9, .one_in = 1, .p50 = 1, .p90 = 2, .p99 = 3, .p999 = 21'000, .max = 9e9};
    if (cell.workload.starts_with("growth-10m")) {
      cell.latency_ns = Latency{.samples = 9, .one_in = 1, .p50 = 1, .p90 = 2, .p99 = 3, .p999 = 4, .max = 11e6};
      cell.read_latency_ns = Latency{.samples = 9, .one_in = 1, .p50 = 1, .p90 = 2, .p99 = 3, .p999 = 4, .max = 5e6};
    }
  }
  const Table table = built(records);
  EXPECT_EQ(text(table, "storage in use per item, after the load", kMeasured), "44 B [44 B, 44 B]");
  EXPECT_EQ(text(table, "storage in use per item, after the load", kTarget), "at most 56 B");
  EXPECT_EQ(text(table, "storage in use per item, after the load", kVerdict), "met, stretch too");
  constexpr const char* kTail = "p99.9 of gets, one writer at full speed, the table growing";
  EXPECT_EQ(text(table, kTail, kMeasured), "21.0 us [21.0 us, 21.0 us]");
  EXPECT_EQ(text(table, kTail, kVerdict), "missed");
  constexpr const char* kPause = "longest of the sampled gets, while 1 process makes 1,000,000 keys 10,000,000";
  EXPECT_EQ(text(table, kPause, kMeasured), "5.00 ms [5.00 ms, 5.00 ms]");
  EXPECT_EQ(text(table, kPause, kVerdict), "met");
  EXPECT_EQ(text(table, "longest of the sampled inserts, while 2 processes do", kVerdict), "missed");
}

TEST(LockfreeRivals, WhatIsMissingSaysWhy) {
  RecordFile records = one_run();
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "n/a: no record of lockfree under keys-8 with 2 processes");
  add(records, "lockfree", "keys-8", 2, {20, 20, 20}, "get");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict),
            "n/a: no record of rival-cuckoo under keys-8 with 2 processes");
  add(records, "rival-cuckoo", "keys-8", 2, {5, 5, 5}, "get");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kMeasured), "4.00 [4.00, 4.00]");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "open: 3 of 6 rounds");
  records.cells.back().verified = "failed: 3 keys lost";
  EXPECT_THAT(text(built(records), kAgainstCuckoo, kVerdict),
              HasSubstr("n/a: rival-cuckoo: failed: 3 keys lost (1 of 3)"));
  for (CellRecord& cell : records.cells) cell.scale = 0.1;  // of all alike, but not the targets' work
  EXPECT_THAT(text(built(records), kAgainstCuckoo, kVerdict), StartsWith("n/a: no record of lockfree"));
}

TEST(LockfreeRivals, AllRunsOfTheNewestCommitWithBothAreTakenAndNoOther) {
  RecordFile records = one_run();
  const auto add_to = [&](const std::string& run, const std::string& engine, double speed) {
    const std::size_t first = records.cells.size();
    add(records, engine, "keys-8", 2, std::vector<double>(6, speed), "get");
    for (std::size_t i = first; i < records.cells.size(); ++i) records.cells[i].run_id = run;
  };
  add_to("run-1", "lockfree", 20);
  add_to("run-1", "rival-cuckoo", 5);
  records.runs.push_back(make_run("run-2"));
  records.runs.back().started = "2024-06-01T10:00:00Z";
  records.runs.back().commit = "fedcba9876543210";
  add_to("run-2", "lockfree", 30);
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kMeasured), "4.00 [4.00, 4.00]") << "no ratio across commits";
  add_to("run-2", "rival-cuckoo", 10);
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kMeasured), "3.00 [3.00, 3.00]");
  records.runs.push_back(make_run("run-3"));
  records.runs.back().commit = "fedcba9876543210";
  add_to("run-3", "lockfree", 20);
  add_to("run-3", "rival-cuckoo", 10);
  const Table table = built(records);
  EXPECT_EQ(text(table, kAgainstCuckoo, kRounds), "12") << "an older run of the same commit is of the same sample";
  EXPECT_EQ(text(table, kAgainstCuckoo, kMeasured), "2.50 [2.00, 3.00]");
  const auto found = std::ranges::find_if(table.rows, [](const auto& row) { return row[0].text == kAgainstCuckoo; });
  EXPECT_THAT(found->at(kMeasured).sources.at(0).runs, ::testing::UnorderedElementsAre("run-2", "run-3"));
}

TEST(LockfreeRivals, AnIntervalThatHoldsTheTargetIsOpen) {
  RecordFile records = one_run();
  add(records, "lockfree", "keys-8", 2, {24, 24, 24, 24, 24, 24, 19, 19}, "get");
  add(records, "rival-cuckoo", "keys-8", 2, {10, 10, 10, 10, 10, 10, 10, 10}, "get");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kMeasured), "2.40 [1.90, 2.40]");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "open: the interval holds the bound");
}

TEST(LockfreeRivals, FiveRoundsAndShortWindowsDecideNothing) {
  RecordFile records = one_run();
  add(records, "lockfree", "keys-8", 2, {90, 90, 90, 90, 90}, "get");
  add(records, "rival-cuckoo", "keys-8", 2, {5, 5, 5, 5, 5}, "get");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "open: 5 of 6 rounds");
  records.cells.clear();
  add(records, "lockfree", "keys-8", 2, std::vector<double>(9, 90), "get");
  add(records, "rival-cuckoo", "keys-8", 2, std::vector<double>(9, 5), "get");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "met, stretch too");
  for (CellRecord& cell : records.cells)
    if (cell.engine == "lockfree") cell.elapsed_s = 0.012;
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kVerdict), "open: window 12.0 ms");
}

TEST(LockfreeRivals, EachLengthOfKeysHasItsOwnVerdict) {
  RecordFile records = one_run();
  for (const auto& [workload, cuckoo] : {std::pair("keys-8", 20.0), {"keys-16", 5.0}}) {
    add(records, "lockfree", workload, 2, std::vector<double>(6, 20), "get");
    add(records, "rival-cuckoo", workload, 2, std::vector<double>(6, cuckoo), "get");
  }
  std::vector<std::string> verdicts;
  for (const auto& row : built(records).rows)
    if (row[0].text == kAgainstCuckoo) verdicts.push_back(row[1].text + ": " + row[kVerdict].text.substr(0, 6));
  EXPECT_THAT(verdicts, ::testing::ElementsAre("keys-8: missed", "keys-15: n/a: n", "keys-16: met, s",
                                               "keys-24: n/a: n", "keys-40: n/a: n"));
}

TEST(LockfreeRivals, AnEnginesOptionsAreTheRunsBusiness) {
  RecordFile records = one_run();
  add(records, "lockfree", "get-uniform-1s", 2, {40, 40, 40, 40, 40, 40});
  add(records, "sqlite-wal?timeout=60000", "get-uniform-1s", 2, {1, 1, 1, 1, 1, 1});
  EXPECT_EQ(text(built(records), "random gets, 2 processes, against sqlite-wal", kVerdict), "met");
}

TEST(LockfreeRivals, RunsOfYardsticksDoNotMixWithTheUsualOnes) {
  RecordFile records = one_run();
  add(records, "lockfree", "keys-8", 2, {20, 20, 20, 20, 20, 20}, "get");
  add(records, "rival-cuckoo", "keys-8", 2, {5, 5, 5, 5, 5, 5}, "get");
  records.runs[0].options = {{"engines", "lockfree rival-cuckoo"}};
  EXPECT_EQ(build_table("engines", records, {}).at(0).rows.size(), 2u) << "nothing else is there";
  records.runs.push_back(make_run("run-2"));
  records.cells.push_back(make_cell("lockfree", 9e6));
  records.cells.back().run_id = "run-2";
  const Table usual = build_table("engines", records, {}).at(0);
  ASSERT_EQ(usual.rows.size(), 1u);
  EXPECT_EQ(usual.rows[0][2].text, "9.00 M");
  EXPECT_EQ(text(built(records), kAgainstCuckoo, kMeasured), "4.00 [4.00, 4.00]");
}

}  // namespace
}  // namespace dictbench
