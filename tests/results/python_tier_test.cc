// The documents' tables of the Python tier, the claims and the targets, from records made by hand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/published.h"
#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::make_cell;
using testing::make_run;

CellRecord cell_of(const std::string& engine, const std::string& workload, const std::string& phase, unsigned processes,
                   double ops_per_s, unsigned repetition = 0) {
  CellRecord cell = make_cell(engine, ops_per_s, repetition);
  cell.tier = "python";
  cell.workload = workload;
  cell.phase = phase;
  cell.processes = processes;
  return cell;
}

RecordFile records_of(std::vector<CellRecord> cells) { return {{make_run()}, std::move(cells), {}, {}}; }

// The text in `column` of the first row whose cells hold all of these texts.
std::string text(const Table& table, const std::vector<std::string>& cells, const std::string& column) {
  const auto found = std::ranges::find(table.columns, column, &TableColumn::name);
  if (found == table.columns.end()) return "no column " + column;
  for (const auto& row : table.rows) {
    const auto has = [&](const std::string& wanted) {
      return std::ranges::any_of(row, [&](const TableCell& cell) { return cell.text == wanted; });
    };
    if (std::ranges::all_of(cells, has)) return row[static_cast<std::size_t>(found - table.columns.begin())].text;
  }
  return "no such row";
}

Table only(const std::string& name, const RecordFile& records) {
  const std::vector<Table> tables = build_table(name, records, {});
  EXPECT_EQ(tables.size(), 1u);
  return tables.at(0);
}

TEST(Rates, StandBesideThePublishedOnesAndTheDict) {
  const Table table = only("ultra-rank", records_of({cell_of("dict", "ultra-rank", "read", 1, 20e6),
                                                     cell_of("UltraDict", "ultra-rank", "read", 1, 1e6),
                                                     cell_of("SharedDict(lockfree)", "ultra-rank", "read", 1, 10e6),
                                                     cell_of("SharedDict(lockfree)", "ultra-rank", "read", 2, 15e6),
                                                     cell_of("sqlite3", "ultra-rank", "read", 1, 1e5)}));
  EXPECT_EQ(text(table, {"read", "UltraDict"}, "published"), "2.34 M");
  EXPECT_EQ(text(table, {"read", "UltraDict"}, "here"), "1.00 M");
  EXPECT_EQ(text(table, {"read", "UltraDict"}, "ratio"), "0.43");
  EXPECT_EQ(text(table, {"read", "UltraDict"}, "to dict"), "20.0");
  EXPECT_EQ(text(table, {"read", "SharedDict(lockfree)"}, "to dict"), "2.00");
  EXPECT_EQ(text(table, {"read", "Manager"}, "here"), "not measured");
  EXPECT_EQ(text(table, {"read", "sqlite3"}, "here"), "no such row") << "ultra-rank-more has it";
  const Table more = only("ultra-rank-more", records_of({cell_of("sqlite3", "ultra-rank", "read", 1, 1e5),
                                                         cell_of("sqlite3", "ultra-rank", "read", 2, 2e5)}));
  EXPECT_EQ(more.rows.size(), 2u);
}

TEST(Rates, ARowThatLostItemsShowsNoSpeed) {
  CellRecord lossy = cell_of("UltraDict", "ultra-rank", "write", 1, 9e6);
  lossy.verified = "failed: 3 of 10 items are lost";
  lossy.status = "invalid: verification failed";
  const Table table = only("ultra-rank", records_of({lossy}));
  EXPECT_EQ(text(table, {"write", "UltraDict"}, "here"), "failed: 3 of 10 items are lost");
  EXPECT_EQ(text(table, {"write", "UltraDict"}, "ratio"), "-");
  EXPECT_EQ(text(table, {"write", "UltraDict"}, "verified"), "failed");
}

TEST(Documents, BothTiersShareATableForEachVariant) {
  CellRecord cpp = make_cell("lockfree", 2e6);
  cpp.workload = "mpdict-1m";
  cpp.phase = "set";
  cpp.processes = 3;
  cpp.workload_hash = "of the .toml";
  const std::vector<Table> tables =
      build_table("mpdict-1m",
                  records_of({cpp, cell_of("SharedDict(lockfree)", "mpdict-1m", "as published", 3, 1e6),
                              cell_of("SharedDict(lockfree)", "mpdict-1m", "as meant", 3, 2e6)}),
                  {});
  ASSERT_EQ(tables.size(), 2u);
  const bool published_first = tables[0].title.ends_with(", as published");
  const Table& published = tables[published_first ? 0 : 1];
  EXPECT_EQ(text(published, {"lockfree"}, "tier"), "c++");
  EXPECT_EQ(text(published, {"SharedDict(lockfree)"}, "tier"), "python");
  EXPECT_EQ(text(tables[published_first ? 1 : 0], {"SharedDict(lockfree)"}, "ratio"), "0.16");
}

TEST(Documents, AMappedFileHasALengthAndBlocks) {
  CellRecord cell = cell_of("pyshmht", "pyshmht-mp", "three passes", 2, 1e6);
  cell.memory.storage_bytes = 832'000'000;
  cell.memory.storage_length_bytes = 1'007'000'000;
  const Table table = only("pyshmht-mp", records_of({cell}));
  EXPECT_EQ(text(table, {"pyshmht"}, "in use"), "832");
  EXPECT_EQ(text(table, {"pyshmht"}, "length"), "1,007");
  EXPECT_EQ(text(table, {"pyshmht, mapped file, published"}, "length"), "961");
  EXPECT_EQ(text(table, {"pyshmht"}, "ratio"), "0.15") << "to the published row of two processes";
}

