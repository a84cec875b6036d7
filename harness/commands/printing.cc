#include "harness/commands/printing.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "engines/registry.h"
#include "harness/choose/knowledge.h"
#include "harness/installation.h"
#include "results/google_benchmark.h"
#include "results/number_format.h"

namespace dictbench {
namespace {

std::string yes_no(bool value) { return value ? "yes" : "no"; }

std::string sharers(const Contract& contract) {
  return !contract.shared_between_processes && contract.shared_between_threads
             ? "by threads"
             : yes_no(contract.shared_between_processes);
}

std::string size_text(std::size_t bytes) {
  if (bytes >= SIZE_MAX / 2) return "any";
  for (const auto& [unit, name] :
       {std::pair<std::size_t, const char*>{1u << 30, "GiB"}, {1u << 20, "MiB"}, {1u << 10, "KiB"}})
    if (bytes >= unit) return fmt::format("{:.4g} {}", static_cast<double>(bytes) / static_cast<double>(unit), name);
  return fmt::format("{} B", bytes);
}

ContractRow contract_row(const EngineDescription& engine) {
  ContractRow row;
  row.engine = engine.name;
  row.summary = engine.summary;
  const Spec spec = parse_engine_spec(engine.name);
  if (engine.missing != nullptr)
    if (const auto reason = engine.missing(spec)) row.unavailable = *reason;
  const Contract contract = engine.contract(spec);
  row.promises = {{"shared", sharers(contract)},
                  {"survives a killed writer", yes_no(contract.survives_killed_writer)},
                  {"survives a stopped process", yes_no(contract.survives_stopped_process)},
                  {"durable", yes_no(contract.durable)},
                  {"consistency", std::string(to_string(contract.consistency))},
                  {"ordered", yes_no(contract.ordered)},
                  {"atomic add", yes_no(contract.atomic_add)},
                  {"largest key", size_text(contract.largest_key)},
                  {"largest value", size_text(contract.largest_value)},
                  {"most keys", contract.most_items == kNoLimit ? "any" : grouped(contract.most_items)},
                  {"server", yes_no(contract.needs_server)}};
  return row;
}

}  // namespace

std::filesystem::path committed_records() {
  const char* set = std::getenv("DICTBENCH_RESULTS");
  return set != nullptr && *set != '\0' ? set : DICTBENCH_SOURCE "/results/hosts";
}

bool committed_records_are_ours() {
  std::error_code unreadable;
  const auto installed = installed_data(std::filesystem::read_symlink("/proc/self/exe", unreadable));
  const std::filesystem::path used = committed_records();
  return used == DICTBENCH_SOURCE "/results/hosts" || (installed && used == *installed / "hosts");
}

std::filesystem::path new_record_file() {
  const std::filesystem::path folder = "dictbench-records";
  std::filesystem::create_directory(folder);
  return folder / fmt::format("{:%Y%m%dT%H%M%SZ}-{}.jsonl", fmt::gmtime(std::time(nullptr)), getpid());
}

TableContext table_context() {
  TableContext context;
  context.knowledge = knowledge_of();
  for (const EngineDescription& engine : engine_descriptions()) {
    if (engine.stand_in) {
      context.stand_ins.insert(engine.name);
      continue;
    }
    context.contracts.push_back(contract_row(engine));
    const Contract contract = engine.contract(parse_engine_spec(engine.name));
    if (!contract.stores)
      context.cost_engines.insert(engine.name);
    else if (!contract.shared_between_processes)
      context.private_engines.insert(engine.name);
  }
  return context;
}

std::vector<std::filesystem::path> committed_record_files() {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::exists(committed_records()))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(committed_records()))
      if (entry.path().extension() == ".jsonl") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

RecordFile load_records(const std::vector<std::string>& files) {
  std::vector<std::filesystem::path> paths(files.begin(), files.end());
  if (files.empty()) paths = committed_record_files();
  if (paths.empty())
    throw RecordError(fmt::format("no records in {}; measure with `dictbench run` and name its file with --results",
                                  committed_records().string()));
  std::ranges::sort(paths);
  return read_records(paths);
}

std::string render_tables(const std::vector<Table>& tables, const std::string& format) {
  if (format == "csv") return render_csv(tables);
  if (format == "json") return render_json(tables);
  return render_markdown(tables);
}

void print_results(const RecordFile& records, const std::string& format) {
  if (format == "none") return;
  if (format == "google-benchmark")
    fmt::print("{}\n", to_google_benchmark(records));
  else
    fmt::print("{}", render_tables(build_table("engines", records, table_context()), format));
}

}  // namespace dictbench
