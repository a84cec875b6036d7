#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "results/record.h"
#include "results/record_json.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;

void read_line(const std::string& line, RecordFile& records) {
  Json object;
  try {
    object = Json::parse(line);
  } catch (const Json::parse_error& error) {
    throw RecordError(fmt::format("no JSON (at byte {})", error.byte));
  }
  const auto type = object.is_object() ? object.find("type") : object.end();
  if (!object.is_object() || type == object.end())
    throw RecordError("no record: an object with a \"type\" is expected");
  if (*type == "run") {
    records.runs.push_back(record_from_json<RunRecord>(object));
  } else if (*type == "cell") {
    records.cells.push_back(record_from_json<CellRecord>(object));
  } else if (*type == "torture") {
    records.tortures.push_back(record_from_json<TortureRecord>(object));
  } else if (*type == "check") {
    records.checks.push_back(record_from_json<CheckRecord>(object));
  } else if (*type == "gate") {
    records.gates.push_back(record_from_json<GateRecord>(object));
  } else {
    throw RecordError(fmt::format(
        "record type {} is unknown: there are \"run\", \"cell\", \"torture\", \"check\" and \"gate\"", type->dump()));
  }
}

// A cell that tells its warm-up tells its `overwrites` too. Of an older one it follows from the loads before it, which
// stand in the file in their order: workloads of those days did not erase between two loads.
void tell_overwriting_loads(std::vector<CellRecord>& cells, std::size_t first) {
  using Dict = std::tuple<std::string, std::string, std::string, std::string, unsigned, unsigned, double>;
  std::map<Dict, std::uint64_t> loaded;  // the most keys that a load has set, by dict and kind of keys
  for (std::size_t i = first; i < cells.size(); ++i) {
    CellRecord& cell = cells[i];
    Work& work = cell.work;
    if (work.warm_up_s || work.keys == 0 || work.seconds > 0 || !cell.phase.starts_with("load")) continue;
    std::uint64_t& most = loaded[{cell.run_id, cell.engine, cell.workload_hash, cell.start, cell.processes,
                                  cell.repetition, work.key_bytes}];
    work.overwrites = work.overwrites || most >= work.keys;
    most = std::max(most, work.keys);
  }
}

void read_into(const fs::path& file, RecordFile& records) {
  const std::size_t first_cell = records.cells.size();
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  if (!stream || fs::is_directory(file, error)) {
    throw RecordError(fmt::format("{}: cannot be read: {}", file.string(),
                                  errno != 0 ? std::strerror(errno) : "it is a folder; name the .jsonl file"));
  }
  std::string line;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (stream.eof()) break;  // no line end: the writer was killed, and cuts this line off when it resumes
    try {
      read_line(line, records);
    } catch (const RecordError& reason) {
      throw RecordError(fmt::format("{}:{}: {}", file.string(), number, reason.what()));
    }
  }
  if (stream.bad()) throw RecordError(fmt::format("{}: reading failed: {}", file.string(), std::strerror(errno)));
  tell_overwriting_loads(records.cells, first_cell);
}

}  // namespace

RecordFile read_records(const fs::path& file) {
  RecordFile records;
  read_into(file, records);
  return records;
}

RecordFile read_records(const std::vector<fs::path>& files) {
  RecordFile records;
  std::set<fs::path> seen;  // a file named twice counts once
  for (const fs::path& file : files) {
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(file, ignored);
    if (seen.insert(canonical.empty() ? file : canonical).second) read_into(file, records);
  }
  return records;
}

}  // namespace dictbench
