#include <fmt/format.h>

#include "engines/registry.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/run_record.h"
#include "harness/driver/worker_group.h"
#include "harness/gate/trials.h"
#include "results/gate/verdict.h"

namespace dictbench {
namespace {

struct TrialArguments {
  TrialPlan plan;
  std::string out;
  unsigned timeout_s = 300;
};

int try_gate_out(TrialArguments arguments) {
  TrialPlan& plan = arguments.plan;
  parse_engine_spec(plan.engine);
  footprint(load_workload(plan.workload, plan.scale), plan.processes);
  plan.limit = std::chrono::seconds(arguments.timeout_s);
  const std::filesystem::path out = arguments.out.empty() ? new_record_file() : std::filesystem::path(arguments.out);
  install_interrupt_handlers();
  const RunRecord run = describe_run({plan.engine},
                                     {{"command", "gate-trials"},
                                      {"simulated", std::to_string(plan.simulated)},
                                      {"real", std::to_string(plan.real)},
                                      {"engine", plan.engine},
                                      {"scale", fmt::format("{}", plan.scale)}},
                                     plan.seed, plan.processes);
  RecordWriter writer(out);
  writer.write(run);
  run_trials(plan, [&](std::vector<GateRecord> figures) {
    for (GateRecord& figure : figures) {
      figure.run_id = run.run_id;
      writer.write(figure);
    }
    const GateRecord& first = figures.front();
    if (first.engine != "simulated")
      fmt::print(stderr, "gate {}: {}: {}\n", first.gate, first.trial, to_text({worst(figures), ""}));
  });
  RecordFile records = read_records(out);
  std::erase_if(records.gates, [&](const GateRecord& figure) { return figure.run_id != run.run_id; });
  const std::vector<Table> tables = build_table("gate-trials", records, table_context());
  fmt::print("{}", render_markdown(tables));
  fmt::print(stderr, "records: {}\n", out.string());
  const bool kept =
      std::ranges::all_of(tables[0].rows, [](const auto& row) { return !row.back().text.starts_with("no:"); });
  return kept ? kDone : kCheckFailed;
}

}  // namespace

void add_gate_trials_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<TrialArguments>();
  TrialPlan& plan = arguments->plan;
  CLI::App* command = app.add_subcommand(
      "gate-trials",
      "does `dictbench gate` keep its promises? Gates over known differences, simulated and on this machine");
  command->add_option("--simulated", plan.simulated, "simulated gates over unchanged programs (300)")
      ->check(CLI::Range(0U, 100'000U));
  command->add_option("--real", plan.real, "the same, measured here (20)")->check(CLI::Range(0U, 10'000U));
  command->add_option("--engine", plan.engine, "engine that the measured ones run (lockfree)");
  command->add_option("--workload", plan.workload, "name of a workload or a .toml file (gate/get-and-update.toml)");
  command->add_option("--processes", plan.processes, "number of worker processes (2)")
      ->check(CLI::Range(1U, kMaxWorkers));
  command->add_option("--scale", plan.scale, "multiplies keys and operations")->check(CLI::Range(1e-6, 1e6));
  command->add_option("--seed", plan.seed, "of noise and order");
  command->add_option("--timeout", arguments->timeout_s, "seconds that one run may take")
      ->check(CLI::Range(1U, 86'400U));
  command->add_option("--out", arguments->out, "record file to append to (default: a new one in dictbench-records/)");
  command->callback([arguments, &action] {
    action = [arguments] {
      if (arguments->plan.workload.empty())
        arguments->plan.workload = (workload_folder() / "gate" / "get-and-update.toml").string();
      return try_gate_out(*arguments);
    };
  });
}

}  // namespace dictbench
