// Tables `hosts` and `across-hosts`, with records of two and three made-up machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/tables/tables.h"
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

// A machine whose first run is named like it.
RunRecord machine(const std::string& id, const std::string& model, const std::string& cores) {
  RunRecord run = make_run(id);
  run.host = {{"cpu_model", model}, {"cores", cores}, {"smt", "1"}};
  run.versions = {{"redis", "hiredis 0.14.1, redis-server 7.0.15"}, {"lmdb", "lmdb 0.9.24"}};
  return run;
}

// Seven repetitions, the fewest that tell two machines apart, at about this speed, all a machine's cells drifting
// alike.
void add(RecordFile& records, const std::string& run, const std::string& engine, double speed) {
  for (unsigned k = 0; k < 7; ++k) {
    CellRecord cell = make_cell(engine, speed * (1 + 0.05 * k), k);
    cell.run_id = run;
    records.cells.push_back(cell);
  }
}

class Hosts : public ::testing::Test {
 protected:
  Hosts() {
    records_.runs = {machine("big", "AMD EPYC 7763", "16"),
                     machine("old", "Intel(R) Core(TM) i7-2600 CPU @ 3.40GHz", "8")};
    for (const auto& [run, factor] : {std::pair("big", 2.0), {"old", 1.0}}) {
      add(records_, run, "boost-map", factor * 1e6);
      add(records_, run, "lmdb", factor * 3e6);
    }
  }

  Table facts() const { return build_table("hosts", records_, {}).at(0); }
  std::vector<Table> across(const TableContext& context = {}) const {
    return build_table("across-hosts", records_, context);
  }

  static std::vector<std::string> row(const Table& table, const std::string& name) {
    std::vector<std::string> texts;
    for (const auto& row : table.rows)
      if (row[0].text == name && texts.empty())
        for (const TableCell& cell : row) texts.push_back(cell.text);
    return texts;
  }

  RecordFile records_;
};

TEST_F(Hosts, FactsStandSideBySideWithTheDocumentsMachines) {
  records_.runs[0].host.emplace_back("measured_mhz", "3400");
  records_.runs[0].host.emplace_back("memory_latency_4k_ns", "98.4");
  records_.runs[0].host.emplace_back("mitigations", "meltdown: PTI, mds: Vulnerable: no microcode, retbleed: IBRS");
  records_.runs[0].host.emplace_back("governor", "unavailable: no cpufreq");
  records_.runs[1].host.emplace_back("turbo_off", "0");
  records_.runs[1].host.emplace_back("caches", "L1 Data 32K, L1 Instruction 32K, L2 Unified 256K, L3 Unified 8192K");
  const Table table = facts();
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) names.push_back(column.name);
  EXPECT_THAT(names,
              ElementsAre("fact", "amd-epyc-7763-16-cores", "intel-core-i7-2600-3.40ghz-8-cores",
                          "AMD A8-4500M laptop, published", "i7 at 3.5 GHz, published", "Xeon E5-2670, published"));
  EXPECT_THAT(row(table, "clock, as told"),
              ElementsAre("clock, as told", "not recorded", "not recorded", "about 2 GHz", "3.5 GHz", "2.60 GHz"));
  const auto here = [&](const char* fact) {
    const std::vector<std::string> texts = row(table, fact);
    return std::vector<std::string>(texts.begin() + 1, texts.begin() + 3);
  };
  EXPECT_THAT(here("clock, measured"), ElementsAre("3,400 MHz", "not recorded"));
  EXPECT_THAT(here("memory latency, 4 kB pages"), ElementsAre("98 ns", "not recorded"));
  EXPECT_THAT(here("mitigations"), ElementsAre("2 on, 1 vulnerable", "not recorded"));
  EXPECT_THAT(here("governor"), ElementsAre("unavailable", "not recorded"));
  EXPECT_THAT(here("turbo"), ElementsAre("not recorded", "on"));
  EXPECT_THAT(here("cores"), ElementsAre("16, SMT on", "8, SMT on"));
  EXPECT_THAT(here("caches"), ElementsAre("not recorded", "L1d 32K, L1i 32K, L2 256K, L3 8192K"));
  EXPECT_THAT(row(table, "redis-server"),
              ElementsAre("redis-server", "7.0.15", "7.0.15", "4.0.9", "not told", "not told"));
  EXPECT_THAT(row(table, "memory").back(), "128 GB");
}

