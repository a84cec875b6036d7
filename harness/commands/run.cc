#include "harness/driver/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/spawned_worker.h"
#include "harness/driver/suite.h"

namespace dictbench {
namespace {

struct RunArguments {
  RunOptions options;
  std::string suite;
  std::string format = "markdown";
  bool spawn = false;
  unsigned timeout_s = 300;
};

// What was not chosen comes from the suite: the named one, or the standard one when no workload was.
void fill_from_suite(RunArguments& arguments) {
  CellSelection& selection = arguments.options.selection;
  const bool named = !arguments.suite.empty();
  const Suite suite = find_suite(named ? arguments.suite : "standard");
  if (selection.engines.empty()) selection.engines = suite.engines;
  if (!named && !selection.workloads.empty()) return;
  if (selection.workloads.empty()) selection.workloads = suite.workloads;
  if (!selection.repetitions) selection.repetitions = suite.repetitions;
  if (!selection.scale) selection.scale = suite.scale;
  selection.most_processes_only = suite.most_processes_only;
  if (!selection.seconds) selection.seconds = suite.seconds;
  if (!selection.limit) selection.limit = suite.limit;
  if (!arguments.options.budget_s) arguments.options.budget_s = suite.budget_s;
  arguments.options.least_repetitions = suite.least_repetitions;
}

int exit_code(const RunSummary& summary) {
  if (summary.interrupted) return kNoValidResult;
  if (summary.wrong > 0) return kCheckFailed;
  const bool nothing = summary.skipped == 0 && summary.unavailable == summary.cells;
  return summary.invalid > 0 || nothing ? kNoValidResult : kDone;
}

int execute(RunArguments arguments) {
  for (const std::string& plugin : arguments.options.plugins) load_engine_plugin(plugin);
  fill_from_suite(arguments);
  RunOptions& options = arguments.options;
  options.start = arguments.spawn ? StartMode::spawn : StartMode::fork;
  options.timeout = std::chrono::seconds(arguments.timeout_s);
  if (options.out.empty()) {
    const Plan names_that_exist(options.selection);  // or a mistyped one would leave an empty folder
    options.out = new_record_file();
  }

  const RunSummary summary = run(options);
  const RecordFile records = read_records(options.out);
  print_results(records, arguments.format);
  fmt::print(stderr, "{} cells: {} measured, {} invalid, {} unavailable, {} there already{}; records: {}\n",
             summary.cells, summary.measured, summary.invalid, summary.unavailable, summary.skipped,
             summary.interrupted ? "; interrupted: --resume --out FILE goes on" : "", options.out.string());
  return exit_code(summary);
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<RunArguments>();
  RunOptions& options = arguments->options;
  CellSelection& selection = options.selection;
  CLI::App* command = app.add_subcommand("run", "measure engines under workloads");
  command
      ->add_option("--engine", selection.engines,
                   "engine and options, like lmdb?sync=off; repeatable (default: all but rival-*)")
      ->allow_extra_args(false);
  command
      ->add_option("--workload", selection.workloads,
                   "name of a standard workload or a .toml file; repeatable (default: the standard suite)")
      ->allow_extra_args(false);
  std::vector<std::string> suites;
  for (const std::string& name : suite_names()) suites.push_back(fmt::format("{} ({})", name, find_suite(name).takes));
  command->add_option("--suite", arguments->suite, fmt::format("{}", fmt::join(suites, ", ")));
  command
      ->add_option("--processes", selection.processes,
                   "numbers of worker processes, like 1,2,4 (default: as the workload says)")
      ->delimiter(',')
      ->check(CLI::Range(1U, kMaxWorkers));
  command->add_option("--repetitions", selection.repetitions, "of every cell (default: as the workload says)")
      ->check(CLI::Range(1U, 1000U));
  command->add_option("--scale", selection.scale, "multiplies keys and operations")->check(CLI::Range(1e-6, 1e6));
  command->add_option("--seconds", selection.seconds, "that each timed phase lasts (default: as the workload says)")
      ->check(CLI::Range(0.001, 86'400.0));
  command
      ->add_option("--limit", selection.limit,
                   "seconds in which a phase must do its operations, or has no figure (default: none)")
      ->check(CLI::Range(0.001, 86'400.0));
  command
      ->add_option("--budget", options.budget_s,
                   "seconds for the whole run: chooses the seconds of a phase and the repetitions")
      ->check(CLI::PositiveNumber);
  command->add_option("--out", options.out, "record file to append to (default: a new one in dictbench-records/)");
  command->add_flag("--resume", options.resume, "skip the cells that the record file holds already")->needs("--out");
  command->add_flag("--targets", options.for_targets, "measured for a table of targets: other tables leave it out");
  command->add_option("--seed", selection.seed, "of the operations (default: as the workload says)");
  command->add_option("--order-seed", selection.order_seed, "of the order of the cells");
  command
      ->add_option_function<std::string>(
          "--start", [arguments](const std::string& mode) { arguments->spawn = mode == "spawn"; },
          "how workers start: fork or spawn")
      ->check(CLI::IsMember({"fork", "spawn"}));
  command->add_option("--timeout", arguments->timeout_s, "seconds that one step of a cell may take")
      ->check(CLI::Range(1U, 86'400U));
  command
      ->add_option("--format", arguments->format,
                   "of the results on standard output: markdown, csv, json, google-benchmark, none")
      ->check(CLI::IsMember({"markdown", "csv", "json", "google-benchmark", "none"}));
  command->add_option("--plugin", options.plugins, "shared object with an engine; repeatable")->allow_extra_args(false);
  command->callback([arguments, &action] { action = [arguments] { return execute(*arguments); }; });
}

void add_worker_command(CLI::App& app, Action& action) {
  auto control_fd = std::make_shared<int>(-1);
  auto worker = std::make_shared<unsigned>(0);
  CLI::App* command = app.add_subcommand("worker", "a spawned worker; started by `run --start spawn`")->group("");
  command->add_option("--control-fd", *control_fd)->required();
  command->add_option("--worker", *worker)->required()->check(CLI::Range(0U, kMaxWorkers - 1));
  command->callback([=, &action] { action = [=] { return run_spawned_worker(*control_fd, *worker); }; });
}

}  // namespace dictbench
