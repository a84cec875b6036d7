#include "results/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;
using ::testing::Not;
using ::testing::ThrowsMessage;

RecordFile records_of(std::vector<CellRecord> cells) { return {{make_run()}, std::move(cells), {}, {}}; }

// A repetition with each of these speeds in millions.
void add(RecordFile& records, const std::string& engine, const std::vector<double>& speeds) {
  for (unsigned k = 0; k < speeds.size(); ++k) records.cells.push_back(make_cell(engine, speeds[k] * 1e6, k));
}

std::vector<std::string> texts(const Table& table, std::size_t row) {
  std::vector<std::string> texts;
  for (const TableCell& cell : table.rows.at(row)) texts.push_back(cell.text);
  return texts;
}

std::string verdict(const Table& table, std::size_t row = 0) { return table.rows.at(row).back().text; }

std::string verdict_of(const RecordFile& a, const RecordFile& b) {
  return verdict(compare_files(a, "a", b, "b", {})[0]);
}

TEST(CompareEngines, PairsRoundsSoThatDriftCancels) {
  RecordFile records = records_of({});
  // The machine drifts fourfold; redis does a tenth more in every round.
  add(records, "lmdb", {8, 4, 2, 10, 6, 3});
  add(records, "redis", {8.8, 4.4, 2.2, 11, 6.6, 3.3});
  const std::vector<Table> tables = compare_engines(records, "lmdb", "redis", {});
  EXPECT_EQ(tables[0].title, "A: lmdb, B: redis");
  EXPECT_THAT(texts(tables[0], 0),
              ElementsAre("get-uniform", "run", "2", "1", "5.00 M", "5.50 M", "1.10 [1.10, 1.10]", "6", "faster"));
  EXPECT_EQ(verdict(compare_engines(records, "redis", "lmdb", {})[0]), "slower");
  EXPECT_THAT(tables[0].notes, Contains(HasSubstr("of 1 cell: 1 faster.")));
  EXPECT_THAT(tables[0].notes, Contains(HasSubstr("6 pairs: 96.9 %")));
}

TEST(CompareEngines, OneOddRoundOfSixIsNotSeparated) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1, 1});
  add(records, "redis", {2, 2, 2, 2, 2, 0.9});
  EXPECT_EQ(verdict(compare_engines(records, "lmdb", "redis", {})[0]), "not separated");
}

TEST(CompareEngines, TooFewRoundsSayHowManyItTakes) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1});
  add(records, "redis", {2, 2, 2, 2, 2});
  const Table table = compare_engines(records, "lmdb", "redis", {})[0];
  EXPECT_EQ(verdict(table), "not separated: 5 of 6 pairs");
  EXPECT_THAT(table.notes, Contains(HasSubstr("5 pairs: 93.8 %")));
  EXPECT_EQ(verdict(compare_engines(records, "lmdb", "redis", {.context = {}, .level = 0.9})[0]), "faster");
}

TEST(CompareEngines, AWrongCellHasNoSpeed) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1, 1});
  add(records, "redis", {2, 2, 2, 2, 2, 2});
  records.cells.back().verified = "failed: 3 keys lost";
  const std::vector<Table> tables = compare_engines(records, "lmdb", "redis", {});
  ASSERT_EQ(tables.size(), 1u) << "and no table of costs";
  EXPECT_THAT(texts(tables[0], 0), ElementsAre("get-uniform", "run", "2", "1", "1.00 M", "-", "-", "-",
                                               HasSubstr("no speed: B failed: 3 keys lost")));
}

TEST(CompareEngines, OfDifferentRunsAreNotCompared) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1, 1});
  add(records, "redis", {2, 2, 2, 2, 2, 2});
  records.runs.push_back(make_run("run-2"));
  for (std::size_t k = 6; k < 12; ++k) records.cells[k].run_id = "run-2";
  EXPECT_EQ(verdict(compare_engines(records, "lmdb", "redis", {})[0]), "not comparable: no round of one run has both");
}

