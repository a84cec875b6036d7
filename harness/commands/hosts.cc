#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <set>
#include <system_error>

#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "results/host_name.h"

namespace dictbench {
namespace {

struct HostsArguments {
  std::vector<std::string> results, workloads;
  std::string baseline;
  std::string format = "markdown";
};

int show_hosts(const HostsArguments& arguments) {
  const RecordFile records = load_records(arguments.results);
  TableContext context = table_context();
  context.selection.workloads = arguments.workloads;
  context.every_workload_across_hosts = true;
  if (!arguments.baseline.empty()) context.baseline = arguments.baseline;
  std::set<std::string> engines, workloads;
  for (const CellRecord& cell : records.cells) {
    engines.insert(cell.engine);
    workloads.insert(cell.workload);
  }
  if (!arguments.baseline.empty() && !engines.contains(arguments.baseline))
    throw std::invalid_argument(fmt::format("--baseline {}: no record of that engine; there are records of {}",
                                            arguments.baseline, fmt::join(engines, ", ")));
  for (const std::string& workload : arguments.workloads)
    if (!workloads.contains(workload))
      throw std::invalid_argument(
          fmt::format("--workload {}: no record of it; there are records of {}", workload, fmt::join(workloads, ", ")));
  std::vector<Table> tables = build_table("hosts", records, context);
  for (Table& table : build_table("across-hosts", records, context)) tables.push_back(std::move(table));
  fmt::print("{}", render_tables(tables, arguments.format));
  return kDone;
}

struct HostsAddArguments {
  std::string file;
  std::string name = "standard";
  bool replace = false;
};

int add_host(const HostsAddArguments& arguments) {
  namespace fs = std::filesystem;
  const RecordFile records = read_records(arguments.file);
  std::set<std::string> hosts, warnings;
  for (const RunRecord& run : records.runs) {
    hosts.insert(host_name(run.host));
    warnings.insert(run.warnings.begin(), run.warnings.end());
  }
  if (hosts.size() != 1)
    throw std::invalid_argument(hosts.empty()
                                    ? fmt::format("{}: no run is in it", arguments.file)
                                    : fmt::format("{}: records of several hosts ({}); each has a folder of its own",
                                                  arguments.file, fmt::join(hosts, ", ")));
  if (arguments.name.empty() || arguments.name.find_first_of("/\\") != std::string::npos || arguments.name[0] == '.')
    throw std::invalid_argument(
        fmt::format("--as {}: must be a file's name without folder and .jsonl", arguments.name));
  const fs::path folder = committed_records() / *hosts.begin();
  const fs::path target = folder / (arguments.name + ".jsonl");
  std::error_code error;
  if (fs::equivalent(arguments.file, target, error))
    throw std::invalid_argument(fmt::format("{} lies there already", target.string()));
  if (fs::exists(target) && !arguments.replace)
    throw std::invalid_argument(
        fmt::format("{} exists: --replace overwrites it, --as NAME puts the records beside it", target.string()));
  fs::create_directories(folder, error);
  if (!error) fs::copy_file(arguments.file, target, fs::copy_options::overwrite_existing, error);
  if (error) throw std::runtime_error(fmt::format("cannot write {}: {}", target.string(), error.message()));
  for (const std::string& warning : warnings) fmt::print(stderr, "warning of the run: {}\n", warning);
  fmt::print("{}\n", target.string());
  fmt::print(stderr,
             "Look at `dictbench hosts`, then commit: git add {0} && git commit -m 'Add records of {1}'\n"
             "Pages with these tables follow: dictbench render docs/hosts.md, and README.md where its tables change\n",
             folder.string(), *hosts.begin());
  return kDone;
}

}  // namespace

void add_hosts_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<HostsArguments>();
  auto added = std::make_shared<HostsAddArguments>();
  CLI::App* command = app.add_subcommand("hosts", "every machine's facts, and the workloads across machines");
  command->add_option("--results", arguments->results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->add_option("--baseline", arguments->baseline,
                      "engine that ratios within each machine are to (default: boost-map)");
  command->add_option("--workload", arguments->workloads, "only this one; repeatable")->allow_extra_args(false);
  command->add_option("--format", arguments->format, "markdown, csv or json")
      ->check(CLI::IsMember({"markdown", "csv", "json"}));
  CLI::App* add = command->add_subcommand("add", "put a record file into its machine's folder under results/hosts");
  add->add_option("file", added->file, "records of one machine")->required();
  add->add_option("--as", added->name, "name of the file there, without .jsonl (default: standard)");
  add->add_flag("--replace", added->replace, "overwrite the file that is there");
  command->callback([arguments, added, add, &action] {
    if (add->parsed())
      action = [added] { return add_host(*added); };
    else
      action = [arguments] { return show_hosts(*arguments); };
  });
}

}  // namespace dictbench
