#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engines/registry.h"
#include "harness/commands/commands.h"
#include "harness/torture/fault.h"
#include "results/tables/tables.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

std::string allowed(const OptionRule& rule) {
  switch (rule.kind) {
    case OptionKind::choice: return fmt::format("{}", fmt::join(rule.choices, "|"));
    case OptionKind::count: return "N";
    case OptionKind::bytes: return "SIZE";
    case OptionKind::text: return "TEXT";
  }
  return "";
}

void list_engines() {
  for (const EngineDescription& engine : engine_descriptions()) {
    fmt::print("{:<12} {}\n", engine.name, engine.summary);
    const Spec spec = parse_engine_spec(engine.name);
    const auto missing = engine.missing == nullptr ? std::nullopt : engine.missing(spec);
    if (missing) {
      fmt::print("{:<12}   unavailable: {}\n", "", *missing);
      continue;
    }
    if (engine.version != nullptr) fmt::print("{:<12}   {}\n", "", engine.version());
    for (const OptionRule& rule : engine.options)
      fmt::print("{:<12}   {}={}  {}{}\n", "", rule.name, allowed(rule), rule.meaning,
                 rule.default_value.empty() ? "" : fmt::format(" (default {})", rule.default_value));
  }
}

void list_workload_files() {
  for (const std::string& name : list_workloads()) {
    const Workload workload = load_workload(name);
    fmt::print("{:<16} {} [processes {}, {} repetitions]\n", name, workload.summary, fmt::join(workload.processes, ","),
               workload.repetitions);
  }
}

void list_tables() {
  for (const TableDescription& table : table_descriptions()) fmt::print("{:<16} {}\n", table.name, table.summary);
}

void list_faults() {
  for (const torture::Fault& fault : torture::faults()) fmt::print("{:<14} {}\n", fault.name, fault.summary);
}

int execute(const std::string& what) {
  const bool all = what.empty();
  const auto heading = [&](const char* text) {
    if (all) fmt::print("{}\n", text);
  };
  if (all || what == "engines") {
    heading("engines (--engine NAME?option=value&...):");
    list_engines();
  }
  if (all || what == "workloads") {
    heading("\nworkloads (--workload):");
    list_workload_files();
  }
  if (all || what == "tables") {
    heading("\ntables (dictbench table):");
    list_tables();
  }
  if (all || what == "faults") {
    heading("\nfaults (dictbench torture --faults):");
    list_faults();
  }
  return kDone;
}

}  // namespace

void add_list_command(CLI::App& app, Action& action) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("list", "what there is to run and to show");
  command->add_option("what", *what, "engines, workloads, tables or faults (default: all)")
      ->check(CLI::IsMember({"engines", "workloads", "tables", "faults"}));
  command->callback([what, &action] { action = [what] { return execute(*what); }; });
}

}  // namespace dictbench