TEST(CompareEngines, OnSeveralMachinesEachIsARow) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1, 1});
  add(records, "redis", {2, 2, 2, 2, 2, 2});
  records.runs.push_back(make_run("run-2"));
  records.runs[1].host = {{"cpu_model", "Cortex-A72"}, {"cores", "4"}};
  const std::vector<CellRecord> first = records.cells;
  for (CellRecord cell : first) {
    cell.run_id = "run-2";
    if (cell.engine == "redis") cell.ops_per_s = 5e5;
    records.cells.push_back(cell);
  }
  const Table table = compare_engines(records, "lmdb", "redis", {})[0];
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0][2].text, "cortex-a72-4-cores");
  EXPECT_EQ(verdict(table, 0), "slower");
  EXPECT_EQ(table.rows[1][2].text, "intel-xeon-2.50ghz-2-cores");
  EXPECT_EQ(verdict(table, 1), "faster");

  std::erase_if(records.cells, [](const CellRecord& cell) { return cell.run_id == "run-2" && cell.engine == "redis"; });
  const Table one = compare_engines(records, "lmdb", "redis", {})[0];
  ASSERT_EQ(one.rows.size(), 1u);
  EXPECT_EQ(verdict(one), "faster") << "both of one machine, not lmdb of the other";
}

TEST(CompareEngines, CostsHaveVerdictsOfTheirOwn) {
  RecordFile records = records_of({});
  add(records, "lmdb", {1, 1, 1, 1, 1, 1});
  add(records, "redis", {1, 1, 1, 1, 1, 1});
  for (std::size_t k = 6; k < 12; ++k) {
    records.cells[k].memory.bytes_per_item = 112;
    records.cells[k].rusage.voluntary_switches = 0;
  }
  const std::vector<Table> tables = compare_engines(records, "lmdb", "redis", {});
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(verdict(tables[0]), "not separated");
  EXPECT_THAT(texts(tables[1], 0), ElementsAre("get-uniform", "run", "2", "56", "112", "2.00 [2.00, 2.00]", "more",
                                               "2.01", "0.010", "less"));
  for (CellRecord& cell : records.cells) cell.rusage = {};
  EXPECT_EQ(verdict(compare_engines(records, "lmdb", "redis", {})[1]), "the same");
}

TEST(CompareEngines, BadInputIsOneLine) {
  RecordFile records = records_of({make_cell("lmdb", 1e6), make_cell("redis", 1e6)});
  records.cells[1].workload = "other";
  EXPECT_THAT([&] { compare_engines(records, "lmdb", "lmdb", {}); },
              ThrowsMessage<CompareError>(HasSubstr("A and B are both 'lmdb'")));
  EXPECT_THAT([&] { compare_engines(records, "lmdb", "nosuch", {}); },
              ThrowsMessage<CompareError>(HasSubstr("no record of engine 'nosuch', and no such file; there are records "
                                                    "of lmdb, redis")));
  EXPECT_THAT([&] { compare_engines(records, "lmdb", "redis", {}); },
              ThrowsMessage<CompareError>(HasSubstr("was measured for both")));
  EXPECT_THAT([&] { compare_files(records, "a", {}, "b", {}); }, ThrowsMessage<CompareError>(HasSubstr("no cell")));
}

class CompareFiles : public ::testing::Test {
 protected:
  CompareFiles() {
    add(a_, "redis", {1, 1.1, 1.2, 1.1, 1, 1.2});
    add(b_, "redis", {2, 2.1, 2.2, 2.1, 2, 2.2});
    b_.runs[0].run_id = "run-2";
    for (CellRecord& cell : b_.cells) cell.run_id = "run-2";
    for (RecordFile* file : {&a_, &b_}) file->runs[0].versions = {{"redis", "redis-server 7.0.15"}};
  }
  RecordFile a_ = records_of({}), b_ = records_of({});
};

