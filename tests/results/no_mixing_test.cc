// No cell of any table sets a record against one that did something else: other keys, values, processes, another
// commit or machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using testing::make_cell;
using testing::make_run;

// Who is measured under what, so that every table that shows cells finds some.
struct Place {
  const char *tier, *engine, *workload, *phase;
  unsigned processes;
};

constexpr Place kPlaces[] = {
    {"c++", "lockfree", "large", "get", 2},
    {"c++", "boost-map", "large", "get", 2},
    {"c++", "lockfree", "get-uniform", "run", 1},
    {"c++", "lockfree", "get-uniform", "run", 2},
    {"c++", "local", "get-uniform", "run", 1},
    {"c++", "stream-log", "get-uniform", "run", 1},
    {"c++", "rival-cuckoo", "get-uniform", "run", 2},
    {"c++", "lockfree", "get-batch-32", "run", 1},
    {"c++", "lockfree", "keys-8", "get", 2},
    {"c++", "lockfree", "keys-16", "get", 2},
    {"c++", "rival-cuckoo", "keys-16", "get", 2},
    {"c++", "blob", "blob-growth", "set-10", 2},
    {"c++", "lmdb", "blob-growth", "set-10", 2},
    {"c++", "stream-log", "ultra-cases", "10 items, 10 updates", 2},
    {"c++", "lmdb", "lock-counter", "run", 2},
    {"c++", "redis", "lock-counter", "run", 2},
    {"c++", "lockfree", "mpdict-1m", "run", 3},
    {"c++", "bucket-table", "pyshmht-64b", "set", 1},
    {"c++", "bucket-table?key=256&load=50&value=1024", "pyshmht-64b", "set", 1},
    {"python", "mpdict", "mpdict-1m", "as published", 3},
    {"python", "SharedDict(lockfree)", "mpdict-1m", "as meant", 3},
    {"python", "redis-py", "mpdict-1m", "as meant", 3},
    {"python", "mpdict", "redis-100k", "as published", 3},
    {"python", "mpdict", "redis-100k", "as meant", 3},
    {"python", "redis-py", "redis-100k", "as published", 3},
    {"python", "SharedDict(lockfree)", "redis-100k", "as published", 3},
    {"python", "SharedDict(lockfree)", "redis-100k", "as meant", 3},
    {"python", "dict", "ultra-rank", "read", 1},
    {"python", "UltraDict", "ultra-rank", "read", 1},
    {"python", "SharedDict(lockfree)", "ultra-rank", "read", 1},
    {"python", "dict", "ultra-10k", "read", 1},
    {"python", "SharedDict(lockfree)", "ultra-10k", "read", 1},
    {"python", "pyshmht", "pyshmht-mp", "three passes", 2},
    {"python", "dict", "pyshmht-64b", "set", 1},
    {"python", "pyshmht", "pyshmht-64b", "set", 1},
    {"python", "dict", "smd-sync", "fun", 1},
    {"python", "SharedMemoryDict", "smd-sync", "fun", 1},
};

// The hash follows what a workload's file says, its scale included.
std::string hash_of(const CellRecord& cell) {
  return fmt::format("{} {} {} {}", cell.workload, cell.work.keys, cell.work.value_bytes, cell.scale);
}

