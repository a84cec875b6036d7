#include "results/compare.h"

#include <fmt/format.h>

#include <filesystem>

#include "harness/commands/commands.h"
#include "harness/commands/printing.h"

namespace dictbench {
namespace {

struct CompareArguments {
  std::string a, b;
  std::vector<std::string> results, workloads;
  std::vector<unsigned> processes;
  double level_percent = 100 * kConfidenceLevel;
  std::string format = "markdown";
};

// A file, or what looks like one: its absence is then the file's, not an engine's.
bool names_file(const std::string& text) {
  return std::filesystem::exists(text) || text.ends_with(".jsonl") || text.find('/') != std::string::npos;
}

int show_comparison(const CompareArguments& arguments) {
  CompareOptions options{.context = table_context(), .level = arguments.level_percent / 100};
  options.context.selection.workloads = arguments.workloads;
  options.context.selection.processes = arguments.processes;
  const bool file_a = names_file(arguments.a), file_b = names_file(arguments.b);
  if (file_a != file_b)
    throw CompareError(fmt::format("'{}' is a record file and '{}' is none: name two files, or two engines of one file",
                                   file_a ? arguments.a : arguments.b, file_a ? arguments.b : arguments.a));
  std::vector<Table> tables;
  if (file_a) {
    if (!arguments.results.empty())
      throw CompareError("--results goes with two engines; A and B are files themselves here");
    const RecordFile a = read_records(arguments.a), b = read_records(arguments.b);
    tables = compare_files(a, arguments.a, b, arguments.b, options);
  } else {
    const RecordFile records = load_records(arguments.results);
    tables = compare_engines(records, arguments.a, arguments.b, options);
  }
  fmt::print("{}", render_tables(tables, arguments.format));
  return kDone;
}

}  // namespace

void add_compare_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command =
      app.add_subcommand("compare", "two engines of one record file, or two record files, cell by cell");
  command->add_option("A", arguments->a, "an engine as the records name it, or a record file")->required();
  command->add_option("B", arguments->b, "the other one; ratios are B to A, above 1: B is faster")->required();
  command->add_option("--results", arguments->results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->add_option("--workload", arguments->workloads, "only this one; repeatable")->allow_extra_args(false);
  command->add_option("--processes", arguments->processes, "only these numbers of processes, like 1,2")->delimiter(',');
  command->add_option("--level", arguments->level_percent, "confidence in percent that a verdict takes (default 95)")
      ->check(CLI::Range(50.0, 99.999));
  command->add_option("--format", arguments->format, "markdown, csv or json")
      ->check(CLI::IsMember({"markdown", "csv", "json"}));
  command->callback([arguments, &action] { action = [arguments] { return show_comparison(*arguments); }; });
}

}  // namespace dictbench
