// Table `contracts`: what each engine is, what it promises, and what torture and check found (trust.h).
#include <algorithm>

#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/trust.h"

namespace dictbench {

std::vector<Table> build_contracts(const RecordFile& records, const TableContext& context) {
  Table engines{
      "contracts",
      "Engines",
      {},
      {{"engine", "", Alignment::left}, {"what it is", "", Alignment::left}, {"on this machine", "", Alignment::left}},
      {}};
  Table promises{"contracts", "What each engine promises", {}, {{"engine", "", Alignment::left}}, {}};

  // Columns in the order in which the first engine that has them tells them.
  std::vector<std::string> names;
  for (const ContractRow& row : context.contracts) {
    for (const auto& [name, text] : row.promises) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(name);
      promises.columns.push_back({name, "", Alignment::left});
    }
  }
  for (const ContractRow& row : context.contracts) {
    engines.rows.push_back({text_cell(row.engine), text_cell(row.summary),
                            text_cell(row.unavailable.empty() ? "available" : "unavailable: " + row.unavailable)});
    std::vector<TableCell>& cells = promises.rows.emplace_back();
    cells.push_back(text_cell(row.engine));
    for (const std::string& name : names) {
      const auto promise =
          std::find_if(row.promises.begin(), row.promises.end(), [&](const auto& pair) { return pair.first == name; });
      cells.push_back(promise != row.promises.end() ? text_cell(promise->second) : no_figure());
    }
  }
  if (context.contracts.empty()) promises.notes.push_back("No engine is built in.");
  std::vector<Table> tables = {std::move(engines), std::move(promises)};
  for (Table& table : build_trust(records, context)) tables.push_back(std::move(table));
  return tables;
}

}  // namespace dictbench
