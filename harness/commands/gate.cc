#include "harness/gate/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>

#include "engines/registry.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/progress.h"
#include "harness/driver/run_record.h"
#include "harness/driver/worker_group.h"
#include "harness/gate/command.h"
#include "harness/gate/program_measurer.h"
#include "results/gate/figures.h"
#include "results/gate/report.h"
#include "results/number_format.h"

namespace dictbench {
namespace {

struct GateArguments {
  std::string base, head;  // a program or a commit; empty: this program
  std::vector<std::string> engines, workloads, plugins;
  std::vector<std::string> base_plugins;  // empty: the base has `plugins`, too
  std::string head_engine;
  std::vector<unsigned> processes;
  double scale = 1, margin_percent = 3, blind_percent = 50;
  GateOptions options;
  std::string against, ratio_to;
  std::string out, junit, summary, json;
  unsigned timeout_s = 300;
};

// Options that only make sense together, told before anything is built.
void check_arguments(const GateArguments& arguments) {
  const bool beside = !arguments.against.empty();
  if (beside != !arguments.ratio_to.empty())
    throw std::invalid_argument("gate: --against RECORDS and --ratio-to ENGINE go together");
  if (beside && (!arguments.base.empty() || !arguments.head_engine.empty()))
    throw std::invalid_argument("gate: --against has records as its base; leave --base and --head-engine out");
  const bool own_base = !arguments.base_plugins.empty();
  if (own_base && arguments.plugins.empty())
    throw std::invalid_argument("gate: --base-plugin OLD.so and --plugin NEW.so go together");
  if (own_base && (beside || !arguments.base.empty() || !arguments.head_engine.empty()))
    throw std::invalid_argument(
        "gate: --base-plugin has the base's engine; leave --base, --head-engine and --against out");
  if (own_base && arguments.engines.empty())
    throw std::invalid_argument("gate: --base-plugin needs --engine NAME, the engine that both plugins have");
  for (const std::string& plugin : arguments.base_plugins)
    if (!std::filesystem::is_regular_file(plugin))
      throw std::invalid_argument(fmt::format("gate: --base-plugin {}: there is no such file", plugin));
  if (!beside && !own_base && arguments.base.empty() && arguments.head_engine.empty())
    throw std::invalid_argument(
        "gate: what is the base? --base PROGRAM|COMMIT; --base-plugin OLD.so for a plugin; --head-engine SPEC to "
        "compare "
        "two engines of one program; or --against RECORDS");
  if (!arguments.head_engine.empty() && arguments.engines.size() != 1)
    throw std::invalid_argument("gate: --head-engine is the other side of exactly one --engine");
  for (const std::string& file : {arguments.out, arguments.junit, arguments.summary, arguments.json})
    require_folder_of(file);
}

// An absolute path, so that both programs read one file whatever their own folder of workloads is.
std::string workload_file(const std::string& workload) {
  load_workload(workload);  // or it says why not
  const std::filesystem::path path =
      workload.ends_with(".toml") ? std::filesystem::path(workload) : workload_folder() / (workload + ".toml");
  return std::filesystem::absolute(path);
}

std::vector<GateCell> cells_of(const GateArguments& arguments) {
  std::vector<GateCell> cells;
  for (const std::string& workload : arguments.workloads) {
    const std::string file = workload_file(workload);
    const std::vector<unsigned> as_told = load_workload(file, arguments.scale).processes;
    for (const unsigned processes : arguments.processes.empty() ? as_told : arguments.processes) {
      footprint(load_workload(file, arguments.scale), processes);  // or it says why it cannot be split so
      for (const std::string& engine : arguments.engines) {
        const std::string head = arguments.head_engine.empty() ? engine : arguments.head_engine;
        cells.push_back(
            {arguments.ratio_to.empty() ? engine : arguments.ratio_to, head, file, processes, arguments.scale});
      }
    }
  }
  return cells;
}

// Engines that this program knows must be spelled right; a program that is compared may know others.
void check_engines(const GateArguments& arguments) {
  for (const std::string& plugin : arguments.plugins) load_engine_plugin(plugin);
  for (const std::string& engine : arguments.engines) parse_engine_spec(engine);
  if (!arguments.head_engine.empty()) parse_engine_spec(arguments.head_engine);
  if (!arguments.ratio_to.empty()) parse_engine_spec(arguments.ratio_to);
}

void write_text(const std::string& file, const std::string& text, std::ios::openmode mode = std::ios::trunc) {
  if (file.empty()) return;
  std::ofstream stream(file, std::ios::binary | mode);
  stream << text << std::flush;
  if (!stream) throw std::runtime_error(fmt::format("cannot write {}", file));
}

RunRecord run_record_of_gate(const GateArguments& arguments, const GateReport& report,
                             const std::vector<GateCell>& cells) {
  unsigned most = 1;
  for (const GateCell& cell : cells) most = std::max(most, cell.processes);
  return describe_run(arguments.engines,
                      {{"command", "gate"},
                       {"base", report.base},
                       {"head", report.head},
                       {"ratio_to", report.beside},
                       {"margin", percent(report.margin)},
                       {"pairs", std::to_string(report.pairs)}},
                      arguments.options.seed, most);
}

std::string with_commit(const Binary& binary, const std::optional<RunRecord>& told) {
  if (!told || told->commit.empty() || binary.label.find(told->commit.substr(0, 10)) != std::string::npos)
    return binary.label;
  return fmt::format("{} ({}{})", binary.label, told->commit.substr(0, 10), told->dirty ? ", changed" : "");
}

int exit_code_of(GateStanding standing) {
  if (standing == GateStanding::pass) return kDone;
  return standing == GateStanding::regressed ? kCheckFailed : kNoValidResult;
}

int run_gate_command(GateArguments arguments) {
  check_arguments(arguments);
  if (arguments.engines.empty()) arguments.engines = {"lockfree", "bucket-table", "stream-log"};
  if (arguments.workloads.empty())
    arguments.workloads = {(workload_folder() / "gate" / "get-and-update.toml").string()};
  check_engines(arguments);
  install_interrupt_handlers();
  const std::vector<GateCell> cells = cells_of(arguments);
  CommittedRatios committed(arguments.against.empty() ? RecordFile{}
                                                      : read_records(std::filesystem::path(arguments.against)));
  const Binary head = arguments.head.empty() ? this_binary() : find_binary(arguments.head);
  const Binary base = arguments.base.empty() ? head : find_binary(arguments.base);
  const bool own_base = !arguments.base_plugins.empty();

  arguments.options.margin = arguments.margin_percent / 100;
  arguments.options.blind = arguments.blind_percent / 100;
  GateReport report{.figures = {},
                    .base = {},
                    .head = {},
                    .beside = arguments.ratio_to,
                    .margin = arguments.options.margin,
                    .unfit = {},
                    .notes = {}};
  ProgramMeasurer measurer({base, head, own_base ? arguments.base_plugins : arguments.plugins, arguments.plugins,
                            std::chrono::seconds(arguments.timeout_s), arguments.options.seed});
  Progress progress(2 * cells.size());
  bool begun = false;
  const auto told = [&](const std::string& what, std::size_t, std::size_t runs) {
    if (begun) progress.end();
    begun = true;
    progress.expect(runs);
    progress.begin(what);
  };
  const CommittedPairs find_committed = [&](const GateRun& run, const GateCell& cell, const std::string& phase,
                                            const std::string& figure) {
    return committed.find(cell.engine, cell.head_engine, run.workload_hash, phase, cell.processes, figure);
  };
  try {
    GateResult result = run_gate(cells, measurer, arguments.options,
                                 arguments.against.empty() ? CommittedPairs() : find_committed, told);
    report.figures = std::move(result.figures);
    report.pairs = result.pairs;
    report.standing = result.standing;
    report.unfit = result.unfit;
  } catch (const Unfit& error) {
    report.standing = GateStanding::inconclusive;
    report.unfit = error.what();
  }
  if (begun) progress.end();
  progress.clear();
  if (own_base) {
    report.base = fmt::format("{}", fmt::join(arguments.base_plugins, ", "));
    report.head = fmt::format("{}", fmt::join(arguments.plugins, ", "));
  } else {
    report.base = arguments.against.empty() ? with_commit(base, measurer.told(Side::base)) : arguments.against;
    report.head = with_commit(head, measurer.told(Side::head));
  }

  const RunRecord run = run_record_of_gate(arguments, report, cells);
  for (const std::string& warning : run.warnings) report.notes.push_back(fmt::format("Warning: {}", warning));
  for (GateRecord& figure : report.figures) {
    figure.run_id = run.run_id;
    figure.base = report.base;
    figure.head = report.head;
  }
  if (!arguments.out.empty()) {
    RecordWriter writer(arguments.out);
    writer.write(run);
    for (const GateRecord& figure : report.figures) writer.write(figure);
  }
  write_text(arguments.junit, gate_junit(report));
  write_text(arguments.json, gate_json(report));
  write_text(arguments.summary, gate_markdown(report), std::ios::app);  // GitHub's file may hold other steps' summaries
  fmt::print("{}\n{}\n", gate_headline(report),
             render_markdown({gate_table(report)}, {.titles = false, .notes = true}));
  return exit_code_of(report.standing);
}

}  // namespace

void add_gate_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<GateArguments>();
  CLI::App* command =
      app.add_subcommand("gate", "is the head slower than the base? Exit code 0 no, 1 yes, 3 cannot be told");
  command->add_option("--base", arguments->base, "program or commit to compare with; a commit is built first");
  command->add_option("--head", arguments->head, "program or commit that is judged (default: this program)");
  command
      ->add_option("--engine", arguments->engines,
                   "engine to gate; repeatable (default: lockfree, bucket-table, stream-log)")
      ->allow_extra_args(false);
  command->add_option("--head-engine", arguments->head_engine,
                      "engine of the head, where it is another than the base's");
  command
      ->add_option("--workload", arguments->workloads,
                   "name of a workload or a .toml file; repeatable (default: gate/get-and-update.toml)")
      ->allow_extra_args(false);
  command
      ->add_option("--processes", arguments->processes,
                   "numbers of worker processes, like 1,2 (default: as the workload says)")
      ->delimiter(',')
      ->check(CLI::Range(1U, kMaxWorkers));
  command->add_option("--scale", arguments->scale, "multiplies keys and operations")->check(CLI::Range(1e-6, 1e6));
  command->add_option("--margin", arguments->margin_percent, "percent of slowdown that is accepted (3)")
      ->check(CLI::Range(0.1, 1000.0));
  command
      ->add_option("--must-see", arguments->blind_percent,
                   "percent: a pass that could not have seen so much is inconclusive (50)")
      ->check(CLI::Range(0.1, 1e6));
  command->add_option("--budget", arguments->options.budget_s, "seconds for all runs (300)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--pairs", arguments->options.pairs, "pairs of runs in each look (default: what the budget gives)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}));
  command->add_option("--seed", arguments->options.seed, "of the order of the runs");
  command->add_option("--against", arguments->against,
                      "record file of any machine: gates the ratio to --ratio-to instead of two programs");
  command->add_option("--ratio-to", arguments->ratio_to, "engine that serves as the yardstick on both machines");
  command->add_option("--timeout", arguments->timeout_s, "seconds that one run may take")
      ->check(CLI::Range(1U, 86'400U));
  command->add_option("--plugin", arguments->plugins, "shared object with an engine; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--base-plugin", arguments->base_plugins,
                   "the base's shared object, where --plugin is the head's; repeatable")
      ->allow_extra_args(false);
  command->add_option("--out", arguments->out, "record file to append every figure's samples to");
  command->add_option("--junit", arguments->junit, "file for JUnit's XML");
  command->add_option("--summary", arguments->summary,
                      "file to append the Markdown summary to, like $GITHUB_STEP_SUMMARY");
  command->add_option("--json", arguments->json, "file for everything as JSON");
  command->callback([arguments, &action] { action = [arguments] { return run_gate_command(*arguments); }; });
}

}  // namespace dictbench