TEST_F(Hosts, OfSeveralRunsTheNewestComesFirstAndMeasurementsAreMedians) {
  RunRecord later = records_.runs[0];
  later.run_id = "big-2";
  later.started = "2024-06-01T00:00:00Z";
  records_.runs[0].host.emplace_back("measured_mhz", "3000");
  records_.runs[0].host.emplace_back("kernel", "6.1");
  records_.runs[0].host.emplace_back("load_average", "0.10");
  later.host.emplace_back("measured_mhz", "3400");
  later.host.emplace_back("kernel", "6.8");
  later.host.emplace_back("load_average", "12.3");
  records_.runs.push_back(later);
  const Table table = facts();
  EXPECT_EQ(row(table, "clock, measured")[1], "3,200 MHz");
  EXPECT_EQ(row(table, "kernel")[1], "6.8; 6.1");
  EXPECT_EQ(row(table, "load before a run")[1], "0.10 to 12.3");
  EXPECT_EQ(row(table, "measured on")[1], "2024-05-01 to 2024-06-01");
}

TEST_F(Hosts, LikeMachinesAreRanked) {
  const std::vector<Table> tables = across();
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].title, "get-uniform, phase run");
  EXPECT_THAT(row(tables[0], "lmdb"), ElementsAre("lmdb", "2", "6.90 M [6.00, 7.80]", "3.00 [3.00, 3.00]",
                                                  "3.45 M [3.00, 3.90]", "3.00 [3.00, 3.00]", "", "A", ""));
  EXPECT_THAT(tables[0].notes, Contains(HasSubstr("A: amd-epyc-7763-16-cores; B: intel-core-i7-2600-3.40ghz-8-cores")));
}

TEST_F(Hosts, OverlappingIntervalsAreNotSeparated) {
  std::erase_if(records_.cells, [](const CellRecord& cell) { return cell.run_id == "old"; });
  add(records_, "old", "lmdb", 5.5e6);
  EXPECT_EQ(row(across()[0], "lmdb")[7], "not separated");
}

TEST_F(Hosts, OtherVersionsAreNotRanked) {
  add(records_, "big", "redis", 1e5);
  add(records_, "old", "redis", 1e4);
  records_.runs[1].versions[0].second = "hiredis 1.2.0, redis-server 7.0.15";
  const Table table = across()[0];
  EXPECT_EQ(row(table, "redis")[7], "-");
  EXPECT_EQ(row(table, "redis")[8], "versions (hiredis 0.14.1 / 1.2.0)");
  EXPECT_EQ(row(table, "lmdb")[7], "A") << "uses no hiredis";
}

TEST_F(Hosts, WhatDiffersBetweenThreeMachinesIsToldOnce) {
  records_.runs.push_back(machine("arm", "Cortex-A72", "4"));
  records_.runs.back().versions[1].second = "lmdb 0.9.31";
  add(records_, "arm", "lmdb", 2e5);
  EXPECT_EQ(row(across()[0], "lmdb").back(), "versions (lmdb 0.9.24 / 0.9.31)");
}

TEST_F(Hosts, OtherFlagsAreNotRanked) {
  records_.runs[1].flags = "-O2";
  EXPECT_EQ(row(across()[0], "lmdb")[7], "-");
  EXPECT_EQ(row(across()[0], "lmdb")[8], "flags (-O3 / -O2)");
}

TEST_F(Hosts, OtherWorkIsNotRanked) {
  for (CellRecord& cell : records_.cells)
    if (cell.run_id == "old") cell.scale = 0.1;
  EXPECT_EQ(row(across()[0], "lmdb")[7], "-");
  EXPECT_EQ(row(across()[0], "lmdb")[8], "scale (1 / 0.1)");
  EXPECT_EQ(row(across()[0], "lmdb")[3], "3.00 [3.00, 3.00]") << "within a machine all did the same";
}

TEST_F(Hosts, OtherCommitsAreNotRanked) {
  records_.runs[1].commit = "fedcba9876543210";
  EXPECT_EQ(row(across()[0], "lmdb")[7], "-");
  EXPECT_EQ(row(across()[0], "lmdb")[8], "commit (0123456789 / fedcba9876)");
}

TEST_F(Hosts, SixRoundsTellNoTwoMachinesApart) {
  std::erase_if(records_.cells, [](const CellRecord& cell) { return cell.repetition == 6; });
  EXPECT_EQ(row(across()[0], "lmdb")[7], "not separated: 6 of 7 rounds");
}

