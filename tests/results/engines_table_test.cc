// Table `engines`, from records made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/table_lookup.h"

namespace dictbench {
namespace {

using testing::add;
using testing::cell_text;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::engines;
using testing::engines_of;
using ::testing::HasSubstr;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;
using testing::records_of;
using ::testing::StartsWith;

TEST(Engines, ShowMedianIntervalAndRatioPairedByRepetition) {
  RecordFile records = records_of({});
  // The machine drifts; lmdb is half as fast as redis in every repetition, though its median is not half.
  add(records, "redis", {8, 4, 2, 10, 6});
  add(records, "lmdb", {4, 2, 1, 5, 3});
  const std::vector<Table> tables = engines(records);
  ASSERT_EQ(tables.size(), 1u);
  const Table& table = tables[0];
  EXPECT_EQ(table.title, "get-uniform");
  EXPECT_THAT(engines_of(table), ElementsAre("redis", "lmdb"));
  EXPECT_EQ(cell_text(table, "redis", "ops/s"), "6.00 M [2.00, 10.00]");
  EXPECT_EQ(cell_text(table, "redis", "ratio"), "1.00");
  EXPECT_EQ(cell_text(table, "lmdb", "ratio"), "0.50");
  EXPECT_EQ(cell_text(table, "lmdb", "p50"), "164 ns");
  EXPECT_EQ(cell_text(table, "lmdb", "p99"), "1.20 us");
  EXPECT_EQ(cell_text(table, "lmdb", "B/item"), "56 B");
  EXPECT_EQ(cell_text(table, "lmdb", "vol"), "2.00");
  EXPECT_EQ(cell_text(table, "lmdb", "invol"), "0.010");
  EXPECT_EQ(cell_text(table, "lmdb", "verified"), "ok");
  EXPECT_EQ(cell_text(table, "lmdb", "remark"), "");
  EXPECT_THAT(table.notes, Contains(HasSubstr("5 repetitions: 93.8 %")));
  EXPECT_THAT(table.notes,
              Contains(HasSubstr("Intel(R) Xeon(R) CPU @ 2.50GHz, 2 cores. Built with g++ 12.2.0, Release. "
                                 "Measured 2024-05-01, commit 0123456789")));
}

TEST(Engines, ServersSwitchesCount) {
  CellRecord cell = make_cell("redis", 1e6);
  cell.server_rusage = Usage{};
  cell.server_rusage->voluntary_switches = 3000;
  EXPECT_EQ(cell_text(engines(records_of({cell}))[0], "redis", "vol"), "5.00");
}

TEST(Engines, PrivateAndHarnessRowsAreNotTheFastest) {
  RecordFile records = records_of(
      {make_cell("local", 50e6), make_cell("null", 400e6), make_cell("redis", 1e6), make_cell("boost-map", 2e6)});
  records.cells[1].verified = "not applicable: it stores nothing";
  records.cells[1].memory = {};
  const Table table = engines(records)[0];
  EXPECT_THAT(engines_of(table), ElementsAre("local", "boost-map", "redis", "null"));
  EXPECT_EQ(cell_text(table, "boost-map", "ratio"), "1.00");
  EXPECT_EQ(cell_text(table, "local", "ratio"), "25.0");
  EXPECT_EQ(cell_text(table, "local", "remark"), "not shared");
  EXPECT_EQ(cell_text(table, "null", "ratio"), "-");
  // 2 processes at 400 M/s together: 5 ns each.
  EXPECT_EQ(cell_text(table, "null", "remark"), "harness: 5.0 ns/op");
  EXPECT_EQ(cell_text(table, "null", "verified"), "n/a");
  EXPECT_EQ(cell_text(table, "null", "B/item"), "-");
}

TEST(Engines, AShortWindowIsRemarkedAndNothingIsSetAgainstIt) {
  CellRecord brief = make_cell("redis", 9e6);
  brief.elapsed_s = 0.012;
  const Table table = engines(records_of({brief, make_cell("boost-map", 2e6), make_cell("lmdb", 1e6)}))[0];
  EXPECT_EQ(cell_text(table, "boost-map", "ratio"), "1.00");
  EXPECT_EQ(cell_text(table, "redis", "ratio"), "4.50");
  EXPECT_EQ(cell_text(table, "redis", "remark"), "window 12.0 ms");
  EXPECT_EQ(cell_text(table, "lmdb", "remark"), "");
  EXPECT_THAT(table.notes, Contains(StartsWith("Window: shorter than 200 ms")));
}

TEST(Engines, WhatWasNotDoneInTimeStandsAfterTheFiguresAndIsNoFailure) {
  RecordFile records = records_of({make_broken("blob", "unfinished: not in 30 s: 410,000 of 1,000,000"),
                                   make_broken("a-broken", "invalid: worker 1 was killed"), make_cell("lmdb", 1e6)});
  records.cells[0].verified = "ok";
  const Table table = engines(records)[0];
  EXPECT_THAT(engines_of(table), ElementsAre("lmdb", "blob", "a-broken"));
  EXPECT_EQ(cell_text(table, "blob", "ops/s"), "not in 30 s: 410,000 of 1,000,000");
  EXPECT_EQ(cell_text(table, "blob", "verified"), "ok");
  EXPECT_EQ(cell_text(table, "blob", "ratio"), "-");
  records.cells[0].verified = "failed: 3 keys lost";
  EXPECT_EQ(cell_text(engines(records)[0], "blob", "ops/s"), "failed: 3 keys lost");
}

TEST(Engines, AnOpenLoopIsRankedByItsTailNotByItsRate) {
  RecordFile records = records_of(
      {make_cell("lmdb", 1e5), make_cell("redis", 1.001e5), make_cell("blob", 1e5), make_cell("null", 1.002e5)});
  const double p99[] = {900, 3000, 900, 40};
  for (std::size_t i = 0; i < 4; ++i) {
    records.cells[i].work.arrival_rate = 1e5;
    records.cells[i].latency_ns->p99 = p99[i];
  }
  records.cells[2].latency_ns->p50 = 100;
  records.cells[3].verified = "not applicable: it stores nothing";
  const Table table = engines(records)[0];
  EXPECT_THAT(engines_of(table), ElementsAre("blob", "lmdb", "redis", "null"));
  EXPECT_EQ(cell_text(table, "redis", "ratio"), "3.33");
  EXPECT_EQ(cell_text(table, "null", "remark"), "harness") << "10 us to the next operation are no cost";
  EXPECT_THAT(table.notes, Contains(StartsWith("Open loop: 100 k/s come at fixed times")));
}

TEST(Engines, ALoadOfKeysThatWereThereIsLeftOutAndNamed) {
  RecordFile records = records_of({make_cell("lmdb", 1e6), make_cell("lmdb", 2e6)});
  records.cells[0].phase = "load-128b";
  records.cells[1].phase = "load-512b";
  records.cells[1].work.overwrites = true;
  const std::vector<Table> tables = engines(records);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(cell_text(tables[0], "lmdb", "ops/s"), "1.00 M");
  EXPECT_THAT(tables[0].notes,
              Contains("Left out: load-512b. The keys were there already, so these loads filled no dict."));
}

TEST(Engines, TheEmptyDictIsToldApartFromItsItems) {
  RecordFile records = records_of({make_cell("redis", 1e6), make_cell("lmdb", 1e6)});
  records.cells[0].memory.bytes_per_item = 106;
  records.cells[0].memory.empty_bytes = 2'900'000;
  records.cells[1].memory.empty_bytes = 60'000;
  EXPECT_EQ(cell_text(engines(records)[0], "redis", "B/item"), "106 B + 2.90 MB");
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "B/item"), "56 B") << "a few pages";
}

