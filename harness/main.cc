// dictbench: benchmark and comparison of dictionaries that several processes share.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/shm/leftovers.h"
#include "harness/commands/commands.h"
#include "harness/installation.h"

namespace {

// Bad input is one line on standard error and exit code 2; anything else that was thrown is 3.
int run_action(const dictbench::Action& action) {
  try {
    return action();
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "dictbench: {}\n", error.what());
    return dictbench::kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dictbench: {}\n", error.what());
    return dictbench::kNoValidResult;
  }
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) names.push_back(command->get_name());  // `worker` is hidden
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  dictbench::use_installed_data();
  CLI::App app{"dictbench: which shared dictionary should my processes use on this machine?"};
  app.require_subcommand(1);
  app.set_version_flag("--version", DICTBENCH_VERSION);
  dictbench::Action action;
  dictbench::add_list_command(app, action);
  dictbench::add_run_command(app, action);
  dictbench::add_torture_command(app, action);
  dictbench::add_table_command(app, action);
  dictbench::add_report_command(app, action);
  dictbench::add_render_command(app, action);
  dictbench::add_export_command(app, action);
  dictbench::add_check_command(app, action);
  dictbench::add_cases_command(app, action);
  dictbench::add_choose_command(app, action);
  dictbench::add_completion_commands(app, action);
  dictbench::add_gate_command(app, action);
  dictbench::add_gate_trials_command(app, action);
  dictbench::add_compare_command(app, action);
  dictbench::add_hosts_command(app, action);
  dictbench::add_worker_command(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-')  // CLI11 calls an unknown command none at all
      fmt::print(stderr, "dictbench: '{}' is no command; there are {}\n", argv[1], fmt::join(command_names(app), ", "));
    else
      fmt::print(stderr, "dictbench: {}; see dictbench --help\n", error.what());
    return dictbench::kUsage;
  }
  // What a killed run left behind goes before anything new is made. Workers leave that to their driver.
  if (!app.got_subcommand("worker"))
    for (const std::string& removed : dictbench::remove_leftovers())
      fmt::print(stderr, "removed what a killed run left: {}\n", removed);
  return run_action(action);
}
