// The build functions that the registry lists, one source file each. Private to results/tables/.
#pragma once

#include <vector>

#include "results/tables/tables.h"

namespace dictbench {

// Cells that `dictbench cases` has written: each is a case of its own, and they have a table of their own.
inline constexpr const char* kCasesWorkload = "ultra-cases";

std::vector<Table> build_overview(const RecordFile& records, const TableContext& context);
std::vector<Table> build_fastest(const RecordFile& records, const TableContext& context);
std::vector<Table> build_standings(const RecordFile& records, const TableContext& context);
std::vector<Table> build_engines(const RecordFile& records, const TableContext& context);
std::vector<Table> build_mpdict_1m(const RecordFile& records, const TableContext& context);
std::vector<Table> build_redis_100k(const RecordFile& records, const TableContext& context);
std::vector<Table> build_pyshmht_mp(const RecordFile& records, const TableContext& context);
std::vector<Table> build_pyshmht_64b(const RecordFile& records, const TableContext& context);
std::vector<Table> build_ultra_old(const RecordFile& records, const TableContext& context);
std::vector<Table> build_ultra_new(const RecordFile& records, const TableContext& context);
std::vector<Table> build_ultra_rank(const RecordFile& records, const TableContext& context);
std::vector<Table> build_ultra_rank_more(const RecordFile& records, const TableContext& context);
std::vector<Table> build_smd_sync(const RecordFile& records, const TableContext& context);
std::vector<Table> build_claims(const RecordFile& records, const TableContext& context);
std::vector<Table> build_python_targets(const RecordFile& records, const TableContext& context);
std::vector<Table> build_lock_counter(const RecordFile& records, const TableContext& context);
std::vector<Table> build_lockfree_rivals(const RecordFile& records, const TableContext& context);
std::vector<Table> build_key_sizes(const RecordFile& records, const TableContext& context);
std::vector<Table> build_design_targets(const RecordFile& records, const TableContext& context);
std::vector<Table> build_blob_growth(const RecordFile& records, const TableContext& context);
std::vector<Table> build_ultra_cases(const RecordFile& records, const TableContext& context);
std::vector<Table> build_needs(const RecordFile& records, const TableContext& context);
std::vector<Table> build_gate_trials(const RecordFile& records, const TableContext& context);
std::vector<Table> build_hosts(const RecordFile& records, const TableContext& context);
std::vector<Table> build_across_hosts(const RecordFile& records, const TableContext& context);
std::vector<Table> build_contracts(const RecordFile& records, const TableContext& context);

}  // namespace dictbench