TEST_F(Hosts, AShortWindowMakesNoMachineTheFastest) {
  for (CellRecord& cell : records_.cells) cell.elapsed_s = 0.012;
  EXPECT_EQ(row(across()[0], "lmdb")[6], "window 12.0 ms");
  EXPECT_EQ(row(across()[0], "lmdb")[7], "window 12.0 ms");
}

TEST_F(Hosts, OpenLoopsAreRankedByTheirTails) {
  for (CellRecord& cell : records_.cells) {
    cell.work.arrival_rate = cell.ops_per_s = 1e5;
    cell.latency_ns->p99 = (cell.run_id == "big" ? 1000 : 500) * (cell.engine == "lmdb" ? 3 : 1);
  }
  const std::vector<std::string> lmdb = row(across()[0], "lmdb");
  EXPECT_EQ(lmdb[3], "3.00 [3.00, 3.00]");
  EXPECT_EQ(lmdb[7], "B") << "the lower p99";
}

TEST_F(Hosts, AThirdMachineThatLacksAnEngineHasNoFigure) {
  records_.runs.push_back(machine("arm", "Cortex-A72", "4"));
  add(records_, "arm", "boost-map", 2e5);
  const std::vector<std::string> lmdb = row(across()[0], "lmdb");
  ASSERT_EQ(lmdb.size(), 2u + 3 * 2 + 3);
  EXPECT_EQ(lmdb[4], "-") << "B: cortex";
  EXPECT_EQ(lmdb[9], "A");
}

TEST_F(Hosts, AWrongEngineHasNoSpeedAndIsNoBaseline) {
  records_.cells.push_back(make_broken("boost-map", "invalid: 3 keys lost", 7));
  records_.cells.back().run_id = "old";
  const Table table = across()[0];
  EXPECT_THAT(row(table, "boost-map")[4], HasSubstr("invalid: 3 keys lost"));
  EXPECT_EQ(row(table, "lmdb")[5], "-");
  EXPECT_EQ(row(table, "lmdb")[3], "3.00 [3.00, 3.00]");
}

TEST_F(Hosts, TheBaselineCanBeChosen) {
  TableContext context;
  context.baseline = "lmdb";
  EXPECT_EQ(row(across(context)[0], "boost-map")[3], "0.33 [0.33, 0.33]");
}

TEST_F(Hosts, OfOneMachineOnlyWhatIsAskedForIsShown) {
  std::erase_if(records_.cells, [](const CellRecord& cell) { return cell.run_id == "old"; });
  ASSERT_EQ(across().size(), 1u);
  EXPECT_TRUE(across()[0].rows.empty());
  EXPECT_THAT(across()[0].notes, ElementsAre(HasSubstr("One machine only")));
  TableContext context;
  context.every_workload_across_hosts = true;
  EXPECT_EQ(across(context)[0].rows.size(), 2u);
  context.every_workload_across_hosts = false;
  context.selection.workloads = {"get-uniform"};
  const std::vector<Table> asked = across(context);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_THAT(row(asked[0], "lmdb"), ElementsAre("lmdb", "2", "6.90 M [6.00, 7.80]", "3.00 [3.00, 3.00]", ""));
}

TEST_F(Hosts, TheDocumentsFiguresStandBesideThoseHere) {
  for (CellRecord& cell : records_.cells) {
    if (cell.engine != "lmdb") continue;
    cell.tier = "python";
    cell.engine = "redis-py";
    cell.workload = "redis-100k";
    cell.phase = "as published";
    cell.processes = 3;
  }
  const Table table = build_table("hosts", records_, {}).back();
  std::vector<std::string> texts;
  for (const auto& cells : table.rows)
    if (cells[1].text == "redis-100k")
      for (const TableCell& cell : cells) texts.push_back(cell.text);
  EXPECT_THAT(texts, ElementsAre("AMD A8-4500M laptop", "redis-100k", "Redis", "whole program", "3", "12.8 k",
                                 "6.90 M [6.00, 7.80]", "539", "3.45 M [3.00, 3.90]", "270"));
  EXPECT_EQ(row(table, "i7 at 3.5 GHz")[5], "1.00 M");
  EXPECT_EQ(row(table, "Xeon E5-2670")[6], "-") << "not measured here";
}

}  // namespace
}  // namespace dictbench
