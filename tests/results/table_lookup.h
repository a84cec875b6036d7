// Looks rows and columns of a table up by name, for the tests of tables.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench::testing {

inline std::size_t column(const Table& table, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return i;
  }
  ADD_FAILURE() << "no column " << name;
  return 0;
}

inline std::string cell_text(const Table& table, const std::string& engine, const std::string& name) {
  for (const auto& row : table.rows) {
    if (row[0].text == engine) return row[column(table, name)].text;
  }
  return "no row " + engine;
}

inline std::vector<std::string> engines_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table.rows) names.push_back(row[0].text);
  return names;
}

inline RecordFile records_of(std::vector<CellRecord> cells) { return {{make_run()}, std::move(cells), {}, {}}; }

inline std::vector<Table> engines(const RecordFile& records, const TableContext& context = {}) {
  return build_table("engines", records, context);
}

// Five repetitions with these speeds in millions.
inline void add(RecordFile& records, const std::string& engine, const std::vector<double>& speeds) {
  for (unsigned i = 0; i < speeds.size(); ++i) records.cells.push_back(make_cell(engine, speeds[i] * 1e6, i));
}

}  // namespace dictbench::testing