CellRecord cell_of(const Place& place, unsigned repetition) {
  CellRecord cell = make_cell(place.engine, 1e6, repetition);
  cell.tier = place.tier;
  cell.workload = place.workload;
  cell.phase = place.phase;
  cell.processes = place.processes;
  if (cell.engine.starts_with("rival-")) cell.start = "threads";
  // The batches' workload does the same as get-uniform, in other calls.
  cell.work = {.keys = cell.workload == "redis-100k" ? 99'999u : 1'000'000u, .key_bytes = 16, .value_bytes = 10};
  cell.workload_hash = hash_of(cell);
  return cell;
}

std::vector<CellRecord> all_cells() {
  std::vector<CellRecord> cells;
  for (const Place& place : kPlaces)
    for (unsigned repetition = 0; repetition < 7; ++repetition) cells.push_back(cell_of(place, repetition));
  return cells;
}

// What sets the figures of one cell apart; empty: nothing.
std::string mixed(const TableCell& cell) {
  for (const FigureSource& a : cell.sources)
    for (const FigureSource& b : cell.sources) {
      const auto differ = [&](const char* what) { return fmt::format("{} ({} / {})", what, a.engine, b.engine); };
      if (a.host != b.host) return differ("host");
      if (a.commit != b.commit) return differ("commit");
      if (a.keys != b.keys || a.scale != b.scale) return differ("keys");
      if (a.key_bytes != b.key_bytes) return differ("key size");
      if (a.value_bytes != b.value_bytes) return differ("value size");
      // One engine may be set against itself with more processes or in batches: that is then what the row is about.
      if (a.engine != b.engine && a.processes != b.processes) return differ("processes");
      if (a.engine != b.engine && a.workload_hash != b.workload_hash) return differ("workload");
    }
  return "";
}

// How many cells have a ratio; and that none of them mixes.
std::size_t ratios_in(const RecordFile& records, const std::string& what) {
  std::size_t ratios = 0;
  TableContext context;
  context.every_workload_across_hosts = true;
  for (const std::string& name : table_names())
    for (const Table& table : build_table(name, records, context))
      for (const auto& row : table.rows)
        for (const TableCell& cell : row) {
          EXPECT_EQ(mixed(cell), "") << what << ": " << name << ", " << table.title << ", " << row[0].text;
          ratios += cell.sources.size() > 1 ? 1 : 0;
        }
  return ratios;
}

TEST(NoMixing, LikeRecordsGiveRatiosInManyTables) {
  EXPECT_GT(ratios_in({{make_run()}, all_cells(), {}, {}}, "all alike"), 15u);
}

// Every second series did something else, in the same run or in another.
TEST(NoMixing, WhatDiffersIsNeverPaired) {
  const std::pair<const char*, std::function<void(CellRecord&)>> changes[] = {
      {"scale", [](CellRecord& cell) { cell.scale = 0.1; }},
      {"keys", [](CellRecord& cell) { cell.work.keys /= 10; }},
      {"value size", [](CellRecord& cell) { cell.work.value_bytes = 1000; }},
      {"processes", [](CellRecord& cell) { cell.processes += 1; }},
  };
  for (const auto& [what, change] : changes)
    for (const bool even : {true, false}) {
      RecordFile records{{make_run()}, all_cells(), {}, {}};
      for (std::size_t i = 0; i < records.cells.size(); ++i)
        if ((i / 7) % 2 == (even ? 0 : 1)) {
          change(records.cells[i]);
          records.cells[i].workload_hash = hash_of(records.cells[i]);
        }
      ratios_in(records, what);
    }
}

TEST(NoMixing, RunsOfOtherCommitsAndMachinesAreNeverPaired) {
  RunRecord commit = make_run("run-2"), machine = make_run("run-2"), dirty = make_run("run-2");
  commit.commit = "fedcba9876543210";
  machine.host = {{"cpu_model", "Cortex-A72"}, {"cores", "4"}};
  dirty.dirty = true;
  for (const RunRecord& other : {commit, machine, dirty})
    for (const bool whole : {true, false}) {
      RecordFile records{{make_run(), other}, all_cells(), {}, {}};
      for (std::size_t i = 0; i < records.cells.size(); ++i)
        // Whole series, or only some repetitions of each.
        if ((whole ? i / 7 : i % 7) % 2 == 0) records.cells[i].run_id = "run-2";
      ratios_in(records, other.commit + (other.dirty ? " dirty" : ""));
    }
}

TEST(NoMixing, OtherPagesAreToldInTheRow) {
  RecordFile records{{make_run()}, {make_cell("lockfree", 2e6), make_cell("local", 1e6)}, {}, {}};
  records.cells[0].engine_facts = {{"pages", "2 MB"}};
  records.cells[1].engine_facts = {{"pages", "4 KB"}};
  const Table table = build_table("engines", records, {}).at(0);
  EXPECT_EQ(table.rows.at(0).back().text, "pages: 2 MB");
  EXPECT_EQ(table.rows.at(1).back().text, "not shared, pages: 4 KB");
}

TEST(NoMixing, FilesOnADiskAreToldInTheRow) {
  RecordFile records{{make_run()}, {make_cell("lmdb", 2e6), make_cell("sqlite-wal", 1e6)}, {}, {}};
  records.cells[0].engine_facts = {{"filesystem", "tmpfs"}};
  records.cells[1].engine_facts = {{"filesystem", "ext4"}};
  const Table table = build_table("engines", records, {}).at(0);
  EXPECT_EQ(table.rows.at(0).back().text, "");
  EXPECT_EQ(table.rows.at(1).back().text, "files on ext4");
}

}  // namespace
}  // namespace dictbench
