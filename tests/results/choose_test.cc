// Which engines are recommended, in which order, and what is told of the others.
#include "results/choose/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/choose/answer.h"
#include "results/tables/tables.h"
#include "tests/results/choose_records.h"

namespace dictbench {
namespace {

using testing::add;
using testing::add_torture;
using testing::ask;
using testing::commands_for;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::engine_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHost;
using testing::knowledge;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;
using testing::names;
using testing::records_of;
using ::testing::StartsWith;
using testing::why_not;

TEST(Choose, RanksSharedEnginesByThroughput) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  add(records, "fast", 9e6);
  add(records, "alone", 20e6);
  add(records, "null", 99e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast", "safe"));
  EXPECT_EQ(why_not(choice, "alone"), "not shared between processes");
  EXPECT_EQ(why_not(choice, "null"), "not excluded");
  EXPECT_NEAR(*choice.fits[1].ratio, 4.0 / 9, 1e-9);
  EXPECT_FALSE(choice.fits[1].not_separated);
  EXPECT_THAT(choice.extrapolated, IsEmpty());
}

TEST(Choose, TellsWhatIsNotSeparatedFromTheBest) {
  RecordFile records = records_of();
  add(records, "fast", 9e6, 1e6);
  add(records, "safe", 8.9e6, -1e6);
  add(records, "small", 3e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast", "safe", "small"));
  EXPECT_FALSE(choice.fits[0].not_separated);
  EXPECT_TRUE(choice.fits[1].not_separated);
  EXPECT_FALSE(choice.fits[2].not_separated);
  EXPECT_THAT(answer_tables(choice)[0].title,
              StartsWith("fast is the best of 3 that fit (not separated from it: safe)"));
}

TEST(Choose, NeverRecommendsWhatWasWrongAnywhereInTheWorkload) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  CellRecord lost = make_cell("fast", 9e6, 1);
  lost.processes = 4;  // another number of processes than the one that is judged by
  lost.verified = "failed: 3 keys lost";
  records.cells.push_back(lost);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_EQ(why_not(choice, "fast"), "failed: 3 keys lost (run, 4 processes)");
}

TEST(Choose, NeverRecommendsWhatWasInvalidOrUnverified) {
  RecordFile records = records_of({make_broken("fast", "invalid: worker 2 died"), make_cell("safe", 4e6)});
  CellRecord unverified = make_cell("small", 8e6);
  unverified.verified = "not done: asked so";
  records.cells.push_back(unverified);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(why_not(choice, "fast"), StartsWith("invalid: worker 2 died"));
  EXPECT_THAT(why_not(choice, "small"), StartsWith("not verified"));
}

TEST(Choose, TooSlowInAnotherPhaseIsNoFault) {
  RecordFile records = records_of({make_cell("safe", 4e6)});
  CellRecord load = make_broken("safe", "unfinished: not in 5 s: 410,000 of 1,000,000");
  load.phase = "load";
  records.cells.push_back(load);
  EXPECT_THAT(names(ask(records)), ElementsAre("safe"));
  records = records_of({make_cell("fast", 4e6), make_broken("safe", "unfinished: not in 5 s: 410,000 of 1,000,000")});
  EXPECT_THAT(why_not(ask(records), "safe"), StartsWith("not in 5 s"));
}

TEST(Choose, LostDataUnderTortureExcludesWhateverIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add_torture(records, "fast", "full", "broken: writes were lost");
  EXPECT_EQ(why_not(ask(records), "fast"), "lost 3 acknowledged writes under full");
  add_torture(records, "fast", "full", "ok");  // measured again, mended
  EXPECT_THAT(names(ask(records)), ElementsAre("fast"));
}

TEST(Choose, PromisesAreWhatRecordsLeaveOfThem) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  Requirements asked;
  asked.must = {Guarantee::survives_kill};
  Choice choice = ask(records, asked);
  EXPECT_EQ(why_not(choice, "fast"), "does not survive a killed writer");
  ASSERT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill declared, not tested");
  EXPECT_EQ(commands_for(choice, "safe"),
            "dictbench torture --engine safe --faults kill,crash-points,hang --out need.jsonl\n");

