// The registry of tables, and those without a test file of their own.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/table_lookup.h"

namespace dictbench {
namespace {

using testing::cell_text;
using testing::column;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::engines_of;
using ::testing::HasSubstr;
using testing::make_broken;
using testing::make_cell;
using ::testing::Not;
using testing::records_of;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(Registry, KnowsItsTables) {
  EXPECT_THAT(table_names(),
              ElementsAre("overview", "fastest", "engines", "mpdict-1m", "redis-100k", "pyshmht-mp", "pyshmht-64b",
                          "ultra-old", "ultra-new", "ultra-rank", "ultra-rank-more", "smd-sync", "lock-counter",
                          "claims", "python-targets", "lockfree-rivals", "key-sizes", "design-targets", "blob-growth",
                          "ultra-cases", "needs", "gate-trials", "hosts", "across-hosts", "standings", "contracts"));
  EXPECT_THAT([] { build_table("nosuch", {}, {}); },
              ThrowsMessage<UnknownTable>(HasSubstr("there are overview, fastest, engines, mpdict-1m")));
}

TEST(Registry, EveryTableStandsWithoutRecordsAndIsRectangular) {
  for (const std::string& name : table_names()) {
    const std::vector<Table> tables = build_table(name, {}, {});
    ASSERT_FALSE(tables.empty()) << name;
    EXPECT_FALSE(tables.back().notes.empty()) << name;
    for (const Table& table : tables) {
      EXPECT_EQ(table.name, name);
      for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size());
    }
  }
}

TEST(Documents, PublishedRowFirstThenTheEnginesByTime) {
  RecordFile records = records_of({make_cell("redis", 1e5), make_cell("boost-map", 1e6), make_cell("lmdb", 1e6),
                                   make_broken("memcached", "unavailable: no memcached")});
  for (CellRecord& cell : records.cells) {
    cell.workload = "mpdict-1m";
    cell.processes = 3;
  }
  records.cells[0].server_rusage = Usage{.user_s = 1,
                                         .system_s = 2,
                                         .minor_faults = 1,
                                         .major_faults = 0,
                                         .voluntary_switches = 5,
                                         .involuntary_switches = 6};
  const std::vector<Table> tables = build_table("mpdict-1m", records, {});
  ASSERT_EQ(tables.size(), 1u);
  const Table& table = tables[0];
  EXPECT_THAT(engines_of(table), ElementsAre("mpdict, published", "boost-map", "lmdb", "redis", "memcached"));
  const auto row = [&](const std::string& engine) {
    std::vector<std::string> texts;
    for (const TableColumn& c : table.columns) texts.push_back(cell_text(table, engine, c.name));
    return texts;
  };
  EXPECT_THAT(row("mpdict, published"),
              ElementsAre("mpdict, published", "-", "3", "3.140", "4.400", "0.570", "153", "80,632", "45,307", "27,576",
                          "200", "999,781", "-", "1.00", "-", "218 items lost"));
  EXPECT_THAT(row("boost-map"), ElementsAre("boost-map", "c++", "3", "1.000", "0.500", "0.125", "62", "80,632", "1,234",
                                            "2,000", "10", "1,000,000", "56 B", "0.32", "ok", ""));
  EXPECT_THAT(row("redis"), ElementsAre("redis", "c++", "3", "10.0", "1.500", "2.125", "36", "80,632", "1,235", "2,005",
                                        "16", "1,000,000", "56 B", "3.19", "ok", ""));
  EXPECT_EQ(cell_text(table, "memcached", "elapsed"), "unavailable: no memcached");
  EXPECT_EQ(cell_text(table, "memcached", "user"), "-");
  EXPECT_THAT(table.notes, Contains(StartsWith("Published: mpdict README; host: AMD A8-4500M")));
}

TEST(Documents, RedisHasItsOwnReference) {
  const Table table = build_table("redis-100k", {}, {})[0];
  EXPECT_THAT(engines_of(table), ElementsAre("Redis, published"));
  EXPECT_EQ(cell_text(table, "Redis, published", "elapsed"), "7.813");
  EXPECT_THAT(table.notes, Contains(HasSubstr("dictbench run --workload redis-100k")));
}

TEST(LockCounter, SaysWhetherTheCountIsExact) {
  RecordFile records = records_of(
      {make_cell("redis", 1e5), make_cell("boost-map", 1e6), make_broken("blob", "unavailable: no atomic add")});
  for (CellRecord& cell : records.cells) cell.workload = "lock-counter";
  records.cells[0].verified = "failed: 99,998 of 100,000";
  const Table table = build_table("lock-counter", records, {})[0];
  EXPECT_THAT(engines_of(table), ElementsAre("boost-map", "blob", "redis"));
  EXPECT_EQ(cell_text(table, "boost-map", "exact"), "yes");
  EXPECT_EQ(cell_text(table, "boost-map", "increments"), "1,000,000");
  EXPECT_EQ(cell_text(table, "redis", "exact"), "no");
  EXPECT_EQ(cell_text(table, "redis", "ops/s"), "failed: 99,998 of 100,000");
  EXPECT_EQ(cell_text(table, "blob", "exact"), "-");
}

TEST(BlobGrowth, TellsWhereBlobIsOvertaken) {
  RecordFile records = records_of({});
  const auto add_phase = [&](const std::string& engine, const std::string& phase, double ns) {
    CellRecord cell = make_cell(engine, 2e9 / ns);  // two processes
    cell.workload = "blob-growth";
    cell.phase = phase;
    records.cells.push_back(cell);
  };
  double blob_ns = 100;
  for (const char* const size : {"10", "100", "1000", "10000"}) {
    const std::string set = std::string("set-") + size;
    add_phase("blob", set, blob_ns);
    blob_ns *= 10;
    add_phase("lmdb", set, 3162.28);    // between 100 and 1,000 items, in the middle of the logarithms
    add_phase("local", set, 50);        // always quicker
    add_phase("sqlite-wal", set, 1e6);  // never
    add_phase("blob", std::string("get-") + size, 164);
    add_phase("blob", std::string("grow-") + size, 7);
  }
  records.cells.push_back(make_broken("redis", "unavailable: no redis-server"));
  records.cells.back().workload = "blob-growth";
  records.cells.back().phase = "set-10";
  const Table table = build_table("blob-growth", records, {})[0];
  EXPECT_THAT(engines_of(table), ElementsAre("blob", "lmdb", "local", "redis", "sqlite-wal"));
  EXPECT_EQ(cell_text(table, "blob", "set @ 10,000"), "100 us");
  EXPECT_EQ(cell_text(table, "blob", "get @ 10"), "164 ns");
  EXPECT_EQ(cell_text(table, "lmdb", "get @ 10"), "-");
  const std::string crossover = "blob sets faster up to";
  EXPECT_EQ(cell_text(table, "blob", crossover), "-");
  EXPECT_EQ(cell_text(table, "lmdb", crossover), "~320");
  EXPECT_EQ(cell_text(table, "local", crossover), "below 10");
  EXPECT_EQ(cell_text(table, "local", "remark"), "not shared");
  EXPECT_EQ(cell_text(table, "sqlite-wal", crossover), "above 10,000");
  EXPECT_EQ(cell_text(table, "redis", crossover), "-");
}

TEST(UltraCases, OneRowACaseInTheOrderOfItsSizes) {
  std::vector<CellRecord> cells;
  for (const char* updates : {"10000", "100", "0"}) {
    CellRecord cell = make_cell("stream-log?buffer=64K", 1e3);
    cell.workload = "ultra-cases";
    cell.phase = fmt::format("1000 items, {} updates", updates);
    cell.ops = 50;
    cell.latency_ns->p50 = 5000;
    cell.engine_facts = {{"items", "1000"}, {"updates", updates}, {"dumps_loaded", "25"}, {"written_ns", "1000000"}};
    cells.push_back(cell);
  }
  cells[0].status = "invalid: timeout";
  cells[0].ops_per_s = 0;
  const RecordFile records = records_of(cells);
  const Table table = build_table("ultra-cases", records, {})[0];
  ASSERT_EQ(table.rows.size(), 3u);
  const auto column = [&](std::size_t number) {
    std::vector<std::string> texts;
    for (const auto& row : table.rows) texts.push_back(row[number].text);
    return texts;
  };
  EXPECT_THAT(column(2), ElementsAre("0", "100", "10,000"));
  EXPECT_THAT(column(3), ElementsAre("5.00 us", "5.00 us", "-"));
  EXPECT_THAT(column(5), ElementsAre("-", "50 ns", "-"));
  EXPECT_THAT(column(6), ElementsAre("0.50", "0.50", "-"));
  EXPECT_THAT(column(7), ElementsAre("-", "-", "-")) << "was not counted";
  EXPECT_THAT(column(8), ElementsAre("-", "200 ns", "-"));
  EXPECT_THAT(column(9), ElementsAre("", "", HasSubstr("timeout")));
  EXPECT_TRUE(build_table("engines", records, {})[0].rows.empty()) << "cases have a table of their own";
}

TEST(Contracts, ColumnsComeFromThePromises) {
  TableContext context;
  context.contracts = {{"null", "stores nothing", {{"shared", "no"}}, ""},
                       {"redis", "a server", {{"shared", "yes"}, {"durable", "no"}}, "redis-server is not installed"}};
  const std::vector<Table> tables = build_table("contracts", {}, context);
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(cell_text(tables[0], "null", "what it is"), "stores nothing");
  EXPECT_EQ(cell_text(tables[0], "redis", "on this machine"), "unavailable: redis-server is not installed");
  EXPECT_EQ(cell_text(tables[1], "redis", "durable"), "no");
  EXPECT_EQ(cell_text(tables[1], "null", "durable"), "-");
  EXPECT_THAT(tables[1].notes, Not(Contains(HasSubstr("No engine"))));
}

}  // namespace
}  // namespace dictbench
