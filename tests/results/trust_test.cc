#include "results/tables/trust.h"

#include <gmock/gmock.h>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TortureRecord torture(const std::string& engine, const std::string& fault, std::uint64_t survived,
                      std::uint64_t tried) {
  TortureRecord record;
  record.run_id = "run-1";
  record.engine = engine;
  record.fault = fault;
  record.survived = survived;
  record.tried = tried;
  record.status = "ok";
  return record;
}

CheckRecord check(const std::string& engine, std::uint64_t operations, const std::string& verdict) {
  CheckRecord record;
  record.run_id = "run-1";
  record.engine = engine;
  record.promise = "linearizable";
  record.operations = operations;
  record.verdict = verdict;
  return record;
}

TableContext boost_map_promises_nothing() {
  TableContext context;
  context.contracts = {{"boost-map", "", {{"survives a killed writer", "no"}}, ""},
                       {"lmdb", "", {{"survives a killed writer", "yes"}}, ""}};
  return context;
}

std::vector<std::string> texts(const std::vector<TableCell>& row) {
  std::vector<std::string> all;
  for (const TableCell& cell : row) all.push_back(cell.text);
  return all;
}

TEST(Trust, IsSilentWithoutRecords) { EXPECT_THAT(build_trust({}, {}), IsEmpty()); }

TEST(Trust, SumsTheKillsOfAllKindsAndTellsThePromise) {
  RecordFile records{{testing::make_run()}, {}, {}, {}};
  TortureRecord kill = torture("lmdb", "kill", 1000, 1000);
  kill.longest_stall_s = 0.002;
  kill.bytes_left_per_kill = 2;
  TortureRecord points = torture("lmdb", "crash-points", 200, 200);
  points.longest_stall_s = 0.012;
  points.bytes_left_per_kill = -10;
  records.tortures = {kill, points, torture("boost-map", "kill", 950, 1000)};
  records.checks = {check("lmdb", 1'000'000, "ok"), check("boost-map", 5000, "illegal: a read of nothing")};
  const Table table = build_trust(records, boost_map_promises_nothing()).at(0);
  EXPECT_THAT(texts(table.rows.at(0)), ElementsAre("lmdb", "1,200 of 1,200", "12.0 ms", "0", "0 B",
                                                   "yes, 1,000,000 operations", "0.9.24, commit 0123456789", "-"));
  EXPECT_THAT(texts(table.rows.at(1)), ElementsAre("boost-map", "950 of 1,000, not promised", "0.0 ns", "0", "0 B",
                                                   "NO", "commit 0123456789", "-"));
  EXPECT_THAT(table.notes, Contains("boost-map, history: illegal: a read of nothing."));
  EXPECT_THAT(table.notes, Contains(HasSubstr("Host: Intel(R) Xeon(R)")));
}

TEST(Trust, TheLastRecordOfAFaultCounts) {
  RecordFile records{{testing::make_run()}, {}, {}, {}};
  records.tortures = {torture("lmdb", "kill", 1, 20), torture("lmdb", "kill", 30, 30)};
  EXPECT_EQ(build_trust(records, {}).at(0).rows.at(0).at(1).text, "30 of 30");
}

TEST(Trust, TellsWhatBrokeAndWhy) {
  RecordFile records{{testing::make_run()}, {}, {}, {}};
  TortureRecord broken = torture("lmdb", "unlink", 0, 3);
  broken.status = "broken: a new attach hung";
  TortureRecord none = torture("lmdb", "server-kill", 0, 0);
  none.status = "not applicable: it has no server";
  TortureRecord full = torture("lmdb", "full", 1, 1);
  full.found = "full after 312 items, goes on";
  records.tortures = {broken, none, full};
  const std::vector<Table> tables = build_trust(records, {});
  EXPECT_THAT(texts(tables.at(1).rows.at(0)), ElementsAre("lmdb", "full after 312 items, goes on", "-", "n/a"));
  EXPECT_EQ(tables.at(2).rows.at(0).at(1).text, "BROKEN");
  EXPECT_EQ(tables.at(2).rows.at(1).at(1).text, "n/a");
  EXPECT_EQ(tables.at(2).rows.at(2).at(1).text, "1 of 1");
  EXPECT_THAT(tables.at(2).notes, Contains("lmdb under unlink: broken: a new attach hung."));
}

TEST(Trust, KeepsMachinesApart) {
  RecordFile records{{testing::make_run(), testing::make_run("run-2")}, {}, {}, {}};
  records.runs[1].host = {{"cpu_model", "AMD Ryzen 7"}, {"cores", "8"}};
  TortureRecord other = torture("lmdb", "kill", 5, 5);
  other.run_id = "run-2";
  records.tortures = {torture("lmdb", "kill", 1, 1), other};
  const std::vector<Table> tables = build_trust(records, {});
  ASSERT_EQ(tables.size(), 6u);
  EXPECT_THAT(tables[0].title, HasSubstr("intel-xeon"));
  EXPECT_THAT(tables[3].title, HasSubstr("amd-ryzen"));
}

TEST(Trust, RecordsSurviveWritingAndReading) {
  const auto file = std::filesystem::temp_directory_path() / ("dictbench-trust-test-" + std::to_string(getpid()));
  TortureRecord written = torture("lmdb?sync=off", "kill", 998, 1000);
  written.processes = 3;
  written.operations = 123456;
  written.lost = 2;
  written.longest_stall_s = 0.5;
  written.bytes_left_per_kill = -1.5;
  written.elapsed_s = 12.5;
  written.found = "as it should be";
  written.facts = {{"points", "12"}};
  CheckRecord judged = check("lmdb", 10, "ok");
  judged.processes = 4;
  judged.keys = 16;
  judged.open = 3;
  judged.kills = 5;
  judged.elapsed_s = 1.5;
  {
    RecordWriter writer(file);
    writer.write(testing::make_run());
    writer.write(written);
    writer.write(judged);
  }
  const RecordFile records = read_records(file);
  std::filesystem::remove(file);
  ASSERT_EQ(records.tortures.size(), 1u);
  const TortureRecord& read = records.tortures[0];
  EXPECT_EQ(read.engine, written.engine);
  EXPECT_EQ(read.fault, written.fault);
  EXPECT_EQ(read.processes, 3u);
  EXPECT_EQ(read.operations, 123456u);
  EXPECT_EQ(read.lost, 2u);
  EXPECT_EQ(read.longest_stall_s, 0.5);
  EXPECT_EQ(read.bytes_left_per_kill, -1.5);
  EXPECT_EQ(read.elapsed_s, 12.5);
  EXPECT_EQ(read.found, written.found);
  EXPECT_EQ(read.status, "ok");
  EXPECT_EQ(read.facts, written.facts);
  ASSERT_EQ(records.checks.size(), 1u);
  EXPECT_EQ(records.checks[0].processes, 4u);
  EXPECT_EQ(records.checks[0].keys, 16u);
  EXPECT_EQ(records.checks[0].open, 3u);
  EXPECT_EQ(records.checks[0].kills, 5u);
  EXPECT_EQ(records.checks[0].elapsed_s, 1.5);
  EXPECT_EQ(records.checks[0].promise, "linearizable");
  EXPECT_EQ(records.checks[0].verdict, "ok");
}

}  // namespace
}  // namespace dictbench
