// Every figure of a table names the records that it was computed from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;

std::size_t column(const Table& table, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].name == name) return i;
  ADD_FAILURE() << "no column " << name;
  return 0;
}

const std::vector<FigureSource>& sources(const Table& table, const std::string& engine, const std::string& name) {
  for (const auto& row : table.rows)
    if (row[0].text == engine) return row[column(table, name)].sources;
  static const std::vector<FigureSource> none;
  ADD_FAILURE() << "no row " << engine;
  return none;
}

FigureSource source(const std::string& engine, const std::string& run = "run-1") {
  return {.type = "cell",
          .runs = {run},
          .tier = "c++",
          .engine = engine,
          .workload = "get-uniform",
          .phase = "run",
          .processes = 2,
          .scale = 1,
          .start = "fork",
          .fault = "",
          .host = "intel-xeon-2.50ghz-2-cores",
          .commit = "0123456789abcdef",
          .workload_hash = "aa"};
}

TEST(TableSources, AFigureNamesItsCellAndARatioBothSides) {
  RecordFile records{{make_run()}, {make_cell("lockfree", 2e6), make_cell("redis", 1e6)}, {}, {}};
  const Table table = build_table("engines", records, {}).front();
  for (const char* name : {"ops/s", "p50", "p99", "B/item", "vol", "invol", "verified"})
    EXPECT_THAT(sources(table, "redis", name), ElementsAre(source("redis"))) << name;
  EXPECT_THAT(sources(table, "redis", "ratio"), ElementsAre(source("redis"), source("lockfree")));
  EXPECT_THAT(sources(table, "redis", "engine"), IsEmpty());
}

TEST(TableSources, AReasonInsteadOfAFigureNamesTheCellToo) {
  RecordFile records{{make_run()}, {make_broken("redis", "invalid: a worker died")}, {}, {}};
  EXPECT_THAT(sources(build_table("engines", records, {}).front(), "redis", "ops/s"), ElementsAre(source("redis")));
}

TEST(TableSources, EachRunIsNamedOnce) {
  RecordFile records{{make_run("run-1"), make_run("run-2")}, {}, {}, {}};
  for (const char* run : {"run-1", "run-2"})
    for (unsigned repetition = 0; repetition < 3; ++repetition) {
      records.cells.push_back(make_cell("redis", 1e6, repetition));
      records.cells.back().run_id = run;
    }
  FigureSource both = source("redis");
  both.runs = {"run-1", "run-2"};
  EXPECT_THAT(sources(build_table("engines", records, {}).front(), "redis", "ops/s"), ElementsAre(both));
}

TEST(TableSources, PublishedRowsHaveNoneAndMeasuredOnesHave) {
  CellRecord cell = make_cell("redis", 1e6);
  cell.workload = "redis-100k";
  cell.processes = 3;
  const Table table = build_table("redis-100k", {{make_run()}, {cell}, {}, {}}, {}).front();
  EXPECT_THAT(sources(table, "Redis, published", "elapsed"), IsEmpty());
  FigureSource expected = source("redis");
  expected.workload = "redis-100k";
  expected.processes = 3;
  EXPECT_THAT(sources(table, "redis", "elapsed"), ElementsAre(expected));
  EXPECT_THAT(sources(table, "redis", "ratio"), ElementsAre(expected));
}

TEST(TableSources, FindingsNameEngineAndFault) {
  TortureRecord torture;
  torture.run_id = "run-1";
  torture.engine = "lmdb";
  torture.fault = "kill";
  torture.tried = torture.survived = 20;
  torture.status = "ok";
  const std::vector<Table> tables = build_table("contracts", {{make_run()}, {}, {torture}, {}}, {});
  FigureSource expected;
  expected.type = "torture";
  expected.runs = {"run-1"};
  expected.engine = "lmdb";
  expected.fault = "kill";
  std::size_t found = 0;
  for (const Table& table : tables)
    for (const auto& row : table.rows)
      for (const TableCell& cell : row) {
        if (cell.sources.empty()) continue;
        ++found;
        EXPECT_THAT(cell.sources, ElementsAre(expected)) << table.title << ": " << cell.text;
      }
  EXPECT_EQ(found, 5u);  // four figures of the kills, one of the fault
}

}  // namespace
}  // namespace dictbench