  add_torture(records, "safe", "kill", "ok");
  choice = ask(records, asked);
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill tested: 100 kills");
  EXPECT_EQ(commands_for(choice, "safe"), "");

  add_torture(records, "safe", "hang", "broken: the dict was torn");
  choice = ask(records, asked);
  EXPECT_THAT(names(choice), IsEmpty());
  EXPECT_EQ(why_not(choice, "safe"), "survives-kill promised, but broken under hang: the dict was torn");
}

TEST(Choose, APromiseBrokenOnAnotherMachineIsBroken) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  RunRecord other = make_run("run-2");
  other.host = {{"cpu_model", "AMD A8-4500M"}, {"cores", "4"}};
  records.runs.push_back(other);
  CheckRecord check;
  check.run_id = "run-2";
  check.engine = "safe";
  check.promise = "linearizable";
  check.operations = 500;
  check.verdict = "ok";
  records.checks.push_back(check);
  Requirements asked;
  asked.must = {Guarantee::linearizable};
  EXPECT_EQ(ask(records, asked).fits[0].promises[1].second.text, "tested on amd-a8-4500m-4-cores: 500 operations");
  records.checks[0].verdict = "illegal: a read saw what was never written";
  EXPECT_EQ(why_not(ask(records, asked), "safe"),
            "linearizable promised, but its history is illegal on amd-a8-4500m-4-cores: a read saw what was never "
            "written");
}

TEST(Choose, CommandsMeasureJustWhatIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  EXPECT_EQ(commands_for(ask(records, asked), "all that fit"), "");
  asked.items = 1'000'000;
  asked.value_bytes = 10;
  EXPECT_EQ(commands_for(ask(records, asked), "all that fit"), "");
  asked.items = 500'000;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
  asked.items.reset();
  asked.value_bytes = 20;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
  asked.value_bytes.reset();
  asked.reads = 0.94;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
}

TEST(Choose, TheNearestSituationIsTold) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "fast", 5e6, 0, "half");
  Requirements asked;
  asked.processes = 8;
  Choice choice = ask(records, asked);
  EXPECT_EQ(choice.workload, "get-uniform");
  EXPECT_THAT(choice.extrapolated, ElementsAre("measured with 2 processes, you asked 8"));
  EXPECT_THAT(commands_for(choice, "all that fit"),
              "dictbench run --engine fast --workload get-uniform --processes 8 --out need.jsonl\n");
  asked.reads = 0.58;
  choice = ask(records, asked);
  EXPECT_EQ(choice.workload, "half");
  EXPECT_THAT(choice.extrapolated, Contains("measured with 50 % reads, you asked 58 %"));
}

TEST(Choose, OtherKindsOfOperationsSayNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 3e6, 0, "adds");
  Requirements asked;
  asked.reads = 0;
  asked.write_kind = WriteKind::adds;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("safe"));
  asked.read_kind = ReadKind::scans;
  asked.write_kind = WriteKind::sets;
  asked.reads = 0.95;
  const Choice choice = ask(records, asked);
  EXPECT_TRUE(choice.workload.empty());
  EXPECT_THAT(choice.fits, IsEmpty());
}

TEST(Choose, AWorkloadThatIsNoLongerTheSameSaysNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6, 0, "gone");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(Choose, RanksByWhatIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  for (CellRecord& cell : records.cells)
    if (cell.engine == "safe") {
      cell.memory.bytes_per_item = 20;
      cell.latency_ns->p99 = 5000;
    }
  Requirements asked;
  asked.rank_by = RankBy::memory;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("safe", "fast"));
  asked.rank_by = RankBy::p99;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast", "safe"));
}

TEST(Choose, EnginesThatWouldFitAndWereNotMeasuredAreTold) {
  RecordFile records = records_of();
  add(records, "durable", 9e6);
  Requirements asked;
  asked.must = {Guarantee::durable};
  const Choice choice = ask(records, asked);
  EXPECT_THAT(choice.fits, IsEmpty());
  EXPECT_EQ(why_not(choice, "durable"), "not durable across a restart");
  EXPECT_EQ(commands_for(choice, "durable?sync=full"),
            "dictbench run --engine 'durable?sync=full' --workload get-uniform --processes 2 --out need.jsonl\n"
            "dictbench torture --engine 'durable?sync=full' --faults durable --out need.jsonl\n");
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("Nothing fits"));
}