TEST(Claims, AreDecidedForTheOriginalAndForUs) {
  std::vector<CellRecord> cells;
  for (unsigned round = 0; round < 6; ++round) {
    cells.push_back(cell_of("dict", "ultra-10k", "read", 1, 20e6, round));
    cells.push_back(cell_of("UltraDict", "ultra-10k", "read", 1, 1e6, round));
    cells.push_back(cell_of("SharedDict(lockfree)", "ultra-10k", "read", 1, 5e6, round));
  }
  const Table table = only("claims", records_of(cells));
  const std::vector<std::string> claim = {"reads 10 times slower than a dict"};
  EXPECT_EQ(text(table, claim, "original here"), "20.0 x");
  EXPECT_EQ(text(table, claim, "holds"), "no");
  EXPECT_EQ(text(table, claim, "lockfree here"), "4.00 x");
  EXPECT_EQ(text(table, claim, "holds for it"), "yes");
  EXPECT_EQ(text(table, {"20 times faster than Redis"}, "holds"), "not measured");
  std::size_t claims = 0;
  for (const std::string& name : list_published()) claims += load_published(name).claims.size();
  EXPECT_EQ(table.rows.size(), claims);
}

TEST(Claims, SecondsAndMegabytesNeedTheFullScale) {
  std::vector<CellRecord> cells;
  for (unsigned round = 0; round < 6; ++round)
    cells.push_back(cell_of("mpdict", "mpdict-1m", "as published", 3, 1e6, round));
  EXPECT_EQ(text(only("claims", records_of(cells)), {"1,000,000 items in 3 s"}, "holds"), "yes");
  for (CellRecord& cell : cells) cell.scale = 0.1;
  EXPECT_EQ(text(only("claims", records_of(cells)), {"1,000,000 items in 3 s"}, "holds"), "not measured at full scale");
}

TEST(Claims, HoldOnlyByTheWholeInterval) {
  std::vector<CellRecord> cells;
  for (unsigned round = 0; round < 6; ++round)  // 2.5 s and once 4 s, to hold: at most 3.14 s
    cells.push_back(cell_of("mpdict", "mpdict-1m", "as published", 3, round == 3 ? 0.25e6 : 0.4e6, round));
  const std::vector<std::string> claim = {"1,000,000 items in 3 s"};
  EXPECT_EQ(text(only("claims", records_of(cells)), claim, "original here"), "2.500 s");
  EXPECT_EQ(text(only("claims", records_of(cells)), claim, "holds"), "open: the interval holds the bound");
  cells.resize(3);
  EXPECT_EQ(text(only("claims", records_of(cells)), claim, "holds"), "open: 3 of 6 rounds");
}

TEST(PythonTargets, TakeTheWholeIntervalOfSixRounds) {
  RecordFile records = records_of({});
  const auto add = [&](unsigned rounds, double own, const std::string& run = "run-1") {
    for (unsigned round = 0; round < rounds; ++round) {
      records.cells.push_back(cell_of("SharedDict(lockfree)", "ultra-rank", "read", 1, own, round));
      records.cells.push_back(cell_of("UltraDict", "ultra-rank", "read", 1, 1e6, round));
      for (CellRecord* cell : {&records.cells.back(), &records.cells.back() - 1}) cell->run_id = run;
    }
  };
  add(5, 6e6);
  const std::vector<std::string> target = {"lockfree read, against UltraDict"};
  EXPECT_EQ(text(only("python-targets", records), target, "verdict"), "open: 5 of 6 rounds");
  // A later run of the same commit is of the same sample.
  records.runs.push_back(make_run("run-2"));
  records.runs.back().started = "2024-06-01T10:00:00Z";
  add(1, 6e6, "run-2");
  EXPECT_EQ(text(only("python-targets", records), target, "rounds"), "6");
  EXPECT_EQ(text(only("python-targets", records), target, "measured"), "6.00 [6.00, 6.00]");
  EXPECT_EQ(text(only("python-targets", records), target, "verdict"), "met");
  add(1, 4e6, "run-2");
  records.cells[records.cells.size() - 2].repetition = records.cells.back().repetition = 1;
  EXPECT_EQ(text(only("python-targets", records), target, "verdict"), "open: the interval holds the bound");
  records.runs.back().commit = "fedcba";
  EXPECT_EQ(text(only("python-targets", records), target, "rounds"), "2") << "the newest commit counts, alone";
  records.cells.clear();
  add(6, 4e6);
  EXPECT_EQ(text(only("python-targets", records), target, "verdict"), "missed");
  EXPECT_EQ(text(only("python-targets", records), {"stream-log read, against dict"}, "verdict"), "n/a: not measured");
  for (CellRecord& cell : records.cells) cell.elapsed_s = 0.05;
  EXPECT_EQ(text(only("python-targets", records), target, "verdict"), "open: window 50.0 ms");
}

TEST(PythonTier, StaysOutOfTheTableOfEngines) {
  EXPECT_THAT(only("engines", records_of({cell_of("dict", "ultra-rank", "read", 1, 1e6)})).notes,
              Contains(HasSubstr("No records to show")));
}

}  // namespace
}  // namespace dictbench
