#include "results/tables/tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "results/tables/builders.h"

namespace dictbench {

const std::vector<TableDescription>& table_descriptions() {
  static const std::vector<TableDescription> descriptions = {
      {"overview", "a row an engine: speed, tail, memory, switches, what it survives; the one to choose by",
       build_overview},
      {"fastest", "the best engine of each workload, the next, and whether the rounds tell them apart", build_fastest},
      {"engines", "every engine on every workload: speed, latency, memory, switches, verified", build_engines},
      {"mpdict-1m", "1,000,000 items from three processes, beside mpdict's published figures", build_mpdict_1m},
      {"redis-100k", "100,000 items from three processes, beside the published figures of Redis", build_redis_100k},
      {"pyshmht-mp", "333,333 items set and walked twice, beside pyshmht's published figures", build_pyshmht_mp},
      {"pyshmht-64b", "keys and values of 64 bytes: raw, wrapped, cached, beside pyshmht's published figures",
       build_pyshmht_64b},
      {"ultra-old", "one key read and written, beside UltraDict's first published figures", build_ultra_old},
      {"ultra-new", "the same beside its later ones, with Redis", build_ultra_new},
      {"ultra-rank", "UltraDict's ranking, published and here", build_ultra_rank},
      {"ultra-rank-more", "the ranking with every dict here, for one process and for several", build_ultra_rank_more},
      {"smd-sync", "shared-memory-dict's benchmarks: few keys, the whole dict in each operation", build_smd_sync},
      {"lock-counter", "one counter, incremented by several processes: speed, and is the count exact",
       build_lock_counter},
      {"claims", "every sentence of the documents that can be decided, and whether it holds here", build_claims},
      {"python-targets", "what SharedDict is to reach in the Python tier, and did", build_python_targets},
      {"lockfree-rivals", "what lockfree is to reach against the best in-process tables and the shared ones, and did",
       build_lockfree_rivals},
      {"key-sizes", "lockfree, the other tables and the in-process ones with keys of 8 to 40 bytes", build_key_sizes},
      {"design-targets", "what bucket-table and stream-log are to reach, and did", build_design_targets},
      {"blob-growth", "set and get against the size of the dict, and where copying it at each set stops making sense",
       build_blob_growth},
      {"ultra-cases", "a read that finds nothing new, some updates, or a full dump to load", build_ultra_cases},
      {"needs", "the best engine for what services with several workers usually need", build_needs},
      {"gate-trials", "does the gate keep what it promises: gates over programs whose difference is known",
       build_gate_trials},
      {"hosts", "every machine's facts side by side, with those that the documents tell of theirs", build_hosts},
      {"across-hosts", "the workloads on every machine, ratios to a baseline within each, and what differs",
       build_across_hosts},
      {"standings", "which engines are ranked, and why others are not", build_standings},
      {"contracts", "what each engine promises, and what torture and check found", build_contracts},
  };
  return descriptions;
}

std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const TableDescription& description : table_descriptions()) names.push_back(description.name);
  return names;
}

std::vector<Table> build_table(std::string_view name, const RecordFile& records, const TableContext& context) {
  for (const TableDescription& description : table_descriptions()) {
    if (description.name == name) return description.build(records, context);
  }
  throw UnknownTable(fmt::format("table '{}' is unknown: there are {}", name, fmt::join(table_names(), ", ")));
}

std::vector<Table> build_all_tables(const RecordFile& records, const TableContext& context) {
  std::vector<Table> tables;
  for (const TableDescription& description : table_descriptions())
    for (Table& table : description.build(records, context)) tables.push_back(std::move(table));
  return tables;
}

}  // namespace dictbench