TEST_F(CompareFiles, PairsRepetitionsInOrderAndWarnsOfDrift) {
  b_.cells.pop_back();
  b_.cells.push_back(make_cell("lmdb", 1e6));
  b_.cells.back().run_id = "run-2";
  a_.cells.push_back(make_cell("redis", 1.15e6, 6));
  b_.cells.push_back(make_cell("redis", 2.2e6, 7));  // repetition 5 is missing: the k-th with the k-th
  b_.cells.back().run_id = "run-2";
  const Table table = compare_files(a_, "old.jsonl", b_, "new.jsonl", {})[0];
  EXPECT_EQ(table.title, "A: old.jsonl, B: new.jsonl");
  EXPECT_THAT(texts(table, 0), ElementsAre("get-uniform", "run", "redis", "2", "1", "1.10 M", "2.10 M",
                                           "1.91 [1.83, 2.00]", "6", "faster"));
  EXPECT_THAT(table.notes, Contains(HasSubstr("`dictbench gate` measures both in turn")));
  EXPECT_THAT(table.notes, Contains("Left out: 0 cells that only A has, 1 that only B has."));
}

TEST_F(CompareFiles, WhatAllCellsShareIsToldAsDrift) {
  for (const char* engine : {"lmdb", "blob"}) {
    add(a_, engine, {1, 1, 1, 1, 1, 1});
    add(b_, engine, {1.8, 1.8, 1.8, 1.8, 1.8, 1.8});
  }
  for (CellRecord& cell : b_.cells) cell.run_id = "run-2";
  EXPECT_THAT(compare_files(a_, "a", b_, "b", {})[0].notes,
              Contains(HasSubstr("Over all 3 cells with a ratio, the median B/A is 1.80 (1.80 to 1.91)")));
}

TEST_F(CompareFiles, SaysInWhatTheyDiffer) {
  b_.runs[0].versions = {{"redis", "redis-server 7.0.14"}};
  b_.runs[0].flags = "-O2";
  EXPECT_EQ(verdict_of(a_, b_),
            "not comparable: differs in versions (redis-server 7.0.15 / 7.0.14), flags (-O3 / -O2)");
}

TEST_F(CompareFiles, LongDetailsGoToTheNotes) {
  b_.runs[0].host = {{"cpu_model", "AMD A8-4500M APU"}, {"cores", "4"}};
  const Table table = compare_files(a_, "a", b_, "b", {})[0];
  EXPECT_EQ(verdict(table), "not comparable: differs in host");
  EXPECT_THAT(table.notes, Contains("Differs in host (intel-xeon-2.50ghz-2-cores / amd-a8-4500m-4-cores)."));
  EXPECT_EQ(table.rows[0][5].text, "1.10 M") << "the medians stand there all the same";
}

TEST_F(CompareFiles, AnotherVersionOfTheWorkloadIsAnotherMeasurement) {
  for (CellRecord& cell : b_.cells) cell.workload_hash = "bb";
  EXPECT_EQ(verdict_of(a_, b_), "not comparable: differs in workload hash (aa / bb)");
}

TEST_F(CompareFiles, OtherScalesAreNotCompared) {
  for (CellRecord& cell : b_.cells) cell.scale = 0.1;
  const Table table = compare_files(a_, "a", b_, "b", {})[0];
  EXPECT_EQ(table.rows[0][4].text, "1 / 0.1");
  EXPECT_EQ(verdict(table), "not comparable: differs in scale (1 / 0.1)");
  EXPECT_THAT(table.notes, Contains(HasSubstr("the same --scale")));
}

TEST_F(CompareFiles, ASelectionNarrows) {
  CompareOptions options;
  options.context.selection.processes = {7};
  EXPECT_THAT([&] { compare_files(a_, "a", b_, "b", options); },
              ThrowsMessage<CompareError>(HasSubstr("nothing that was chosen")));
}

}  // namespace
}  // namespace dictbench
