// What a workload must keep to beyond the range of each single value, and what is computed from a loaded
// one: its scaled sizes and its hash. Used by the loader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workloads/table_reader.h"
#include "workloads/workload.h"

namespace dictbench {

// Two formats that could give two keys the same text, if there are such.
std::optional<std::pair<std::string, std::string>> clashing_formats(const std::vector<std::string>& formats);

// The reader names the table in errors. All throw WorkloadError.
void check_phase(const Phase& phase, const TableReader& reader);
void check_workload(const Workload& workload, const TableReader& reader);
void check_split(const Workload& workload, unsigned processes, const TableReader& reader);

// As load_workload() describes. Throws WorkloadError for a scale out of range.
void scale_workload(Workload& workload, double scale);

// FNV-1a (Fowler, Noll, Vo) of a text that holds all that the operations follow from.
std::uint64_t hash_workload(const Workload& workload);

}  // namespace dictbench
