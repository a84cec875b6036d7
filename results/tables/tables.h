// The tables: each a function from records to plain Table values. The registry here is the only list of them.
//
// Pure over records and context, except that the documents' tables read results/published/. No table shows a
// speed of an engine that was wrong, was not verified or did not finish: it shows the reason.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/choose/knowledge.h"
#include "results/record.h"
#include "results/table.h"

namespace dictbench {

// A name that no table has; the message lists those there are.
class UnknownTable : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// What one engine declares about itself; results/ does not know engines/, so the caller fills it in.
struct ContractRow {
  std::string engine;
  std::string summary;
  std::vector<std::pair<std::string, std::string>> promises;  // column and text, in the columns' order
  std::string unavailable;                                    // why it cannot be used here; empty: it can
};

// Which cells a table is made of. An empty list lets everything through.
struct Selection {
  std::vector<std::string> engines;  // whole specs, options and all
  std::vector<std::string> workloads;
  std::vector<std::string> phases;
  std::vector<unsigned> processes;
  std::vector<std::string> hosts;  // host_name()
  // Also cells of runs that measured yardsticks (engines rival-*) or were made for a table of targets (`--targets`),
  // which would mix with those of the usual runs. Where there are no others they are let through all the same.
  bool yardsticks = false;
};

struct TableContext {
  std::vector<ContractRow> contracts;
  Selection selection;
  // Engine names (without options): whose figures are the harness's own cost; which are private to each process and so
  // cannot be the fastest shared engine; and which are others in disguise. The caller adds what the loaded engines'
  // contracts say; the names here are for records of engines that are not loaded (a program built without them).
  std::set<std::string, std::less<>> cost_engines = {"null"};
  std::set<std::string, std::less<>> private_engines = {"local"};
  std::set<std::string, std::less<>> stand_ins = {"slow"};  // EngineDescription::stand_in
  // Table `across-hosts`: what each engine is set against on its own machine; whether every workload is shown though
  // only one machine has been measured.
  std::string baseline = "boost-map";
  bool every_workload_across_hosts = false;
  Knowledge knowledge;  // of engines and workloads, for the table `needs`
};

struct TableDescription {
  std::string name;
  std::string summary;  // one line for `dictbench list tables`
  std::vector<Table> (*build)(const RecordFile& records, const TableContext& context);
};

const std::vector<TableDescription>& table_descriptions();
std::vector<std::string> table_names();

// At least one table; one without rows and a note when there are no records for it. Throws UnknownTable and,
// for the documents' tables, PublishedError.
std::vector<Table> build_table(std::string_view name, const RecordFile& records, const TableContext& context);

// All of them, in the registry's order.
std::vector<Table> build_all_tables(const RecordFile& records, const TableContext& context);

}  // namespace dictbench
