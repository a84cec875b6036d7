// dictbench: benchmark and comparison of dictionaries that several processes share.
#include <fmt/format.h>

#include <exception>
#include <stdexcept>

#include "engines/shm/leftovers.h"
#include "harness/commands/commands.h"

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

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"dictbench: which shared dictionary should my processes use on this machine?"};
  app.require_subcommand(1);
  app.set_version_flag("--version", DICTBENCH_VERSION);
  dictbench::Action action;
  dictbench::add_list_command(app, action);
  dictbench::add_run_command(app, action);
  dictbench::add_torture_command(app, action);
  dictbench::add_table_command(app, action);
  dictbench::add_render_command(app, action);
  dictbench::add_export_command(app, action);
  dictbench::add_check_command(app, action);
  dictbench::add_cases_command(app, action);
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
      fmt::print(stderr,
                 "dictbench: '{}' is no command; there are list, run, check, torture, cases, table, compare, hosts, "
                 "gate, gate-trials, render, export\n",
                 argv[1]);
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
