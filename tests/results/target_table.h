// What the tests of tables of targets share: records by speed, and a table's texts by row.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench::testing {

inline RecordFile one_run() { return {{make_run()}, {}, {}, {}}; }

// One cell a round, with these speeds in millions.
inline void add(RecordFile& records, const std::string& engine, const std::string& workload, unsigned processes,
                const std::vector<double>& speeds, const std::string& phase = "run") {
  for (unsigned round = 0; round < speeds.size(); ++round) {
    CellRecord cell = make_cell(engine, speeds[round] * 1e6, round);
    cell.workload = workload;
    cell.phase = phase;
    cell.processes = processes;
    if (engine.starts_with("rival-")) cell.start = "threads";
    records.cells.push_back(cell);
  }
}

inline Table built(const std::string& name, const RecordFile& records) {
  const std::vector<Table> tables = build_table(name, records, {});
  EXPECT_EQ(tables.size(), 1u);
  return tables.at(0);
}

inline std::string text(const Table& table, const std::string& measure, int column) {
  for (const auto& row : table.rows)
    if (row[0].text == measure) return row[static_cast<std::size_t>(column)].text;
  return "no row " + measure;
}

}  // namespace dictbench::testing