TEST(Engines, RemarksTellWhatMakesAFigureDoubtful) {
  RecordFile records = records_of({});
  add(records, "redis", {1, 1, 1});
  add(records, "lmdb", {1, 1, 1});
  for (CellRecord& cell : records.cells) {
    const bool redis = cell.engine == "redis";
    cell.engine_facts = {{"pages", redis ? "4 KB" : "2 MB"}};
    cell.overlap = redis ? 0.62 : 0.97;
    cell.limit = "workers";
    if (redis) cell.server_rusage = Usage{};
    // A second on two CPUs: 5 % are 0.1 s.
    cell.disturbance = Disturbance{.steal_s = 0.06, .others_s = redis && cell.repetition > 0 ? 0.06 : 0.0};
  }
  const Table table = engines(records)[0];
  EXPECT_EQ(cell_text(table, "redis", "remark"),
            "pages: 4 KB, workers overlapped 62 % of the window, client-bound, disturbed in 2 of 3");
  EXPECT_EQ(cell_text(table, "lmdb", "remark"), "pages: 2 MB");
  for (const char* note : {"Workers overlapped:", "Client-bound:", "Disturbed:"})
    EXPECT_THAT(table.notes, Contains(StartsWith(note)));
  for (CellRecord& cell : records.cells) cell.engine_facts = {{"pages", "2 MB"}};
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "remark"), "") << "all have the same";
}

