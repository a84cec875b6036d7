// The subcommands of `dictbench`, one function each: it declares the command's options on `app` and, when
// the command is called, stores what it is to do in `action`, which main runs and which returns the exit
// code (0 done, 1 a check failed, 2 usage, 3 no valid result).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace dictbench {

using Action = std::function<int()>;

void add_list_command(CLI::App& app, Action& action);
void add_run_command(CLI::App& app, Action& action);
void add_torture_command(CLI::App& app, Action& action);
void add_worker_command(CLI::App& app, Action& action);  // hidden: `--start spawn` executes it
void add_table_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_render_command(CLI::App& app, Action& action);
void add_export_command(CLI::App& app, Action& action);
void add_check_command(CLI::App& app, Action& action);
void add_cases_command(CLI::App& app, Action& action);
void add_choose_command(CLI::App& app, Action& action);
void add_completion_commands(CLI::App& app, Action& action);  // completion, manual
void add_gate_command(CLI::App& app, Action& action);
void add_gate_trials_command(CLI::App& app, Action& action);
void add_compare_command(CLI::App& app, Action& action);
void add_hosts_command(CLI::App& app, Action& action);

inline constexpr int kDone = 0, kCheckFailed = 1, kUsage = 2, kNoValidResult = 3;

}  // namespace dictbench
