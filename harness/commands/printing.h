// What the commands that show results share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/record.h"
#include "results/tables/tables.h"

namespace dictbench {

// Where a command puts its records unless told: dictbench-records/TIME-PID.jsonl below the working directory. Makes
// that folder. Throws std::filesystem::filesystem_error.
std::filesystem::path new_record_file();

// The contracts of all engines, as the tables need them: results/ does not know engines/.
TableContext table_context();

// Where committed records lie, a folder a host: results/hosts of the sources, or $DICTBENCH_RESULTS.
std::filesystem::path committed_records();

// Whether those are dictbench's own, of the sources or of the installation, and not a folder that the user named.
bool committed_records_are_ours();

// The record files under results/hosts, sorted; $DICTBENCH_RESULTS names another folder.
std::vector<std::filesystem::path> committed_record_files();

// Record files, or the ones committed under results/hosts when none are named. Throws RecordError.
RecordFile load_records(const std::vector<std::string>& files);

// As "markdown", "csv" or "json".
std::string render_tables(const std::vector<Table>& tables, const std::string& format);

// The `engines` tables of these records to standard output as markdown, csv or json, or the records
// themselves as google-benchmark; none: nothing.
void print_results(const RecordFile& records, const std::string& format);

}  // namespace dictbench
