#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "engines/registry.h"
#include "harness/check/engine_check.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/run_record.h"
#include "harness/driver/worker_group.h"
#include "results/number_format.h"

namespace dictbench {
namespace {

struct CheckArguments {
  CheckOptions options;
  unsigned limit_s = 60;
  std::vector<std::string> engines;
  std::vector<std::string> plugins;
  std::string out, export_to, history;
};

void print_result(const CheckResult& result) {
  const CheckRecord& record = result.record;
  fmt::print("{:<16} {:<14} {:>12} operations, {} open, {} kills: {} ({})\n",
             record.engine.empty() ? "history" : record.engine, record.promise, grouped(record.operations),
             grouped(record.open), grouped(record.kills), record.verdict, nanoseconds(record.elapsed_s * 1e9));
  if (result.smallest) fmt::print("{}", to_text(*result.smallest));
}

bool passed(const CheckRecord& record) {
  return record.verdict == "ok" || record.verdict.starts_with("not applicable") ||
         record.verdict.starts_with("unavailable");
}

int exit_code(const std::vector<CheckRecord>& records) {
  bool any = false;
  for (const CheckRecord& record : records) {
    if (!passed(record)) return kCheckFailed;
    any = any || !record.verdict.starts_with("unavailable");
  }
  return any ? kDone : kNoValidResult;
}

Facts options_told(const CheckArguments& arguments) {
  const CheckOptions& options = arguments.options;
  return {{"command", "check"},
          {"engines", fmt::format("{}", fmt::join(arguments.engines, " "))},
          {"operations", std::to_string(options.operations)},
          {"processes", std::to_string(options.processes)},
          {"keys", std::to_string(options.keys)},
          {"kills", std::to_string(options.kills)},
          {"seed", std::to_string(options.seed)},
          {"limit_s", std::to_string(options.limit.count())}};
}

CheckProgress progress_of(const std::string& engine) {
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kBetweenLines{2};
  return [engine, next = Clock::now() + kBetweenLines](std::uint64_t operations) mutable {
    if (Clock::now() < next) return;
    next = Clock::now() + kBetweenLines;
    fmt::print(stderr, "{}: {} operations so far\n", engine, grouped(operations));
  };
}

int check_engines(CheckArguments& arguments) {
  install_interrupt_handlers();
  if (arguments.engines.empty()) arguments.engines = usual_engines();
  for (const std::string& engine : arguments.engines) parse_engine_spec(engine);  // refused before anything runs
  std::unique_ptr<HistoryWriter> writer;
  if (!arguments.export_to.empty()) {
    if (arguments.engines.size() != 1)
      throw std::invalid_argument("--export writes the history of one engine: name it with --engine");
    const Spec spec = parse_engine_spec(arguments.engines.front());
    writer = std::make_unique<HistoryWriter>(arguments.export_to, spec.text(),
                                             promise_of(find_engine(spec.name()).contract(spec)));
  }
  if (arguments.out.empty()) arguments.out = new_record_file().string();
  const RunRecord run =
      describe_run(arguments.engines, options_told(arguments), arguments.options.seed, arguments.options.processes);
  RecordWriter records(arguments.out);
  records.write(run);
  std::vector<CheckRecord> done;
  for (const std::string& engine : arguments.engines) {
    CheckResult result = check_engine(engine, arguments.options, writer.get(), progress_of(engine));
    if (interrupted()) return kNoValidResult;
    result.record.run_id = run.run_id;
    records.write(result.record);
    print_result(result);
    done.push_back(std::move(result.record));
  }
  if (writer != nullptr) writer->finish();
  fmt::print(stderr, "records: {}\n", arguments.out);
  return exit_code(done);
}

int execute(CheckArguments arguments) {
  for (const std::string& plugin : arguments.plugins) load_engine_plugin(plugin);
  arguments.options.limit = std::chrono::seconds(arguments.limit_s);
  if (arguments.history.empty()) return check_engines(arguments);
  const CheckResult result = check_history(read_history(arguments.history), arguments.options.limit);
  print_result(result);
  return exit_code({result.record});
}

}  // namespace

void add_check_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<CheckArguments>();
  CheckOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("check", "decide whether engines keep the order that their contract promises");
  command
      ->add_option("--engine", arguments->engines,
                   "engine and options, like lmdb?sync=off; repeatable (default: all but rival-*)")
      ->allow_extra_args(false);
  command->add_option("--operations", options.operations, "to record, of each engine (default: 200000)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000'000}));
  command->add_option("--processes", options.processes, "that work at once (default: 4)")
      ->check(CLI::Range(1U, static_cast<unsigned>(kMostOverlapping)));
  command->add_option("--keys", options.keys, "hot keys of a round, every fourth a counter (default: 16)")
      ->check(CLI::Range(1U, 100'000U));
  command->add_option("--kills", options.kills, "processes to kill meanwhile (default: 0)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}));
  command->add_option("--seed", options.seed, "of operations and kills (default: 1)");
  command->add_option("--limit", arguments->limit_s, "seconds for deciding one engine's history (default: 60)")
      ->check(CLI::Range(1U, 86'400U));
  command->add_option("--out", arguments->out, "record file to append to (default: a new one in dictbench-records/)");
  command->add_option("--plugin", arguments->plugins, "shared object with an engine; repeatable")
      ->allow_extra_args(false);
  auto* history = command->add_option("--history", arguments->history, "decide this exported .json; run nothing");
  command->add_option("--export", arguments->export_to, "write the history: FILE.json or FILE.edn (for Knossos)")
      ->excludes(history);
  command->callback([arguments, &action] { action = [arguments] { return execute(*arguments); }; });
}

}  // namespace dictbench