TEST(Choose, WithoutRecordsTellsWhatWouldMeasure) {
  const Choice choice = choose_engines({}, kHost, {}, knowledge());
  EXPECT_TRUE(choice.workload.empty());
  EXPECT_THAT(commands_for(choice, "fast"), HasSubstr("dictbench run --engine fast --workload get-uniform"));
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record covers this"));
}

TEST(Choose, AnEngineThatIsNotBuiltInIsNotRecommended) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "unknown", 99e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_THAT(why_not(choice, "unknown"), HasSubstr("its contract is unknown"));
}

TEST(Choose, OnlyCellsOfTheHostCount) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  EXPECT_TRUE(choose_engines(records, "another-host", {}, knowledge()).workload.empty());
  EXPECT_THAT(hosts_with_cells(records), ElementsAre(kHost));
}

// What never took turns with the best was measured on another machine, as it were.
TEST(Choose, AnotherRunIsNotSetAgainstTheBest) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  records.runs.push_back(make_run("run-2"));
  add(records, "safe", 3e6);
  for (std::size_t i = 9; i < records.cells.size(); ++i) records.cells[i].run_id = "run-2";
  const Choice choice = ask(records);
  ASSERT_THAT(names(choice), ElementsAre("fast", "safe"));
  EXPECT_TRUE(choice.fits[1].other_run);
  EXPECT_FALSE(choice.fits[1].not_separated);
  EXPECT_FALSE(choice.fits[1].ratio.has_value());
  const Table table = answer_tables(choice)[0];
  EXPECT_THAT(table.title, StartsWith("fast is the best of 2 that fit (measured in another run: safe)"));
  EXPECT_EQ(table.rows[1].back().text, "measured in another run");
}

// Three rounds of two equal engines lie apart by chance in one case of four.
TEST(Choose, TooFewRoundsSeparateNothing) {
  RecordFile records = records_of();
  for (unsigned i = 0; i < 5; ++i) {
    records.cells.push_back(make_cell("fast", 9e6, i));
    records.cells.push_back(make_cell("safe", 3e6, i));
  }
  EXPECT_TRUE(ask(records).fits[1].not_separated);
  records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 3e6);
  EXPECT_FALSE(ask(records).fits[1].not_separated);
}

TEST(Choose, WhatCannotBeSharedIsNotOfferedForSeveralProcesses) {
  Knowledge known = knowledge();
  known.candidates = [](const Requirements&) {
    return std::vector<EnginePromises>{*engine_of("alone"), *engine_of("fast")};
  };
  const Choice choice = choose_engines({}, kHost, {}, known);
  EXPECT_EQ(commands_for(choice, "alone"), "");
  EXPECT_NE(commands_for(choice, "fast"), "");
}

TEST(Needs, NameTheBestAndTheRunnerUp) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  add(records, "fast", 9e6);
  TableContext context;
  context.knowledge = knowledge();
  const std::vector<Table> tables = build_table("needs", records, context);
  ASSERT_EQ(tables.size(), 1u);
  const auto& cache = tables[0].rows.at(0);
  EXPECT_EQ(cache[1].text, "fast");
  EXPECT_THAT(cache[3].text, StartsWith("safe: 4.00 M"));
  ASSERT_EQ(cache[2].sources.size(), 1u);
  EXPECT_EQ(cache[2].sources[0].engine, "fast");
  EXPECT_EQ(cache[5].text, "dictbench choose --processes 2 --reads 0.95");
  EXPECT_EQ(tables[0].rows.at(1)[1].text, "safe");
  const auto durable = std::ranges::find_if(
      tables[0].rows, [](const auto& row) { return row[0].text.find("restart") != std::string::npos; });
  ASSERT_NE(durable, tables[0].rows.end());
  EXPECT_EQ((*durable)[1].text, "-");
}

}  // namespace
}  // namespace dictbench