TEST(Engines, ThreadsAreSaidAndAreNoSharedEngine) {
  RecordFile records = records_of({make_cell("rival-tbb", 9e6), make_cell("boost-map", 2e6)});
  records.cells[0].start = "threads";
  const Table table = engines(records)[0];
  EXPECT_EQ(cell_text(table, "rival-tbb", "remark"), "threads");
  EXPECT_EQ(cell_text(table, "rival-tbb", "ratio"), "4.50");
  EXPECT_EQ(cell_text(table, "boost-map", "ratio"), "1.00");
  EXPECT_THAT(table.notes, Contains(StartsWith("Threads: one dict in one process")));
}

// Nothing that looks like a speed may stand in the row of a cell that broke.
TEST(Engines, ShowTheReasonInsteadOfASpeed) {
  RecordFile records =
      records_of({make_broken("redis", "unavailable: redis-server is not installed; apt install redis-server"),
                  make_broken("lmdb", "invalid: worker 1 was killed"), make_cell("boost-map", 9e6),
                  make_cell("memcached", 3e6), make_cell("lockfree", 2e6), make_cell("blob", 1e6)});
  records.cells[2].verified = "failed: 3 keys lost";
  records.cells[3].verified = "not done: --no-verify";
  records.cells[4].verified = "";
  const Table table = engines(records)[0];
  EXPECT_EQ(cell_text(table, "redis", "ops/s"), "unavailable: redis-server is not ...");
  EXPECT_THAT(table.notes,
              Contains("redis, 2 processes: unavailable: redis-server is not installed; apt install redis-server"));
  EXPECT_EQ(cell_text(table, "lmdb", "ops/s"), "invalid: worker 1 was killed");
  EXPECT_EQ(cell_text(table, "boost-map", "ops/s"), "failed: 3 keys lost");
  EXPECT_EQ(cell_text(table, "memcached", "ops/s"), "not verified: --no-verify");
  EXPECT_EQ(cell_text(table, "lockfree", "ops/s"), "not verified");
  EXPECT_EQ(cell_text(table, "boost-map", "verified"), "failed");
  EXPECT_EQ(cell_text(table, "blob", "ratio"), "1.00") << "the fastest is the fastest that was right";
  for (const char* engine : {"redis", "lmdb", "boost-map", "memcached", "lockfree"}) {
    for (const char* name : {"ratio", "p50", "p99", "B/item", "vol", "invol"}) {
      EXPECT_EQ(cell_text(table, engine, name), "-") << engine << " " << name;
    }
  }
}

TEST(Engines, OneBrokenRepetitionTakesTheSpeedAway) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 2, 3, 4, 5});
  records.cells[2].verified = "failed: 1 key torn";
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "ops/s"), "failed: 1 key torn (1 of 5)");
}

TEST(Engines, AResumedCellReplacesTheBrokenOneButNotAFailedOne) {
  RecordFile records = records_of({make_broken("lmdb", "invalid: worker 1 died"), make_cell("lmdb", 1e6)});
  records.cells[1].run_id = "run-2";
  records.runs.push_back(make_run("run-2"));
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "ops/s"), "1.00 M");
  records.cells[0] = make_cell("lmdb", 1e6);
  records.cells[0].verified = "failed: lost";
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "ops/s"), "failed: lost (1 of 2)");
}

TEST(Engines, TheSameRecordTwiceIsOneDatum) {
  RecordFile records = records_of({make_cell("lmdb", 1e6), make_cell("lmdb", 1e6)});
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "ops/s"), "1.00 M");
}

TEST(Engines, RatiosNeverCrossRuns) {
  RecordFile records = records_of({make_cell("lmdb", 1e6), make_cell("redis", 2e6)});
  records.runs.push_back(make_run("run-2"));
  records.cells[1].run_id = "run-2";
  const Table table = engines(records)[0];
  EXPECT_EQ(cell_text(table, "redis", "ratio"), "1.00");
  EXPECT_EQ(cell_text(table, "lmdb", "ratio"), "-");
}

