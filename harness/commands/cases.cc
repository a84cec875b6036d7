#include "harness/cases/cases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "engines/registry.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/run_record.h"
#include "harness/driver/worker_group.h"

namespace dictbench {
namespace {

struct CasesArguments {
  CasesOptions options;
  std::vector<std::string> engines = {"stream-log?buffer=64K", "stream-log?buffer=1M", "stream-log?buffer=16M",
                                      "boost-map", "lmdb"};
  std::vector<std::string> plugins;
  bool for_targets = false;
  std::string out;
  std::string format = "markdown";
};

// Repetition by repetition, so that drift of the machine hits all alike.
std::vector<Case> all_cases(const CasesArguments& arguments) {
  std::vector<Case> cases;
  for (unsigned repetition = 1; repetition <= arguments.options.repetitions; ++repetition)
    for (const std::uint64_t items : arguments.options.items)
      for (const std::uint64_t updates : arguments.options.updates)
        for (const std::string& engine : arguments.engines) cases.push_back({engine, items, updates, repetition});
  return cases;
}

int execute(CasesArguments arguments) {
  install_interrupt_handlers();
  for (const std::string& plugin : arguments.plugins) load_engine_plugin(plugin);
  for (const std::string& engine : arguments.engines) parse_engine_spec(engine);  // refused before anything runs
  if (arguments.out.empty()) arguments.out = new_record_file().string();
  constexpr unsigned kProcesses = 2;
  const RunRecord run = describe_run(arguments.engines,
                                     {{"command", "cases"},
                                      {"engines", fmt::format("{}", fmt::join(arguments.engines, " "))},
                                      {"seconds", fmt::to_string(arguments.options.seconds)},
                                      {"for", arguments.for_targets ? "targets" : "all tables"}},
                                     1, kProcesses);
  RecordWriter records(arguments.out);
  records.write(run);
  const TickClock clock = TickClock::calibrate();
  RecordFile measured;
  measured.runs.push_back(run);
  bool wrong = false, any = false;
  const std::vector<Case> cases = all_cases(arguments);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CellRecord record = measure_case(cases[i], arguments.options, run.run_id, clock);
    if (interrupted()) return kNoValidResult;
    fmt::print(stderr, "[{}/{}] {}, {}: {}\n", i + 1, cases.size(), record.engine, record.phase, record.status);
    records.write(record);
    wrong = wrong || record.verified.starts_with("failed");
    any = any || record.ok();
    measured.cells.push_back(std::move(record));
  }
  fmt::print("{}", render_tables(build_table("ultra-cases", measured, table_context()), arguments.format));
  fmt::print(stderr, "records: {}\n", arguments.out);
  if (wrong) return kCheckFailed;
  return any ? kDone : kNoValidResult;
}

}  // namespace

void add_cases_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<CasesArguments>();
  CasesOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("cases", "measure reads that find 0 to 100,000 updates by another process");
  command
      ->add_option("--engine", arguments->engines,
                   "engine and options, like lmdb?sync=off; repeatable (default: stream-log with three buffers, two "
                   "others)")
      ->allow_extra_args(false);
  command->add_option("--items", options.items, "sizes of the dict (default: 1000,10000,100000)")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  command->add_option("--updates", options.updates, "updates before each read (default: 0,1,100,10000,100000)")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000'000}));
  command->add_option("--seconds", options.seconds, "of each case, and 5 reads at least (default: 0.2)")
      ->check(CLI::Range(0.001, 3600.0));
  command->add_option("--repetitions", options.repetitions, "of every case (default: 3)")->check(CLI::Range(1U, 1000U));
  command->add_flag("--targets", arguments->for_targets, "measured for a table of targets: other tables leave it out");
  command->add_option("--out", arguments->out, "record file to append to (default: a new one in dictbench-records/)");
  command->add_option("--format", arguments->format, "of the table on standard output: markdown, csv, json")
      ->check(CLI::IsMember({"markdown", "csv", "json"}));
  command->add_option("--plugin", arguments->plugins, "shared object with an engine; repeatable")
      ->allow_extra_args(false);
  command->callback([arguments, &action] { action = [arguments] { return execute(*arguments); }; });
}

}  // namespace dictbench