TEST(Engines, OtherWorkAndOtherCommitsAreLeftOut) {
  RecordFile records = records_of({make_cell("lmdb", 1e6), make_cell("redis", 3e6), make_cell("blob", 2e6),
                                   make_cell("lmdb", 9e6, 1), make_cell("redis", 8e6, 1)});
  records.cells[2].scale = 0.1;
  records.cells[2].workload_hash = "bb";
  records.cells[3].workload_hash = "old";
  records.cells[3].run_id = records.cells[4].run_id = "run-0";
  records.runs.push_back(make_run("run-0"));
  records.runs.back().started = "2024-04-01T10:00:00Z";
  records.runs.back().commit = "fedcba9876543210";
  const Table table = engines(records)[0];
  EXPECT_THAT(engines_of(table), ElementsAre("redis", "lmdb"));
  EXPECT_EQ(cell_text(table, "redis", "ops/s"), "3.00 M");
  EXPECT_THAT(table.notes, Contains(HasSubstr("2 records of other work")));
  EXPECT_THAT(table.notes, Contains("1 records of other commits are left out."));
  records.runs.back().commit = records.runs.front().commit;
  records.runs.back().dirty = true;
  EXPECT_EQ(cell_text(engines(records)[0], "redis", "ops/s"), "3.00 M") << "with local changes it is another";
  records.runs.back().dirty = false;
  EXPECT_EQ(cell_text(engines(records)[0], "redis", "ops/s"), "5.50 M [3.00, 8.00]");
}

TEST(Engines, ARowTellsWhetherItsOrderWasChecked) {
  RecordFile records =
      records_of({make_cell("lmdb", 1e6), make_cell("redis", 2e6), make_cell("blob", 1e6), make_cell("null", 9e6)});
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "order"), "-");
  EXPECT_THAT(engines(records)[0].notes, Contains("Order: none of these records is of `dictbench check`."));
  const auto check = [&](const std::string& engine, const std::string& verdict) {
    CheckRecord record;
    record.run_id = "run-1";
    record.engine = engine;
    record.operations = 1'000'036;
    record.verdict = verdict;
    records.checks.push_back(record);
  };
  check("lmdb", "ok");
  check("redis", "illegal: a read of nothing");
  check("null", "not applicable: it promises no order");
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "order"),
            "checked: 0.9.24, commit 0123456789, 1,000,036 operations");
  EXPECT_EQ(cell_text(engines(records)[0], "redis", "order"), "NO");
  EXPECT_EQ(cell_text(engines(records)[0], "blob", "order"), "not checked");
  EXPECT_EQ(cell_text(engines(records)[0], "null", "order"), "-");
  records.checks[0].run_id = "run-0";
  records.runs.push_back(make_run("run-0"));
  records.runs.back().versions = {{"lmdb", "0.9.23"}};
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "order"),
            "checked: 0.9.23, commit 0123456789, 1,000,036 operations; measured: 0.9.24");
  records.runs.back().host = {{"cpu_model", "Other"}, {"cores", "64"}};
  EXPECT_EQ(cell_text(engines(records)[0], "lmdb", "order"), "not checked") << "on this machine";
}

TEST(Engines, BlocksByHostWorkloadAndPhase) {
  RecordFile records =
      records_of({make_cell("lmdb", 1e6), make_cell("lmdb", 1e6), make_cell("lmdb", 1e6), make_cell("lmdb", 1e6)});
  records.cells[1].workload = "churn";
  records.cells[1].phase = "load";
  records.cells[2].workload = "churn";
  records.cells[2].phase = "churn";
  records.cells[3].run_id = "run-2";
  records.runs.push_back(make_run("run-2"));
  records.runs.back().host = {{"cpu_model", "Other"}, {"cores", "64"}};
  std::vector<std::string> titles;
  for (const Table& table : engines(records)) titles.push_back(table.title);
  EXPECT_THAT(titles, ElementsAre("churn, phase load on intel-xeon-2.50ghz-2-cores",
                                  "churn, phase churn on intel-xeon-2.50ghz-2-cores",
                                  "get-uniform on intel-xeon-2.50ghz-2-cores", "get-uniform on other-64-cores"));
  TableContext context;
  context.selection.hosts = {"other-64-cores"};
  ASSERT_EQ(engines(records, context).size(), 1u);
  EXPECT_EQ(engines(records, context)[0].title, "get-uniform");
}

}  // namespace
}  // namespace dictbench
